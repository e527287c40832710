import MIDI
import Music
import Notation
import TestSupport
import Testing

@testable import Tokenization

@Suite struct NormalizationTests {
  let tokenizer: REMITokenizer

  init() throws { tokenizer = try REMITokenizer() }

  private func score(
    _ notes: [Note], metres: [(Int, Int, Int)] = [], tempos: [(Int, Int)] = [], ticks: Int = 480
  ) -> Score {
    Score(
      ticksPerQuarter: ticks, tracks: [Track(program: 0, notes: notes)],
      tempos: tempos.map { TempoChange(tick: $0.0, microsecondsPerQuarter: $0.1) },
      timeSignatures: metres.map {
        TimeSignatureChange(tick: $0.0, timeSignature: TimeSignature($0.1, $0.2))
      },
      length: notes.map(\.end).max() ?? 0)
  }

  private func note(_ onset: Int, _ duration: Int, _ pitch: Int = 60, _ velocity: Int = 91) -> Note {
    Note(onset: onset, duration: duration, pitch: pitch, velocity: velocity)
  }

  private func tokens(_ score: Score) throws -> [String] {
    try tokenizer.encode(score).ids.map { tokenizer.vocabulary.tokens[Int($0)] }
  }

  private func metres(_ score: Score) throws -> [String] {
    try tokens(score).filter { $0.hasPrefix("TimeSig") }.map { String($0.dropFirst(8)) }
  }

