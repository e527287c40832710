import Music
import TestSupport
import Testing
import Tokenization

@Suite struct TokenDecoderTests {
  /// Notes of two instruments and drums over bars of several lengths, some of them long, some within others.
  static let score: Score = {
    var generator = RepeatableGenerator(seed: 3)
    func notes(_ count: Int) -> [Note] {
      (0..<count).map { _ in
        Note(
          onset: 40 * Int.random(in: 0..<400, using: &generator),
          duration: 40 * Int.random(in: 1...60, using: &generator),
          pitch: Int.random(in: 36...80, using: &generator),
          velocity: Int.random(in: 1...127, using: &generator))
      }.sorted()
    }
    return Score(
      ticksPerQuarter: 480,
      tracks: [
        Track(program: 40, notes: notes(120)), Track(program: 0, notes: notes(90)),
        Track(isDrum: true, notes: notes(70)),
      ],
      tempos: [.standard, TempoChange(tick: 4800, microsecondsPerQuarter: 400_000)],
      timeSignatures: [.standard, TimeSignatureChange(tick: 3840, timeSignature: TimeSignature(3, 4))],
      length: 16_000)
  }()

  private func tokenizers() throws -> [REMITokenizer] {
    try TestConfigurations.all.map { try REMITokenizer(configuration: $0) }
  }

  @Test("One id at a time gives the score that all ids give")
  func oneIDAtATimeGivesTheScoreThatAllIDsGive() throws {
    for tokenizer in try tokenizers() {
      let ids = try tokenizer.encode(Self.score).ids
      let score = try tokenizer.decode(ids)
      var decoder = tokenizer.makeDecoder()
      var music = DecodedMusic()
      for id in ids { try decoder.take(id, into: &music) }
      #expect(decoder.ticksPerQuarter == score.ticksPerQuarter)
      let finished = try decoder.finished()
      #expect(finished.score == score && finished.places.count == score.noteCount)
      #expect(music.tempos == score.tempos)
      #expect(music.bars.map(\.start) == score.bars.map(\.start))
      #expect(music.bars.map(\.end) == score.bars.map(\.end))
      #expect(music.bars.map(\.number) == Array(score.bars.indices))
    }
  }

  @Test("Each note of the normalized score has its ids") func eachNoteOfTheNormalizedScoreHasItsIDs() throws {
    for tokenizer in try tokenizers() {
      let ids = try tokenizer.encode(Self.score).ids
      let spans = try tokenizer.spans(of: ids)
      let normalized = try tokenizer.normalized(Self.score).score
      #expect(spans.score == normalized && spans.notes.count == normalized.noteCount)
      #expect(Set(spans.notes.map(\.place)).count == spans.notes.count, "no two notes have one place")
      let roles = tokenizer.vocabulary.roles
      for span in spans.notes {
        let track = normalized.tracks[span.place.track]
        #expect(track.notes[span.place.index] == span.decoded.note)
        #expect(track.isDrum == span.decoded.isDrum && track.program == span.decoded.program)
        #expect(ids[span.decoded.ids].allSatisfy { !roles[$0].isDisjoint(with: .notePart) })
      }
      let inNotes = spans.notes.reduce(0) { $0 + $1.decoded.ids.count }
      #expect(inNotes == ids.count { !roles[$0].isDisjoint(with: .notePart) }, "no id belongs to two notes")
      #expect(
        spans.notes.map(\.decoded.ids.lowerBound) == spans.notes.map(\.decoded.ids.lowerBound).sorted())
      // From the first bar line to the end each id belongs to one bar.
      #expect(spans.bars.first?.ids.lowerBound == 1 && spans.bars.last?.ids.upperBound == ids.count - 1)
      for (bar, next) in zip(spans.bars, spans.bars.dropFirst()) {
        #expect(
          bar.ids.upperBound == next.ids.lowerBound && roles.barLines.contains(ids[next.ids.lowerBound]))
      }
    }
  }

  @Test("Notes of one position in any order have their places too")
  func notesOfOnePositionInAnyOrderHaveTheirPlacesToo() throws {
    let tokenizer = try REMITokenizer()
    func note(_ pitch: Int) -> [String] { ["Program_0", "Pitch_\(pitch)", "Velocity_79", "Duration_1.0.12"] }
    let ids = try tokenizer.vocabulary.ids(
      of: ["Bar_None", "TimeSig_4/4", "Position_0", "Tempo_120.0"] + note(72) + note(60) + note(67))
    let spans = try tokenizer.spans(of: ids)
    #expect(spans.notes.map(\.decoded.note.pitch) == [72, 60, 67])
    #expect(spans.notes.map(\.place.index) == [2, 0, 1])
    #expect(try spans.score == tokenizer.decode(ids))
    #expect(spans.bars.isEmpty, "the bar has not ended yet")
  }

  @Test("A bar is complete by the next bar line or the end, and a copy is independent")
  func aBarIsCompleteByTheNextBarLineOrTheEnd() throws {
    let tokenizer = try REMITokenizer()
    let beginning = ["BOS_None", "Bar_None", "TimeSig_3/4", "Position_0", "Tempo_120.0"]
    let note = ["Program_5", "Pitch_60", "Velocity_91", "Duration_1.0.12"]
    var decoder = tokenizer.makeDecoder()
    var music = DecodedMusic()
    for id in try tokenizer.vocabulary.ids(of: beginning + note) { try decoder.take(id, into: &music) }
    #expect(music.notes.map(\.ids) == [5..<9] && music.bars.isEmpty)
    for last in ["Bar_None", "EOS_None"] {
      var copy = decoder
      music.removeAll()
      try copy.take(#require(tokenizer.vocabulary.id(of: last)), into: &music)
      #expect(
        music.bars == [
          DecodedBar(number: 0, start: 0, end: 1440, timeSignature: TimeSignature(3, 4), ids: 1..<9)
        ])
      #expect(music.notes.isEmpty)
    }
    #expect(try decoder.finished().score.noteCount == 1)
  }

  @Test("More bars than a piece can have are refused at the bar") func moreBarsThanAPieceCanHaveAreRefused()
    throws
  {
    let tokenizer = try REMITokenizer()
    let ids = try tokenizer.vocabulary.ids(of: ["Bar_None", "TimeSig_4/4"])
    var decoder = tokenizer.makeDecoder()
    var music = DecodedMusic()
    #expect(throws: TokenizationError.tooLong(bars: 65_537, limit: 65_536)) {
      for _ in 0..<70_000 { for id in ids { try decoder.take(id, into: &music) } }
    }
  }
}
