import Foundation
import Groundwork
import MIDI
import Music
import Performing
import Synchronization
import TestSupport
import Testing

/// Frames that are heard from a moment on, as by a device whose clock is the system's. Nobody knows when before it begins, so that what is
/// prepared before may take as long as it likes.
private final class Hearing: Sendable {
  private let parts = Mutex<[(frame: Int, moment: PerformanceTime)]>([])
  let sampleRate = 48_000

  /// When the first frame is heard.
  var start: PerformanceTime { parts.withLock { $0.first?.moment } ?? PerformanceTime(nanoseconds: 0) }

  /// From a frame on, it is heard so many seconds from now.
  func begin(atFrame frame: Int = 0, inSeconds seconds: Double) {
    parts.withLock { $0.append((frame, .now.advanced(bySeconds: seconds))) }
  }

  /// When a frame is heard; nil where that has not begun.
  /// - Parameter limit: The frame from which on another part is yet to begin.
  func moment(_ frame: Int, before limit: Int = .max) -> PerformanceTime? {
    parts.withLock { parts in
      guard let part = parts.last(where: { $0.frame <= frame }) else { return nil }
      if frame >= limit, part.frame < limit { return nil }
      return part.moment.advanced(bySeconds: Double(frame - part.frame) / Double(sampleRate))
    }
  }
}

@Suite("Others who take part in what is played", .serialized)
struct CompanionTests {
  /// Two bars of quarter notes, the second at another tempo.
  private let score: Score = {
    var score = Score(ticksPerQuarter: 480)
    score.tempos = [
      TempoChange(tick: 0, microsecondsPerQuarter: 100_000),
      TempoChange(tick: 4 * 480, microsecondsPerQuarter: 60_000),
    ]
    score.timeSignatures = [TimeSignatureChange(tick: 0, timeSignature: .common)]
    var track = Track(name: "one", program: 40, channel: 2)
    track.notes = (0..<8).map {
      Note(onset: 480 * $0, duration: 480, pitch: 60 + $0, velocity: 80)
    }
    score.tracks = [track]
    score.length = 8 * 480
    return score
  }()

  private func onsets(_ output: KeepingOutput) -> [(key: Int, time: PerformanceTime)] {
    output.sent.compactMap { sent in
      guard case .midi(.noteOn(2, let key, let velocity)) = sent.message, velocity > 0 else { return nil }
      return (key, sent.time)
    }
  }

  /// Plays from a second to another in blocks, and returns the frames.
  private func render(
    _ companion: ScoreCompanion, from start: Double, to end: Double, factor: Double = 1, rate: Int
  ) -> Int {
    let seconds = 256 / Double(rate) * factor
    var (place, frames) = (start, 0)
    while place < end {
      companion.didRender(256, from: place, to: place + seconds, tempoFactor: factor)
      place += seconds
      frames += 256
    }
    return frames
  }