  @Test("A bar is written in miditoks order") func aBarIsWrittenInMidiToksOrder() throws {
    let tune = score(
      [note(0, 480), note(960, 240, 64, 3)], metres: [(0, 3, 4)], tempos: [(0, 500_000), (960, 1_000_000)])
    #expect(
      try tokens(tune) == [
        "BOS_None", "Bar_None", "TimeSig_3/4", "Position_0", "Tempo_120.0", "Program_0", "Pitch_60",
        "Velocity_91", "Duration_1.0.12", "Position_24", "Tempo_60.0", "Program_0", "Pitch_64", "Velocity_3",
        "Duration_0.6.12", "EOS_None",
      ])
  }

  @Test("A note keeps the program that it began with where a change follows it at its tick")
  func aNoteKeepsItsProgram() throws {
    var midi = MIDITrack()
    for (tick, message) in [
      (0, .programChange(channel: 0, program: 5)), (0, .noteOn(channel: 0, key: 60, velocity: 91)),
      (0, .programChange(channel: 0, program: 40)), (480, .noteOff(channel: 0, key: 60, velocity: 0)),
      (480, .noteOn(channel: 0, key: 62, velocity: 91)), (960, .noteOff(channel: 0, key: 62, velocity: 0)),
    ] as [(Int, MIDIMessage)] { midi.append(message, at: tick) }
    let score = try Score(midi: MIDIFile(tracks: [midi]))
    #expect(try tokens(score).filter { $0.hasPrefix("Program") } == ["Program_5", "Program_40"])
  }

  @Test("Leading bars stay and the last bar is the last note's")
  func leadingBarsStayAndTheLastBarIsTheLastNotes() throws {
    var tune = score([note(4 * 480 * 2 + 480, 4 * 480)])
    tune.length = 100 * 480
    #expect(try metres(tune) == ["4/4", "4/4", "4/4", "4/4"])
    #expect(try tokenizer.normalized(tune).score.length == 4 * 4 * 480)
  }

  @Test("What is too long too short or too many is counted") func whatIsTooLongTooShortOrTooManyIsCounted()
    throws
  {
    let tune = score([
      note(0, 480 * 9), note(480, 0, 62), note(960, 10, 64), note(970, 480, 64), note(975, 240, 64),
    ])
    let (normalized, report) = try tokenizer.normalized(tune)
    #expect(report.clippedDurations == 1 && report.doublings == 1 && report.keptNotes == 4)
    #expect(normalized.tracks[0].notes.map(\.duration) == [480 * 8, 40, 240, 480])
  }

  @Test("Onsets and ends go to the nearest step") func onsetsAndEndsGoToTheNearestStep() throws {
    // A step is 40 ticks; half way goes to the later step.
    let (result, _) = try tokenizer.normalized(
      score([
        Note(onset: 19, duration: 40, pitch: 60, velocity: 127),
        Note(onset: 20, duration: 39, pitch: 61, velocity: 127),
        Note(onset: 60, duration: 0, pitch: 62, velocity: 127),
      ]))
    #expect(result.ticksPerQuarter == 480)
    #expect(result.tracks[0].notes.map(\.onset) == [0, 40, 80])
    #expect(result.tracks[0].notes.map(\.duration) == [40, 40, 40])
  }

  @Test("Long notes are clipped and counted") func longNotesAreClippedAndCounted() throws {
    let (result, report) = try tokenizer.normalized(
      score([
        Note(onset: 0, duration: 96 * 40, pitch: 60, velocity: 80),
        Note(onset: 0, duration: 97 * 40, pitch: 62, velocity: 80),
      ]))
    #expect(result.tracks[0].notes.map(\.duration) == [96 * 40, 96 * 40])
    #expect(report.clippedDurations == 1 && report.keptNotes == 2)
    #expect(report.sentences == ["1 note is shortened to the longest duration"])
  }

  @Test("Velocities and tempos go to the nearest token") func velocitiesAndTemposGoToTheNearestToken() throws
  {
    var source = score((1...127).map { Note(onset: $0 * 480, duration: 480, pitch: 60, velocity: $0) })
    source.tempos = (0..<100).map {
      TempoChange(tick: $0 * 480, microsecondsPerQuarter: 200_000 + $0 * 27_000)
    }
    let (result, report) = try tokenizer.normalized(source)
    for (note, kept) in zip(source.tracks[0].notes, result.tracks[0].notes) {
      #expect(abs(note.velocity - kept.velocity) <= 2, "\(note.velocity) became \(kept.velocity)")
    }
    #expect(report.clippedTempos == 0)
    for change in source.tempos {
      let kept = result.tempos.last { $0.tick <= change.tick } ?? .standard
      let ratio = Double(kept.microsecondsPerQuarter) / Double(change.microsecondsPerQuarter)
      // Sixteen tempos to a doubling: no tempo is further than half a sixteenth of an octave away.
      #expect(
        abs(ratio - 1) < 0.0222, "\(change.microsecondsPerQuarter) became \(kept.microsecondsPerQuarter)")
    }
  }

  @Test("Instruments without tokens are counted") func instrumentsWithoutTokensAreCounted() throws {
    var source = score([Note(onset: 0, duration: 480, pitch: 60, velocity: 80)])
    source.tracks.append(
      Track(isDrum: true, notes: [Note(onset: 0, duration: 480, pitch: 36, velocity: 80)]))
    let piano = try REMITokenizer(configuration: REMIConfiguration(instruments: .single(program: 11)))
    let (melodic, report) = try piano.normalized(source)
    #expect(melodic.tracks.map(\.program) == [11] && report.unsupportedNotes == 1)
    let drums = try REMITokenizer(configuration: REMIConfiguration(instruments: .drums))
    let (struck, drumReport) = try drums.normalized(source)
    #expect(struck.tracks.map(\.isDrum) == [true] && drumReport.unsupportedNotes == 1)
  }

  @Test("What lies outside its range does no harm") func whatLiesOutsideItsRangeDoesNoHarm() throws {
    let odd = Score(
      ticksPerQuarter: 480,
      tracks: [
        Track(
          program: 999,
          notes: [
            Note(onset: -960, duration: -5, pitch: 60, velocity: 500),
            Note(onset: 0, duration: 480, pitch: -1, velocity: -7),
            Note(onset: 0, duration: 480, pitch: 128, velocity: 64),
          ])
      ])
    let (result, report) = try tokenizer.normalized(odd)
    #expect(report.unsupportedNotes == 2)
    #expect(try tokenizer.decode(tokenizer.encode(odd).ids) == result)
  }

  @Test("Programs make tracks and drums come last") func programsMakeTracksAndDrumsComeLast() throws {
    var tune = score([note(0, 480), note(480, 480)])
    tune.tracks[0].programChanges = [ProgramChange(tick: 480, program: 40)]
    tune.tracks.insert(Track(isDrum: true, notes: [note(0, 40, 36)]), at: 0)
    tune.tracks.append(Track(notes: [note(0, 480, 67)]))
    let normalized = try tokenizer.normalized(tune).score
    #expect(normalized.tracks.map(\.program) == [0, 40, nil])
    #expect(normalized.tracks.map(\.isDrum) == [false, false, true])
    #expect(normalized.tracks.map(\.notes.count) == [2, 1, 1])
    #expect(try tokenizer.decode(tokenizer.encode(tune).ids) == normalized)
  }

  @Test("Tempos go to the nearest by ratio") func temposGoToTheNearestByRatio() throws {
    let tempos = [(0, 631_578), (480, 10_000_000), (960, 100_000), (961, 600_000)]
    let (normalized, report) = try tokenizer.normalized(score([note(0, 480 * 4)], tempos: tempos))
    #expect(report.clippedTempos == 2)
    #expect(normalized.tempos.map(\.tick) == [0, 480, 960])
    #expect(abs(normalized.tempos[0].quartersPerMinute / 95 - 1) < 0.022)
    // 2^(1/16) = 1.0443, and hundredths are rounded.
    for pair in zip(tokenizer.layout.tempos.hundredths, tokenizer.layout.tempos.hundredths.dropFirst()) {
      #expect(Double(pair.1) / Double(pair.0) < 1.0447)
    }
  }

  @Test("Nothing and too much are refused") func nothingAndTooMuchAreRefused() throws {
    #expect(throws: TokenizationError.noNotes) { try tokenizer.encode(score([])) }
    for onset in [480 * 4 * 70_000, 1 << 40, 1 << 60] {
      #expect(throws: TokenizationError.self) { try tokenizer.encode(score([note(0, 1), note(onset, 480)])) }
    }
    #expect(try tokenizer.encode(score([note(0, 1 << 60)])).report.clippedDurations == 1)
  }

  @Test("Random scores survive the way there and back") func randomScoresSurviveTheWayThereAndBack() throws {
    var random = RepeatableGenerator(seed: 7)
    func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
    for _ in 0..<300 {
      let ticks = [1, 7, 24, 96, 120, 384, 480, 1_024, 32_767][number(0...8)]
      var tune = Score(ticksPerQuarter: ticks)
      for _ in 0..<number(1...4) {
        let notes = (0..<number(1...40)).map { _ in
          note(number(0...ticks * 40), number(0...ticks * 12), number(0...127), number(1...127))
        }
        tune.tracks.append(
          Track(program: number(0...3) * 40, isDrum: number(0...3) == 0, notes: notes.sorted()))
      }
      tune.timeSignatures = (0..<number(0...5)).map { _ in
        TimeSignatureChange(
          tick: number(0...ticks * 40), timeSignature: TimeSignature(number(1...20), 1 << number(0...6)))
      }.sorted { $0.tick < $1.tick }
      tune.tempos = (0..<number(0...5)).map { _ in
        TempoChange(tick: number(0...ticks * 40), microsecondsPerQuarter: number(1...16_777_215))
      }.sorted { $0.tick < $1.tick }
      let encoding = try tokenizer.encode(tune)
      let normalized = try tokenizer.normalized(tune).score
      #expect(try tokenizer.decode(encoding.ids) == normalized, "\(tune)")
      #expect(try tokenizer.encode(normalized).ids == encoding.ids, "\(tune)")
    }
  }
}
