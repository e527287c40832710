import Groundwork
import MIDI
import Music
import Notation
import Testing

/// A MIDI file out of tracks of messages with their ticks, each ending at `length`.
func midiFile(
  format: MIDIFile.Format = .simultaneous, division: MIDIDivision = .ticksPerQuarter(96), length: Int = 0,
  _ tracks: [(Int, MIDIMessage)]...
) -> MIDIFile {
  MIDIFile(
    format: format, division: division,
    tracks: tracks.map { events in
      var track = MIDITrack()
      for (tick, message) in events { track.append(message, at: tick) }
      track.end(at: max(length, track.length))
      return track
    })
}

/// A note on, or with velocity 0 a note off.
func strike(_ tick: Int, _ key: Int, _ velocity: Int = 64, channel: Int = 0) -> (Int, MIDIMessage) {
  (tick, .noteOn(channel: channel, key: key, velocity: velocity))
}

/// A text-like meta event.
func text(_ tick: Int, _ kind: MIDITextKind, _ text: String) -> (Int, MIDIMessage) {
  (tick, .meta(.text(kind, Array(text.utf8))))
}

@Suite("Making scores of MIDI files")
struct ScoreFromMIDITests {
  @Test("notes end at their note-off, in order of onset and pitch, whichever message ends them")
  func notes() throws {
    let score = try Score(
      midi: midiFile([
        strike(0, 64), strike(0, 60), strike(96, 64, 0), (100, .noteOff(channel: 0, key: 60, velocity: 9)),
      ]))
    #expect(
      score.tracks.map(\.notes) == [
        [
          Note(onset: 0, duration: 100, pitch: 60, velocity: 64),
          Note(onset: 0, duration: 96, pitch: 64, velocity: 64),
        ]
      ])
    #expect(score.length == 100)
  }

  @Test(
    "of overlapping notes of one pitch the policy says which ends",
    arguments: [
      (MIDIScoreOptions.OverlapPolicy.firstInFirstOut, [10, 20, 27]),
      (.lastInFirstOut, [30, 20, 7]), (.endAll, [10, 5, 27]), (.cutAtNext, [5, 5, 27]),
    ])
  func overlap(policy: MIDIScoreOptions.OverlapPolicy, durations: [Int]) throws {
    // on at 0 and 5, off at 10, on at 3 → three notes: 0, 5 and, after one has ended, 13.
    let midi = midiFile(
      length: 40,
      [
        strike(0, 60), strike(5, 60), strike(10, 60, 0), strike(13, 60),
        strike(policy == .lastInFirstOut ? 20 : 25, 60, 0),
        strike(policy == .lastInFirstOut ? 25 : 40, 60, 0),
        strike(policy == .lastInFirstOut ? 30 : 40, 60, 0),
      ])
    let notes = try Score(midi: midi, options: MIDIScoreOptions(overlap: policy)).tracks[0].notes
    #expect(notes.map(\.onset) == [0, 5, 13])
    switch policy {
    case .firstInFirstOut: #expect(notes.map(\.duration) == [10, 20, 27])
    case .lastInFirstOut: #expect(notes.map(\.duration) == [25, 5, 7])
    case .endAll: #expect(notes.map(\.duration) == [10, 5, 12])
    case .cutAtNext: #expect(notes.map(\.duration) == [5, 5, 12])
    }
  }

  @Test("a hanging note is ended with its track, and its place is reported")
  func hanging() throws {
    let bytes = midiFile(length: 500, [strike(0, 60), strike(10, 60, 0), strike(96, 62)]).encoded()
    let reading = Score.reading(try MIDIFile(bytes: bytes))
    #expect(reading.scores[0].tracks[0].notes.last == Note(onset: 96, duration: 404, pitch: 62, velocity: 64))
    #expect(reading.warnings.map(\.rule) == ["hanging-note"])
    #expect(reading.warnings.map(\.offset) == [30])
  }

  @Test("a note-off without a note is ignored and reported")
  func stray() {
    let reading = Score.reading(midiFile([strike(0, 60, 0)]))
    #expect(reading.scores[0].noteCount == 0)
    #expect(reading.warnings.map(\.rule) == ["stray-note-off"])
  }

  @Test("all notes off ends the notes of its channel")
  func allNotesOff() throws {
    let score = try Score(
      midi: midiFile(
        length: 96,
        [
          strike(0, 60), strike(0, 64), strike(0, 67, channel: 1),
          (48, .controlChange(channel: 0, controller: 123, value: 0)),
        ]))
    #expect(score.tracks.map { $0.notes.map(\.duration) } == [[48, 48], [96]])
  }

  @Test("format 0 is split by channel, channel 10 is drums, and its name is the title")
  func format0() throws {
    let score = try Score(
      midi: midiFile(
        format: .singleTrack, length: 96,
        [
          text(0, .trackName, "Song"), (0, .programChange(channel: 3, program: 40)), text(0, .lyric, "la"),
          strike(0, 36, channel: 9), strike(0, 60, channel: 3), strike(10, 36, 0, channel: 9),
          strike(10, 60, 0, channel: 3),
        ]))
    #expect(score.title == "Song")
    #expect(score.tracks.map(\.channel) == [3, 9])
    #expect(score.tracks.map(\.isDrum) == [false, true])
    #expect(score.tracks.map(\.program) == [40, nil])
    #expect(score.otherEvents == [OpaqueEvent(tick: 0, type: 5, payload: Array("la".utf8))])
  }

  @Test("what a first track without notes sets up is given to the tracks that play on those channels")
  func conductor() throws {
    let score = try Score(
      midi: midiFile(
        [
          text(0, .trackName, "Title"), (0, .meta(.tempo(400_000))),
          (0, .programChange(channel: 1, program: 7)),
          (0, .controlChange(channel: 1, controller: 7, value: 90)),
        ],
        [
          text(0, .trackName, "Left"), (0, .controlChange(channel: 1, controller: 10, value: 20)),
          strike(0, 60, channel: 1), strike(9, 60, 0, channel: 1),
        ]))
    #expect(score.title == "Title")
    #expect(score.tempos == [TempoChange(tick: 0, microsecondsPerQuarter: 400_000)])
    #expect(score.tracks.count == 1)
    #expect(score.tracks[0].name == "Left")
    #expect(score.tracks[0].program == 7)
    #expect(score.tracks[0].controlChanges.map(\.controller) == [7, 10])
  }

  @Test("the program is the first change at or before the first note; later ones are changes")
  func programs() throws {
    let score = try Score(
      midi: midiFile([
        (5, .programChange(channel: 0, program: 1)), (6, .programChange(channel: 0, program: 2)),
        strike(6, 60),
        strike(9, 60, 0), (9, .programChange(channel: 0, program: 3)),
      ]))
    #expect(score.tracks[0].program == 1)
    #expect(
      score.tracks[0].programChanges == [
        ProgramChange(tick: 6, program: 2), ProgramChange(tick: 9, program: 3),
      ])
  }

  @Test("a channel prefix gives names and text to the part on that channel")
  func prefix() throws {
    let score = try Score(
      midi: midiFile(
        format: .singleTrack,
        [
          (0, .meta(.channelPrefix(1))), text(0, .trackName, "Flute"), text(0, .text, "breathe"),
          strike(0, 60), strike(1, 60, channel: 1), strike(2, 60, 0), strike(2, 60, 0, channel: 1),
        ]))
    #expect(score.title == nil)
    #expect(score.tracks.map(\.name) == ["", "Flute"])
    #expect(score.tracks[1].otherEvents == [OpaqueEvent(tick: 0, type: 1, payload: Array("breathe".utf8))])
  }

  @Test("tempo, metre, key and markers count wherever they stand, and are warned of outside the first track")
  func globalEvents() {
    let reading = Score.reading(
      midiFile(
        [(0, .meta(.tempo(500_000)))],
        [
          (96, .meta(.tempo(250_000))),
          (
            96,
            .meta(
              .timeSignature(
                numerator: 3, denominatorPower: 2, clocksPerClick: 24, thirtySecondsPerQuarter: 8))
          ),
          (96, .meta(.keySignature(fifths: -3, isMinor: true))), text(100, .marker, "B"),
          (192, .meta(.tempo(125_000))),
        ]))
    let score = reading.scores[0]
    #expect(score.tempos.map(\.microsecondsPerQuarter) == [500_000, 250_000, 125_000])
    #expect(score.timeSignatures == [TimeSignatureChange(tick: 96, timeSignature: TimeSignature(3, 4))])
    #expect(score.keys == [KeyChange(tick: 96, fifths: -3, isMinor: true)])
    #expect(score.markers == [Marker(tick: 100, text: "B")])
    #expect(reading.warnings.map(\.rule) == Array(repeating: "outside-first-track", count: 4))
  }

  @Test("Invalid values stay as they are, without a meaning")
  func impossible() throws {
    let midi = midiFile([
      (0, .meta(.tempo(0))), (0, .meta(.keySignature(fifths: 8, isMinor: false))),
      (
        0,
        .meta(
          .timeSignature(numerator: 0, denominatorPower: 2, clocksPerClick: 24, thirtySecondsPerQuarter: 8))
      ),
    ])
    let score = try Score(midi: midi)
    #expect(score.tempos.isEmpty && score.keys.isEmpty && score.timeSignatures.isEmpty)
    #expect(score.otherEvents.map(\.type) == [0x51, 0x59, 0x58])
    #expect(try Score(midi: MIDIFile(score: score)) == score)
  }

  @Test(
    "SMPTE ticks are ticks at a constant tempo",
    arguments: [
      (24, 4, 48, 500_000), (25, 40, 500, 500_000), (25, 1, 25, 1_000_000), (29, 80, 1_200, 500_500),
      (30, 80, 1_200, 500_000),
    ])
  func smpte(framesPerSecond: Int, ticksPerFrame: Int, ticksPerQuarter: Int, microseconds: Int) throws {
    let midi = midiFile(
      division: .smpte(framesPerSecond: framesPerSecond, ticksPerFrame: ticksPerFrame),
      length: framesPerSecond * ticksPerFrame, [(5, .meta(.tempo(1)))])
    let score = try Score(midi: midi)
    #expect(score.ticksPerQuarter == ticksPerQuarter)
    #expect(score.tempos == [TempoChange(tick: 0, microsecondsPerQuarter: microseconds)])
    // As many ticks as there are in the nominal frames of one second; 29 of 29.97 frames take a little less.
    let seconds = framesPerSecond == 29 ? 29 * 1_001.0 / 30_000 : 1
    #expect(abs(score.seconds - seconds) < 1e-12)
  }

  @Test("a file of format 2 holds a score for each track")
  func format2() throws {
    let midi = midiFile(
      format: .independent, [strike(0, 60), strike(5, 60, 0)], [strike(0, 62), strike(7, 62, 0)])
    #expect(throws: ScoreError.severalSequences(count: 2)) { try Score(midi: midi) }
    #expect(Score.sequences(in: midi).map(\.length) == [5, 7])
    #expect(Score.sequences(in: midi).map { $0.tracks[0].notes[0].pitch } == [60, 62])
  }

  @Test("a track without channel events keeps its place, its name and its text")
  func silentTrack() throws {
    let score = try Score(
      midi: midiFile(
        [], [text(0, .trackName, "Words"), text(0, .text, "@TSong"), text(5, .text, "\\La")], []))
    #expect(score.tracks.map(\.name) == ["Words", ""])
    #expect(score.tracks[0].otherEvents.map(\.tick) == [0, 5])
    #expect(score.tracks[0].channel == nil)
    #expect(score.title == "Song")
  }
}
