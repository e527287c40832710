import Groundwork
import MIDI
import Music
import Notation
import TestSupport
import Testing

extension RepeatableGenerator {
  fileprivate mutating func ticks(_ count: ClosedRange<Int>) -> [Int] {
    (0..<number(count)).map { _ in number(0...4_000) }.sorted()
  }
}

/// Scores of everything that MIDI can hold.
private func arbitraryScore(_ generator: inout RepeatableGenerator) -> Score {
  var score = Score(ticksPerQuarter: generator.number(1...1_000))
  var channels = Array(0..<16).shuffled(using: &generator)
  score.tracks = (0..<generator.number(0...16)).map { _ in arbitraryTrack(channels.removeLast(), &generator) }
  score.tempos = Set(generator.ticks(0...5)).sorted().map {
    TempoChange(tick: $0, microsecondsPerQuarter: generator.number(1...0xFF_FFFF))
  }
  score.timeSignatures = Set(generator.ticks(0...5)).sorted().map {
    TimeSignatureChange(
      tick: $0, timeSignature: TimeSignature(generator.number(1...255), 1 << generator.number(0...6)))
  }
  score.keys = Set(generator.ticks(0...5)).sorted().map {
    KeyChange(tick: $0, fifths: generator.number(-7...7), isMinor: generator.number(0...1) == 1)
  }
  score.markers = generator.ticks(0...4).map { Marker(tick: $0, text: "Marke \($0) ♯") }
  score.otherEvents = generator.ticks(0...4).map { OpaqueEvent(tick: $0, type: 0x07, payload: [1, 2, 200]) }
  score.title = generator.number(0...1) == 1 ? "Título" : nil
  score.length = 8_000 + generator.number(0...500)
  return score
}

private func arbitraryTrack(_ channel: Int, _ generator: inout RepeatableGenerator) -> Track {
  var track = Track(name: "Part \(channel)", isDrum: channel == 9, channel: channel)
  // Notes of one pitch end in the order in which they begin: MIDI cannot say more.
  for pitch in Set((0..<generator.number(1...6)).map { _ in generator.number(0...127) }) {
    let onsets = generator.ticks(1...8)
    let ends = onsets.map { $0 + generator.number(0...3_000) }.sorted()
    for (onset, end) in zip(onsets, ends) {
      track.notes.append(
        Note(onset: onset, duration: end - onset, pitch: pitch, velocity: generator.number(1...127)))
    }
  }
  // Of notes that begin together the order in which they end is the only one there is.
  track.notes.sort()
  let first = track.notes[0].onset
  if generator.number(0...1) == 1 { track.program = generator.number(0...127) }
  track.programChanges = generator.ticks(0...3).filter { $0 > first }.map {
    ProgramChange(tick: $0, program: generator.number(0...127))
  }
  track.controlChanges = generator.ticks(0...9).map {
    ControlChange(tick: $0, controller: generator.number(0...119), value: generator.number(0...127))
  }
  track.pitchBends = generator.ticks(0...9).map {
    PitchBend(tick: $0, value: generator.number(-8_192...8_191))
  }
  track.pressures = generator.ticks(0...9).map {
    Pressure(tick: $0, pitch: $0 % 2 == 0 ? nil : generator.number(0...127), value: generator.number(0...127))
  }
  track.otherEvents = generator.ticks(0...9).map {
    OpaqueEvent(
      tick: $0, type: [0x01, 0x05, 0x60, 0x7F, 0xF0, 0xF7][$0 % 6], payload: [UInt8($0 % 256), 0xF7])
  }
  return track
}

@Suite("Making MIDI files of scores")
struct ScoreToMIDITests {
  @Test("score → MIDI → score is the same score")
  func roundTrip() throws {
    var generator = RepeatableGenerator(seed: 7)
    for round in 0..<200 {
      let score = arbitraryScore(&generator)
      let midi = try MIDIFile(score: score)
      for runningStatus in MIDIWritingOptions.RunningStatus.allCases {
        let bytes = midi.encoded(options: MIDIWritingOptions(runningStatus: runningStatus))
        let strict = try MIDIFile(bytes: bytes, options: MIDIReadingOptions(policy: .strict))
        #expect(try Score(midi: strict) == score, "round \(round)")
      }
    }
  }

