import Music
import Testing
import Tokenization

@Suite struct TranspositionTests {
  /// A scale, and under it drums.
  private let score = Score(
    ticksPerQuarter: 480,
    tracks: [
      Track(
        program: 40,
        notes: (0..<24).map { Note(onset: $0 * 240, duration: 240, pitch: 55 + $0, velocity: 90) }),
      Track(
        isDrum: true,
        notes: (0..<24).map { Note(onset: $0 * 240, duration: 120, pitch: 36 + $0 % 8, velocity: 90) }),
    ])

  @Test("Ids move as the score does", arguments: -5...6)
  func idsMoveAsTheScoreDoes(semitones: Int) throws {
    let tokenizer = try REMITokenizer()
    let table = tokenizer.transpositionTable(semitones: semitones)
    let moved = try tokenizer.encode(score).ids.map { table[Int($0)] }
    #expect(moved == (try tokenizer.encode(score.transposed(by: semitones)).ids))
  }

  @Test("Only pitches change") func onlyPitchesChange() throws {
    let tokenizer = try REMITokenizer()
    let table = tokenizer.transpositionTable(semitones: 4)
    for (id, token) in tokenizer.vocabulary.tokens.enumerated() where !token.hasPrefix("Pitch_") {
      #expect(table[id] == Int32(id), "\(token)")
    }
    let none = tokenizer.transpositionTable(semitones: 0)
    #expect(none == none.indices.map { Int32($0) })
  }

  @Test("What would leave the range is marked") func whatWouldLeaveTheRangeIsMarked() throws {
    var configuration = REMIConfiguration()
    configuration.pitchRange = 48...60
    let tokenizer = try REMITokenizer(configuration: configuration)
    let vocabulary = tokenizer.vocabulary
    for semitones in [-13, -12, -3, 5, 12, 100] {
      let table = tokenizer.transpositionTable(semitones: semitones)
      for pitch in 48...60 {
        let id = try #require(vocabulary.id(of: "Pitch_\(pitch)"))
        #expect(table[Int(id)] == vocabulary.id(of: "Pitch_\(pitch + semitones)") ?? -1)
      }
    }
  }

  @Test("Drums alone have nothing to move") func drumsAloneHaveNothingToMove() throws {
    let tokenizer = try REMITokenizer(configuration: REMIConfiguration(instruments: .drums))
    let table = tokenizer.transpositionTable(semitones: 7)
    #expect(table == table.indices.map { Int32($0) })
  }
}