  @Test("The notes of a score are sent when they are heard, and clocks and bar lines with them")
  func notesAreSentWhenTheyAreHeard() throws {
    let (hearing, output) = (Hearing(), KeepingOutput())
    let announcer = try SongAnnouncer(clocks: [output])
    let performer = try MIDIPerformer(output, sampleRate: hearing.sampleRate) { hearing.moment($0) }
    let conductor = try PerformanceConductor(announcer, sampleRate: hearing.sampleRate) { hearing.moment($0) }
    let companion = try ScoreCompanion(
      score: score, company: .init(performers: [performer], conductor: conductor))
    _ = render(companion, from: 0, to: 0.7, rate: hearing.sampleRate)
    hearing.begin(inSeconds: 1)
    try performer.finish(waits: 20)
    let end = PerformanceTime.now.advanced(bySeconds: 20)
    while output.sent.count(where: { $0.message == .clock && $0.time > hearing.start }) <= 24 * 8,
      PerformanceTime.now < end
    {
      usleep(1000)
    }
    conductor.finish()
    announcer.close()
    let expected: [Double] = [0, 0.1, 0.2, 0.3, 0.4, 0.46, 0.52, 0.58]
    let heard = onsets(output)
    #expect(heard.map(\.key) == Array(60...67))
    for (note, seconds) in zip(heard, expected) {
      #expect(abs(note.time.seconds(since: hearing.start) - seconds) < 1e-4)
    }
    #expect(
      output.sent.contains { $0.message == .midi(.programChange(channel: 2, program: 40)) })
    // A clock is at each quarter note, across the change of tempo.
    let start = try #require(output.sent.firstIndex { $0.message == .start })
    let clocks = output.sent[start...].filter { $0.message == .clock }
    for quarter in 0..<8 where 24 * quarter < clocks.count {
      #expect(abs(clocks[24 * quarter].time.seconds(since: hearing.start) - expected[quarter]) < 0.002)
    }
    #expect(clocks.count > 24 * 7)
  }

  @Test("From another place on, what sounds is ended, and programs and held notes are sent again")
  func anotherPlace() throws {
    let (hearing, output) = (Hearing(), KeepingOutput())
    // The other place is heard from a moment on that is known when all has been moved.
    let frames = Int((0.15 * Double(hearing.sampleRate) / 256).rounded(.up)) * 256
    let performer = try MIDIPerformer(output, sampleRate: hearing.sampleRate) {
      hearing.moment($0, before: frames)
    }
    let companion = try ScoreCompanion(score: score, company: .init(performers: [performer]))
    #expect(render(companion, from: 0, to: 0.15, rate: hearing.sampleRate) == frames)
    hearing.begin(inSeconds: 0.1)
    let end = PerformanceTime.now.advanced(bySeconds: 10)
    while onsets(output).count < 2, PerformanceTime.now < end { usleep(1000) }
    // The second half of the sixth note.
    _ = render(companion, from: 0.5, to: 0.7, factor: 0.5, rate: hearing.sampleRate)
    hearing.begin(atFrame: frames, inSeconds: 0.05)
    try performer.finish(waits: 20)
    #expect(onsets(output).map(\.key) == [60, 61, 65, 66, 67])
    let program = WireMessage.midi(.programChange(channel: 2, program: 40))
    #expect(output.sent.count { $0.message == program } == 2)
    // What sounded is ended before the next note begins.
    var held: Set<Int> = []
    for sent in output.sent {
      if case .midi(.noteOn(2, let key, _)) = sent.message {
        if key == 65 { #expect(held.isEmpty) }
        held.insert(key)
      }
      if case .midi(.noteOff(2, let key, _)) = sent.message { held.remove(key) }
    }
    #expect(held.isEmpty)
    // Half as fast.
    let times = onsets(output).suffix(2).map(\.time)
    #expect(abs(times[1].seconds(since: times[0]) - 0.12) < 1e-3)
  }

  @Test(
    "At another place, controllers that were reset are not sent again, and each parameter has its own value")
  func controllersAtAnotherPlace() throws {
    let (hearing, output) = (Hearing(), KeepingOutput())
    var score = score
    score.tracks[0].controlChanges = [
      (0, 1, 100), (0, 7, 90), (0, 101, 0), (0, 100, 0), (0, 6, 12), (10, 100, 1), (10, 6, 70), (10, 38, 5),
      (480, 121, 0), (490, 6, 3),
    ].map { ControlChange(tick: $0.0, controller: $0.1, value: $0.2) }
    let performer = try MIDIPerformer(output, sampleRate: hearing.sampleRate) { hearing.moment($0) }
    let companion = try ScoreCompanion(score: score, company: .init(performers: [performer]))
    _ = render(companion, from: 0.3, to: 0.7, rate: hearing.sampleRate)
    hearing.begin(inSeconds: 0.05)
    try performer.finish(waits: 3)
    let first = output.sent.prefix { if case .midi(.noteOn) = $0.message { false } else { true } }
    let controls = first.compactMap { sent -> [Int]? in
      if case .midi(.controlChange(2, let controller, let value)) = sent.message {
        [controller, value]
      } else {
        nil
      }
    }
    #expect(
      controls == [
        [7, 90], [101, 0], [100, 0], [6, 12], [101, 0], [100, 1], [6, 70], [38, 5], [101, 127], [100, 127],
      ], "\(controls)")
  }

  @Test("A performance that pauses stops the clock, and an upbeat comes before the song")
  func upbeatsAndPauses() throws {
    let (hearing, output) = (Hearing(), KeepingOutput())
    let announcer = try SongAnnouncer(clocks: [output])
    let conductor = try PerformanceConductor(announcer, sampleRate: hearing.sampleRate) { hearing.moment($0) }
    let tempo = [TempoChange(tick: 0, microsecondsPerQuarter: 100_000)]
    // A quarter note before the first bar line, a tenth of a second.
    conductor.willPlay(PerformedBar(ticksPerQuarter: 24, length: 24, tempos: tempo), atFrame: 0)
    for bar in 1...4 {
      conductor.willPlay(
        PerformedBar(number: bar, ticksPerQuarter: 24, length: 96, tempos: tempo),
        atFrame: 4800 + 19_200 * (bar - 1))
    }
    hearing.begin(inSeconds: 1)
    let end = try #require(hearing.moment(24_000))
    while PerformanceTime.now < end || output.commands.isEmpty { usleep(1000) }
    conductor.pause()
    let deadline = PerformanceTime.now.advanced(bySeconds: 5)
    while !output.commands.contains(.stop), PerformanceTime.now < deadline { usleep(1000) }
    conductor.finish()
    announcer.close()
    #expect(output.commands == [.start, .stop])
    let start = try #require(output.sent.first { $0.message == .start })
    #expect(abs(start.time.seconds(since: try #require(hearing.moment(4800))) + 0.001) < 1e-3)
  }

  @Test("At another place that is heard at once, nothing of the first place comes after its notes")
  func anotherPlaceIsHeardAtOnce() throws {
    let output = KeepingOutput()
    let hearing = Hearing()
    let performer = try MIDIPerformer(output, sampleRate: hearing.sampleRate) {
      hearing.moment($0, before: 100)
    }
    performer.send(.controlChange(channel: 0, controller: 64, value: 100), atFrame: 0)
    performer.send(.noteOn(channel: 0, key: 60, velocity: 80), atFrame: 1)
    hearing.begin(inSeconds: 0)
    let end = PerformanceTime.now.advanced(bySeconds: 10)
    while output.sent.count < 2, PerformanceTime.now < end { usleep(500) }
    performer.move()
    performer.send(.controlChange(channel: 0, controller: 64, value: 90), atFrame: 100)
    performer.send(.noteOn(channel: 0, key: 60, velocity: 70), atFrame: 101)
    hearing.begin(atFrame: 100, inSeconds: 0.001)
    while output.sent.count < 6, PerformanceTime.now < end { usleep(500) }
    usleep(100_000)
    #expect(
      output.sent.map(\.message) == [
        .midi(.controlChange(channel: 0, controller: 64, value: 100)),
        .midi(.noteOn(channel: 0, key: 60, velocity: 80)),
        .midi(.controlChange(channel: 0, controller: 64, value: 0)),
        .midi(.noteOff(channel: 0, key: 60, velocity: 64)),
        .midi(.controlChange(channel: 0, controller: 64, value: 90)),
        .midi(.noteOn(channel: 0, key: 60, velocity: 70)),
      ])
    // After a pause both are as they were.
    performer.pause()
    performer.resume()
    while output.sent.count < 10, PerformanceTime.now < end { usleep(500) }
    #expect(
      output.sent.suffix(2).map(\.message) == [
        .midi(.controlChange(channel: 0, controller: 64, value: 90)),
        .midi(.noteOn(channel: 0, key: 60, velocity: 70)),
      ])
    try performer.finish()
  }
}
