import Audio
import Foundation
import Groundwork
import MIDI
import Music
import Synchronization
import Synthesis
import Testing

@testable import Performing

/// Notes what an engine tells.
final class Witness: PerformanceListener {
  struct Notes {
    var bars: [(number: Int, frame: Int)] = []
    var messages: [(message: ChannelMessage, frame: Int)] = []
    var frames = 0
  }

  let notes = Mutex(Notes())

  func willPlay(_ bar: PerformedBar, atFrame frame: Int) {
    notes.withLock { $0.bars.append((bar.number, frame)) }
  }
  func willPlay(_ message: ChannelMessage, channel: Int, atFrame frame: Int) {
    notes.withLock { $0.messages.append((message, frame)) }
  }
  func didRender(_ samples: Span<Float>) {
    let count = samples.count / 2
    notes.withLock { $0.frames += count }
  }
}

@Suite("Bars become sound")
struct PerformanceEngineTests {
  private static let settings = EngineSettings(
    render: RenderOptions(sampleRate: 8000, reverb: .off, maximumVoices: 32), initialGain: 0, barsAhead: 16,
    waitsForBars: true)

  /// All that an engine gives, in blocks of a size.
  private func render(_ engine: PerformanceEngine, block: Int, limit: Int = 8000 * 40) -> [Float] {
    var all: [Float] = []
    var samples = [Float](repeating: 0, count: 2 * block)
    while all.count < 2 * limit {
      var room = samples.mutableSpan
      let frames = engine.render(into: &room)
      all += samples[..<(2 * frames)]
      if frames < block { break }
    }
    return all
  }

  @Test("The samples do not depend on the size of the blocks")
  func theSamplesDoNotDependOnTheBlocks() {
    let all = [64, 100, 1024, 4096].map { block in
      let engine = PerformanceEngine(bank: Small.Bank(), settings: Self.settings)
      // The third bar asks for another instrument, which is prepared beside the first.
      for number in 0..<4 { engine.add(Small.bar(number, program: number < 2 ? 0 : 73)) }
      engine.finish()
      let samples = render(engine, block: block)
      #expect(engine.statistics.preparationCount == 1 && engine.statistics.starvedCount == 0)
      return samples
    }
    #expect(all[0].count > 2 * 8000 * 4 && all[0].count < 2 * 8000 * 16)
    let isHeard = all[0].contains { abs($0) > 0.05 }
    #expect(isHeard)
    for other in all.dropFirst() {
      let isSame = other == all[0]
      #expect(isSame)
    }
  }