  @Test("at one tick notes end, then the sound changes, then notes begin; tracks end with the score")
  func order() throws {
    var score = Score(ticksPerQuarter: 96, length: 300)
    score.tracks = [
      Track(
        program: 5, channel: 2,
        notes: [
          Note(onset: 0, duration: 96, pitch: 60, velocity: 1),
          Note(onset: 96, duration: 0, pitch: 60, velocity: 2),
          Note(onset: 96, duration: 96, pitch: 60, velocity: 3),
        ],
        programChanges: [ProgramChange(tick: 96, program: 6)],
        controlChanges: [
          ControlChange(tick: 0, controller: 0, value: 1), ControlChange(tick: 96, controller: 7, value: 1),
        ],
        otherEvents: [OpaqueEvent(tick: 96, type: 0xF0, payload: [0xF7])])
    ]
    let midi = try MIDIFile(score: score)
    let track = midi.tracks[1]
    #expect(midi.tracks.map(\.length) == [300, 300])
    #expect(
      track.events.map { track.message(of: $0) } == [
        .controlChange(channel: 2, controller: 0, value: 1), .programChange(channel: 2, program: 5),
        .noteOn(channel: 2, key: 60, velocity: 1),
        .noteOff(channel: 2, key: 60, velocity: 64), .systemExclusive([0xF7]),
        .controlChange(channel: 2, controller: 7, value: 1), .programChange(channel: 2, program: 6),
        .noteOn(channel: 2, key: 60, velocity: 2), .noteOn(channel: 2, key: 60, velocity: 3),
        .noteOff(channel: 2, key: 60, velocity: 64), .noteOff(channel: 2, key: 60, velocity: 64),
      ])
  }

  @Test(
    "tracks without a channel get one: drums the tenth, programs that are alike share when there are too many"
  )
  func channels() throws {
    func channels(_ tracks: [Track]) throws -> (channels: [Int], rules: [String]) {
      var tracks = tracks
      for index in tracks.indices {
        tracks[index].notes = [Note(onset: 0, duration: 9, pitch: 60, velocity: 9)]
      }
      let writing = try ScoreWriting(Score(ticksPerQuarter: 96, tracks: tracks))
      return (
        writing.file.tracks.dropFirst().map { $0.events[$0.events.count - 1].channel },
        writing.warnings.map(\.rule)
      )
    }
    let few = try channels([
      Track(program: 1), Track(isDrum: true), Track(program: 2, channel: 0), Track(channel: 9),
    ])
    #expect(few.channels == [1, 9, 0, 2])
    let many = try channels((0..<16).map { Track(program: $0 % 15) } + [Track(isDrum: true)])
    #expect(many.channels == [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 0, 9])
    #expect(many.rules.isEmpty)
    let crowded = try channels((0..<17).map { Track(program: $0) })
    #expect(crowded.channels.suffix(2) == [0, 1])
    #expect(crowded.rules == ["shared-channel", "shared-channel"])
  }

  @Test("values that MIDI has no place for are refused by name")
  func unrepresentable() {
    let bad: [Score] = [
      Score(
        ticksPerQuarter: 1, tracks: [Track(notes: [Note(onset: 0, duration: 1, pitch: 128, velocity: 1)])]),
      Score(
        ticksPerQuarter: 1, tracks: [Track(notes: [Note(onset: -1, duration: 1, pitch: 12, velocity: 1)])]),
      Score(
        ticksPerQuarter: 1, tracks: [Track(notes: [Note(onset: 0, duration: 1, pitch: 12, velocity: 0)])]),
      Score(ticksPerQuarter: 1, tracks: [Track(program: 128)]),
      Score(ticksPerQuarter: 1, tempos: [TempoChange(tick: 0, microsecondsPerQuarter: 1 << 24)]),
      Score(
        ticksPerQuarter: 1,
        timeSignatures: [TimeSignatureChange(tick: 0, timeSignature: TimeSignature(4, 128))]),
      Score(ticksPerQuarter: 1, keys: [KeyChange(tick: 0, fifths: 9, isMinor: false)]),
      Score(ticksPerQuarter: 1, otherEvents: [OpaqueEvent(tick: 0, type: 0x2F, payload: [])]),
    ]
    for score in bad { #expect(throws: ScoreError.self) { try MIDIFile(score: score) } }
  }

  @Test(
    "the files of a collection make scores without a hanging note, and come back the same",
    .enabled(if: SharedData.isPresent, "\(SharedData.absence)"),
    arguments: ["nottingham/midi", "multitrack", "midi-conformance/midi"])
  func collections(folder: String) throws {
    for path in SharedData.files(under: folder, suffix: ".mid") {
      guard let midi = try? MIDIFile(path: path) else { continue }
      for score in Score.sequences(in: midi) {
        let again = try Score(midi: MIDIFile(bytes: MIDIFile(score: score).encoded()))
        #expect(again.tracks.map(\.notes) == score.tracks.map(\.notes), "\(path)")
        #expect(again == score, "\(path)")
      }
    }
  }
}
