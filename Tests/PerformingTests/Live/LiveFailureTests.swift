import Foundation
import Groundwork
import MIDI
import Music
import Notation
import Synthesis
import TestSupport
import Testing

@testable import Performing

@Suite("A live performance in which something goes wrong", .serialized)
struct LiveFailureTests {
  private func performer(
    _ mode: LiveMode = .accompany, _ tempo: LiveTempo = .given(240)
  ) throws -> LivePerformer {
    try LivePerformer(model: untrainedModel(), settings: LiveSettings(mode: mode, tempo: tempo))
  }

  private func note(_ key: Int, _ velocity: Int = 80) -> InputEvent {
    .message(TimedMessage(time: .now, message: .midi(.noteOn(channel: 0, key: key, velocity: velocity))))
  }

  @Test(
    "A pedal, a program or the end of a note before the first note does not keep an accompaniment from beginning"
  )
  func anAccompanimentBeginsAfterAPedal() throws {
    for message in [ChannelMessage.control(64, value: 0), .program(3), .noteOff(key: 60)] {
      let tune = played(tuneInG, period: 0.5, start: 1)
      let sent = perform(
        [PlayedEvent(seconds: 0.5, message: message)] + tune, with: try performer(.accompany, .given(120)),
        until: 6)
      #expect(sent.onsets.first.map { abs($0.seconds - 1) < 0.011 } == true)
    }
  }

  @Test("A grid that begins anew while notes sound leaves none of them hanging")
  func noNoteHangsAfterARest() throws {
    for gap in stride(from: 3.5, through: 9, by: 0.25) {
      let events = played([(0, 0.5, 60), (0.5 + gap, 0.5, 62)], period: 0.5)
      let performer = try performer(.accompany, .given(120))
      var sent = perform(events, with: performer, until: 12)
      sent += performer.silence(at: moment(12))
      #expect(sent.unfinished.isEmpty)
    }
  }

  @Test("A song that is restarted, moved or stopped takes the accompaniment with it, and nothing hangs")
  func aSongThatMovesIsFollowed() throws {
    let performer = try performer(.accompany, .clock)
    performer.follow(BeatMap(at: moment(0), beat: 200, period: 0.5))
    var sent = perform(played([(0, 40, 60)], period: 0.5, start: 0.1), with: performer, until: 3)
    let before = sent.onsets.count
    #expect(before > 4)
    // Back to the beginning while the key is held.
    performer.follow(BeatMap(at: moment(3.2), beat: 0, period: 0.5))
    sent += performer.perform(until: moment(3.2))
    #expect(sent.unfinished.isEmpty || sent.onsets.last.map { $0.seconds >= 3.18 } == true)
    sent += performer.perform(until: moment(5))
    #expect(sent.onsets.count > before + 4)
    // Far on: what lies between is not played at once.
    performer.follow(BeatMap(at: moment(5.2), beat: 400, period: 0.5))
    let jumped = performer.perform(until: moment(5.25))
    #expect(jumped.onsets.count <= 8)
    sent += jumped
    sent += performer.halt(at: moment(6))
    #expect(sent.unfinished.isEmpty && performer.nextMoment == nil)
    #expect(performer.perform(until: moment(9)).isEmpty)
  }

  @Test(
    "An output that fails ends the performance with its error; the others are silenced, and the recording is kept"
  )
  func aFailingOutputHarmsNothingElse() throws {
    let folder = try TemporaryFolder()
    let queue = MessageQueue(name: "test"), good = MessageLog()
    let stage = LiveStage(
      performer: try performer(), inputs: [queue], outputs: [FailingOutput(after: 3), good],
      recorder: try LiveRecorder(path: folder.file("both.mid")))
    _ = queue.add(note(60))
    #expect(throws: PortError.failed(name: "failing", reason: "test")) { try stage.run() }
    var held = HeldKeys()
    for message in good.messages { held.follow(message) }
    #expect(held.isEmpty && good.messages.count > 3)
    let file = try MIDIFile(bytes: readFile(folder.file("both.mid")))
    #expect(file.tracks.count == 2 && file.damage.isEmpty)
  }

  @Test("An output that takes nothing keeps nobody from playing")
  func aStalledOutputKeepsNobody() throws {
    let queue = MessageQueue(name: "test"), good = MessageLog()
    let stage = LiveStage(
      performer: try performer(), inputs: [queue], outputs: [FailingOutput(after: .max, delay: 0.1), good])
    _ = queue.add(note(60))
    var ticks = 0
    let result = try stage.run { _ in
      ticks += 1
      if ticks == 12 { stage.request(.stop) }
    }
    #expect(result.report.playedNotes > 0 && result.seconds < 10)
    #expect(result.timeliness.percentileSeconds(0.5) < 0.05)
  }

  @Test("An input without an end is not waited for")
  func anEndlessInputIsNotWaitedFor() throws {
    let queue = MessageQueue(name: "test"), endless = MessageQueue(name: "endless")
    let stage = LiveStage(
      performer: try performer(), inputs: [queue], endlessInputs: [endless], endsWithInput: true)
    _ = queue.add(note(60))
    queue.end()
    let cancellation = Cancellation()
    let start = PerformanceTime.now
    let result = try stage.run(cancellation: cancellation) { _ in
      if PerformanceTime.now.seconds(since: start) > 20 { cancellation.request() }
    }
    #expect(!result.isCancelled && result.report.heardNotes == 1)
  }