  @Test("When composing fails, the bars before are played to their end, and the error comes out")
  func aFailureEndsThePerformance() {
    struct Failure: Error {}
    let engine = PerformanceEngine(bank: Small.Bank(), settings: Self.settings)
    var count = 0
    #expect(throws: Failure.self) {
      try engine.addBars {
        count += 1
        if count > 2 { throw Failure() }
        return Small.bar(count)
      } meanwhile: {
        false
      }
    }
    let samples = render(engine, block: 512)
    #expect(engine.statistics.barCount == 2 && engine.statistics.starvedCount == 0)
    #expect(samples.count > 2 * 8000 * 2 && samples.count < 2 * 8000 * 20)
  }

  @Test("A pause holds MIDI messages back and ends the notes that sound, and the rest follows after it")
  func aPauseHoldsMIDIMessagesBack() throws {
    final class Wire: MessageOutput {
      let name = "wire"
      let leadSeconds = 0.0
      var statistics: OutputStatistics { OutputStatistics() }
      let sent = Mutex<[WireMessage]>([])
      func send(_ message: WireMessage, at time: PerformanceTime) throws(PortError) {
        sent.withLock { $0.append(message) }
      }
      func close() {}
    }
    let wire = Wire()
    let start = Mutex(PerformanceTime.now)
    let performer = try MIDIPerformer(wire, sampleRate: 8000) { frame in
      start.withLock { $0.advanced(bySeconds: Double(frame) / 8000) }
    }
    let keys = { (isOn: Bool) in
      wire.sent.withLock { sent in
        sent.compactMap { message -> Int? in
          switch message {
          case .midi(.noteOn(_, let key, _)): isOn ? key : nil
          case .midi(.noteOff(_, let key, _)): isOn ? nil : key
          default: nil
          }
        }
      }
    }
    // A note now, and one a second later.
    var bar = Small.bar(0, pitches: [60, 64])
    bar.notes[0].note.duration = 1900
    bar.notes[1].note.onset = 1910
    performer.willPlay(bar, atFrame: 0)
    while keys(true).isEmpty { usleep(1000) }
    performer.pause()
    usleep(1_300_000)
    #expect(keys(true) == [60] && keys(false) == [60])
    start.withLock { $0 = PerformanceTime.now.advanced(bySeconds: -0.9) }
    performer.resume()
    try performer.finish(waits: 5)
    // The key that was down is struck again, and released at its time.
    #expect(keys(true) == [60, 60, 64] && keys(false) == [60, 60, 64])
  }

  @Test("Bars begin where the one before ends, and listeners are told")
  func barsBeginWhereTheOneBeforeEnds() {
    let engine = PerformanceEngine(bank: Small.Bank(), settings: Self.settings)
    let witness = Witness()
    engine.add(witness)
    for number in 0..<4 { engine.add(Small.bar(number)) }
    engine.finish()
    let samples = render(engine, block: 512)
    let notes = witness.notes.withLock { $0 }
    #expect(notes.bars.map(\.number) == [0, 1, 2, 3])
    #expect(notes.bars.map(\.frame) == (0..<4).map { $0 * 8000 + engine.delay })
    #expect(notes.frames == samples.count / 2)
    #expect(engine.renderedFrames == samples.count / 2)
    let place = engine.place(atFrame: 8000 + 8000 * 5 / 8 + engine.delay)
    #expect(place?.bar.number == 1 && place?.beat == 2)
    #expect(place.map { abs($0.tick - 1200) <= 1 } == true)
  }

  @Test("Where no bar is there in time, the sound goes on, and one more bar is composed ahead")
  func aLateBarIsCounted() {
    var settings = Self.settings
    settings.waitsForBars = false
    settings.barsAhead = 1
    let engine = PerformanceEngine(bank: Small.Bank(), settings: settings)
    let witness = Witness()
    engine.add(witness)
    var block = [Float](repeating: 0, count: 2 * 8000)
    func second() {
      var room = block.mutableSpan
      #expect(engine.render(into: &room) == 8000)
    }
    #expect(engine.hasRoom)
    second()
    // Before the first bar nothing is missing.
    #expect(engine.statistics.starvedCount == 0)
    engine.add(Small.bar(0))
    #expect(!engine.hasRoom)
    second()
    second()
    engine.add(Small.bar(1))
    second()
    let statistics = engine.statistics
    #expect(statistics.starvedCount == 1 && statistics.barsAhead == 2 && statistics.barCount == 2)
    #expect(abs(statistics.starvedSeconds - 1) < 0.02)
    let frames = witness.notes.withLock { $0.bars.map(\.frame) }
    #expect(frames[1] >= 3 * 8000)
  }

  @Test("Who adds waits until a bar has begun to sound")
  func whoAddsWaits() throws {
    let engine = PerformanceEngine(
      bank: Small.Bank(),
      settings: EngineSettings(
        render: RenderOptions(sampleRate: 8000, reverb: .off, maximumVoices: 32), initialGain: 0,
        waitsForBars: true))
    let composer = try EndlessComposer(model: try Small.model(), settings: Small.settings(bars: 2), seed: 1)
    let worker = try #require(
      SystemThread {
        while engine.waitForRoom() { if let bar = try? composer.nextBar() { engine.add(bar) } }
      })
    _ = render(engine, block: 256, limit: 8000 * 6)
    // One bar waits while one sounds, and one may be on its way.
    #expect(composer.statistics.barCount - engine.statistics.barCount <= 2)
    engine.stop(fade: 0.05)
    let rest = render(engine, block: 256)
    #expect(rest.count <= 2 * 600)
    worker.join()
  }

  @Test("Messages are performed at once or at their frame, and sounds can be prepared for them")
  func messagesArePerformed() {
    var settings = Self.settings
    settings.waitsForBars = false
    let engine = PerformanceEngine(bank: Small.Bank(), settings: settings)
    let witness = Witness()
    engine.add(witness)
    engine.prepare([PresetAddress(program: 73)])
    #expect(engine.send(.program(73), channel: 3))
    #expect(engine.send(.noteOn(key: 72, velocity: 100), channel: 3, atFrame: 4410))
    #expect(engine.send(.noteOff(key: 72), channel: 3, atFrame: 8820))
    var block = [Float](repeating: 0, count: 2 * 6000)
    var room = block.mutableSpan
    #expect(engine.render(into: &room) == 6000)
    let first = block.firstIndex { abs($0) > 1e-4 }.map { $0 / 2 }
    #expect(first.map { (4410..<4900).contains($0) } == true)
    #expect(witness.notes.withLock { $0.messages.count } == 3)
    for _ in 0..<(PerformanceEngine.messageLimit) { engine.send(.pressure(1), channel: 0) }
    #expect(!engine.send(.pressure(1), channel: 0))
    #expect(engine.statistics.lostCount == 1 && engine.messageRoom == 0)
    #expect(engine.send(.noteOff(key: 72), channel: 0) && engine.statistics.lostCount == 1)
  }

  @Test("The gain follows the loudness of what was heard, to what is asked for")
  func theGainFollowsTheLoudness() {
    var settings = Self.settings
    settings.initialGain = -15
    settings.level = .loudness(-24)
    settings.barsAhead = 64
    let engine = PerformanceEngine(bank: Small.Bank(), settings: settings)
    for number in 0..<40 { engine.add(Small.bar(number, pitches: [48, 60, 64, 67], program: 48)) }
    engine.finish()
    let samples = render(engine, block: 1024, limit: 8000 * 90)
    let last = Array(samples[(2 * 8000 * 30)..<(2 * 8000 * 40)])
    let loudness = LoudnessMeter.integratedLoudness(
      of: AudioBuffer(sampleRate: 8000, channelCount: 2, samples: last))
    #expect(loudness.map { abs($0 + 24) < 1.5 } == true, "\(loudness ?? 0)")
    let isWithin = samples.allSatisfy { abs($0) <= 1 }
    #expect(isWithin)
  }
}
