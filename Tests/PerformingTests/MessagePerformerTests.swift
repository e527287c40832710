import Foundation
import MIDI
import Synthesis
import TestSupport
import Testing

@testable import Performing

@Suite("Messages sound as they come")
struct MessagePerformerTests {
  private static let options = RenderOptions(sampleRate: 8000, reverb: .off, maximumVoices: 32)
  private static let start = PerformanceTime(nanoseconds: 5_000_000_000)

  private func message(_ midi: MIDIMessage, _ second: Double) -> TimedMessage {
    TimedMessage(time: Self.start.advanced(bySeconds: second), message: .midi(midi))
  }

  private func frame(_ time: PerformanceTime) -> Int {
    Int((time.seconds(since: Self.start) * 8000).rounded())
  }

  /// The left channel, until the sound has ended.
  private func render(_ performer: MessagePerformer, frames: Int = .max) -> [Float] {
    var all: [Float] = []
    var samples = [Float](repeating: 0, count: 2 * 64)
    while all.count < min(frames, 8000 * 40) {
      var room = samples.mutableSpan
      let count = performer.engine.render(into: &room)
      all += (0..<count).map { samples[2 * $0] }
      if count < 64 { break }
    }
    return all
  }

  @Test("A note sounds at its frame, and all dies away at the end")
  func aNoteSoundsAtItsFrame() {
    let performer = MessagePerformer(bank: Small.Bank(), options: Self.options)
    performer.take(
      [
        message(.noteOn(channel: 0, key: 69, velocity: 100), 0.5),
        message(.noteOff(channel: 0, key: 69, velocity: 0), 0.8),
        message(.noteOn(channel: 3, key: 45, velocity: 100), 1.25),
      ], atFrame: frame)
    var sound = render(performer, frames: 16_000)
    performer.releaseAll()
    performer.engine.finish()
    sound += render(performer)
    let delay = performer.engine.delay
    let first = sound.firstIndex { abs($0) > 1e-4 } ?? 0
    // A millisecond has 8 frames.
    #expect(abs(first - delay - 4000) <= 8, "\(first)")
    let silence = sound[..<(10_000 + delay)].lastIndex { abs($0) > 1e-3 } ?? 0
    #expect(silence < 10_000 + delay - 100)
    let second = sound[(silence + 1)...].firstIndex { abs($0) > 1e-3 } ?? 0
    #expect(abs(second - delay - 10_000) <= 16, "\(second)")
    #expect(performer.noteCount == 2 && sound.count < 8000 * 20)
    let end = sound.suffix(400).allSatisfy { abs($0) < 1e-3 }
    #expect(end)
  }

  @Test(
    "An instrument that is asked for later sounds, with the bend range and the volume that were set before")
  func anotherInstrumentKeepsWhatWasSet() {
    // The same messages, with another program before them or in between: every program of this bank is the same sound.
    let sounds = [false, true].map { isLate in
      let performer = MessagePerformer(bank: Small.Bank(), options: Self.options)
      let program = MIDIMessage.programChange(channel: 0, program: 19)
      let range: [MIDIMessage] = [
        .controlChange(channel: 0, controller: 101, value: 0),
        .controlChange(channel: 0, controller: 100, value: 0),
        .controlChange(channel: 0, controller: 6, value: 12),
        .controlChange(channel: 0, controller: 7, value: 60),
        .pitchBend(channel: 0, value: 4096),
      ]
      let order = isLate ? range + [program] : [program] + range
      for midi in order { performer.take([message(midi, 0)], atFrame: frame) }
      performer.take([message(.noteOn(channel: 0, key: 60, velocity: 100), 0.1)], atFrame: frame)
      return render(performer, frames: 4000)
    }
    #expect(sounds[0].contains { abs($0) > 0.01 })
    #expect(sounds[0] == sounds[1])
  }

  @Test("What a sender holds comes up when it has gone, and a reset silences all")
  func heldKeysComeUp() {
    for isReset in [false, true] {
      let performer = MessagePerformer(bank: Small.Bank(), options: Self.options)
      performer.take(
        [
          message(.noteOn(channel: 0, key: 60, velocity: 100), 0),
          message(.controlChange(channel: 0, controller: 64, value: 127), 0),
        ], atFrame: frame)
      #expect(render(performer, frames: 8000).suffix(800).contains { abs($0) > 0.01 })
      if isReset {
        performer.take([TimedMessage(time: Self.start, message: .reset)])
      } else {
        performer.releaseAll()
      }
      let rest = render(performer, frames: 16_000)
      #expect(rest.suffix(800).allSatisfy { abs($0) < 1e-3 })
    }
  }

  @Test("Banks are told before the program that they are for, and parameters with what was entered")
  func memoryIsInOrder() {
    var memory = ChannelMemory()
    let told: [ChannelMessage] = [
      .control(32, value: 3), .control(0, value: 8), .program(40), .control(101, value: 0),
      .control(100, value: 1),
      .control(38, value: 5), .control(6, value: 70), .control(7, value: 90), .control(121, value: 0),
    ]
    for message in told { memory.follow(message) }
    #expect(
      memory.messages == [
        .control(0, value: 8), .control(32, value: 3), .program(40), .control(7, value: 90),
        .control(101, value: 0),
        .control(100, value: 1), .control(6, value: 70), .control(38, value: 5), .control(101, value: 0),
        .control(100, value: 1),
      ])
  }

  @Test("What was read before, to find out what a stream is, comes with what follows")
  func bytesThatWereReadBeforeAreNotLost() throws {
    var ends: [Int32] = [-1, -1]
    try #require(pipe(&ends) == 0)
    let source = DescriptorSource(descriptor: ends[0], name: "pipe", isOwned: true, first: [0x90])
    let input = try ByteStreamInput(name: "pipe", source: source, encoding: .midi1)
    #expect(write(ends[1], [60, 80, 62, 0] as [UInt8], 4) == 4)
    close(ends[1])
    var messages: [WireMessage] = []
    while case .message(let timed) = try input.next(timeoutSeconds: 5) { messages.append(timed.message) }
    #expect(
      messages == [
        .midi(.noteOn(channel: 0, key: 60, velocity: 80)), .midi(.noteOn(channel: 0, key: 62, velocity: 0)),
      ])
  }
}