  @Test("Keys whose release was dropped, because too much waited, come up")
  func droppedReleasesAreMadeUpFor() {
    var inbox = LiveInbox(inputCount: 1, endingCount: 1)
    func add(_ key: Int, _ velocity: Int) {
      inbox.add(
        TimedMessage(
          time: moment(1), message: .midi(.noteOn(channel: 0, key: key, velocity: velocity))), from: 0)
    }
    add(60, 80)
    for _ in 0..<LiveInbox.limit { add(61, 0) }
    add(60, 0)
    var held = HeldKeys()
    let taken = inbox.takeMessages()
    for message in taken { held.follow(message.message) }
    #expect(held.isEmpty && inbox.overflowCount == 2 && taken.count == LiveInbox.limit + 1)
    #expect(!inbox.hasEnded && inbox.takeMessages().isEmpty)
    inbox.end(0)
    #expect(inbox.hasEnded)
  }

  @Test("A recording has all but the last second while it goes on, and every note at the end")
  func recordingsAreCompleteToTheLastSecond() throws {
    // As much is written each second as a megabyte, however long the recording is.
    #expect(LiveRecorder.isDue(bytes: 1 << 20, turns: 1) && !LiveRecorder.isDue(bytes: 3 << 20, turns: 2))
    let folder = try TemporaryFolder()
    let path = folder.file("a.mid")
    let recorder = try LiveRecorder(path: path)
    #expect(!recorder.hasFile && !FileManager.default.fileExists(atPath: path))
    for index in 0..<2000 {
      recorder.heard(
        .noteOn(channel: 0, key: 60, velocity: index % 2 * 80), at: moment(Double(index) / 100))
    }
    let deadline = Date() + 20
    var count = 0
    while count < 1999, Date() < deadline {
      Thread.sleep(forTimeInterval: 0.05)
      if recorder.hasFile { count = try MIDIFile(bytes: readFile(path)).tracks[0].events.count }
    }
    #expect(count >= 1999)
    recorder.heard(.noteOn(channel: 0, key: 72, velocity: 80), at: moment(30))
    try recorder.finish()
    let score = try Score(midi: MIDIFile(bytes: readFile(path)))
    #expect(score.noteCount == 1001)
  }

  @Test("Where a recording cannot be written is found before any music, and what is there stays")
  func unwritableRecordingsAreFoundAtOnce() throws {
    let folder = try TemporaryFolder()
    for path in [folder.file("nowhere/a.mid"), "/dev/full"] {
      #expect(throws: PerformanceError.self) { try LiveRecorder(path: path) }
    }
    try replaceFile(at: folder.file("old.mid"), with: "old")
    let recorder = try LiveRecorder(path: folder.file("old.mid"))
    try recorder.finish()
    let old = try readFile(folder.file("old.mid"))
    #expect(!recorder.hasFile && old == Array("old".utf8))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["old.mid"])
  }

  @Test("A recording has the tempo that the player keeps to") func recordingHasTheTempo() throws {
    for tempo in [60.0, 97, 120, 240] {
      var transcript = LiveTranscript(quartersPerMinute: tempo)
      for beat in 0..<8 {
        let time = 60 / tempo * Double(beat) + 1
        transcript.add(.noteOn(channel: 0, key: 60, velocity: 80), isPlayer: true, at: moment(time))
        transcript.add(
          .noteOff(channel: 0, key: 60, velocity: 64), isPlayer: true, at: moment(time + 30 / tempo))
      }
      let score = try Score(midi: MIDIFile(bytes: transcript.file.encoded()))
      #expect(abs((score.tempos.first?.quartersPerMinute ?? 0) - tempo) < 1e-3)
      let onsets = score.tracks[0].notes.map { Double($0.onset) / Double(score.ticksPerQuarter) }
      #expect(zip(onsets, 0..<8).allSatisfy { abs($0 - Double($1)) < 0.01 } && onsets.count == 8, "\(onsets)")
    }
  }

  @Test("Whatever bytes come in, no note of the recording hangs at any moment")
  func noNoteHangs() throws {
    var generator = RepeatableGenerator(seed: 12)
    var parser = MIDIStreamParser()
    var transcript = LiveTranscript()
    var count = 0
    for round in 0..<4000 {
      let byte = UInt8.random(in: 0...255, using: &generator)
      guard case .midi(let midi) = parser.consume(byte), midi.forChannel != nil else { continue }
      // Not all in the order of their time.
      let time = Double(round) / 200 + Double.random(in: -0.05...0, using: &generator)
      transcript.add(midi, isPlayer: round % 3 > 0, at: moment(max(0, time) + 1))
      count += 1
      guard count % 50 == 0 else { continue }
      let file = try MIDIFile(bytes: transcript.file.encoded())
      #expect(file.damage.isEmpty)
      for track in file.tracks {
        var down: Set<Int> = []
        for event in track.events {
          switch track.message(of: event) {
          case .noteOn(let channel, let key, let velocity) where velocity > 0:
            #expect(down.insert(channel << 7 | key).inserted)
          case .noteOn(let channel, let key, _), .noteOff(let channel, let key, _):
            #expect(down.remove(channel << 7 | key) != nil)
          default: break
          }
        }
        #expect(down.isEmpty)
      }
    }
    #expect(count > 200)
  }
}

/// Fails after so many messages, and takes its time for each.
private final class FailingOutput: MessageOutput {
  let name = "failing"
  let leadSeconds = 0.0
  let statistics = OutputStatistics()
  private let limit: Int
  private let delay: Double
  private let count = Guarded(0)

  init(after limit: Int, delay: Double = 0) { (self.limit, self.delay) = (limit, delay) }

  func send(_ message: WireMessage, at time: PerformanceTime) throws(PortError) {
    if delay > 0 { Thread.sleep(forTimeInterval: delay) }
    let isOver = count.withLock { count in
      count += 1
      return count > limit
    }
    if isOver { throw .failed(name: name, reason: "test") }
  }

  func close() {}
}
