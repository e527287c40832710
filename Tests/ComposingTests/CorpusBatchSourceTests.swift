import Foundation
import Music
import Recurrent
import Testing
import Tokenization
import Training

@testable import Composing

@Suite struct CorpusBatchSourceTests {
  static let tokenizer: REMITokenizer? = try? REMITokenizer(configuration: REMIConfiguration())

  /// Pieces of 2, 3, 4, … notes of a pitch of their own, so that each can be told from the others.
  static func pieces(count: Int, tokenizer: any Tokenizer) throws -> [[Int32]] {
    try (0..<count).map { piece in
      let notes = (0..<piece + 2).map {
        Note(onset: 240 * $0, duration: 240, pitch: 40 + piece, velocity: 64)
      }
      return try tokenizer.encode(
        Score(ticksPerQuarter: 480, tracks: [Track(program: 0, notes: notes)], length: 240 * notes.count)
      ).ids
    }
  }

  func makeSource(
    pieces: [[Int32]], batchSize: Int, truncationLength: Int, seed: UInt64 = 1,
    transposition: ModelPreset.Transposition? = nil, tokenizer: (any Tokenizer)? = nil
  ) throws -> CorpusBatchSource {
    try CorpusBatchSource(
      pieces: PieceIDs(pieces), tokenizer: #require(tokenizer ?? Self.tokenizer),
      settings: ModelPreset(
        training: TrainingConfiguration(
          budget: .steps(1), batchSize: batchSize, truncationLength: truncationLength, seed: seed),
        transposition: transposition))
  }

  /// The sequences that a stream is given in `windows` windows, each from a reset to the next.
  func sequences(
    of source: inout CorpusBatchSource, windows: Int, stream: Int = 0, contextCount: Int = 0
  ) -> [[Int32]] {
    var batch = TokenBatch(
      batchSize: source.batchSize, truncationLength: source.truncationLength, contextCount: contextCount)
    var sequences: [[Int32]] = []
    for _ in 0..<windows {
      source.nextBatch(into: &batch)
      for step in 0..<source.truncationLength {
        let element = step * source.batchSize + stream
        if batch.resets[element] { sequences.append([batch.inputs[element]]) }
        if let last = sequences.last?.last { #expect(batch.inputs[element] == last) }
        sequences[sequences.count - 1].append(batch.targets[element])
      }
    }
    return sequences
  }

  @Test("Each epoch reads each piece once in an order of its own")
  func eachEpochReadsEachPieceOnceInAnOrderOfItsOwn() throws {
    let pieces = try Self.pieces(count: 6, tokenizer: #require(Self.tokenizer))
    let predictions = pieces.reduce(0) { $0 + $1.count - 1 }
    var source = try makeSource(pieces: pieces, batchSize: 1, truncationLength: predictions)
    #expect(source.batchesPerEpoch == 1)
    let first = sequences(of: &source, windows: 1)
    #expect(source.epochsCompleted == 1)
    let second = sequences(of: &source, windows: 1)
    #expect(Set(first) == Set(pieces) && first.count == pieces.count)
    #expect(Set(second) == Set(pieces) && second.count == pieces.count)
    #expect(first != second)
  }

  @Test("A window continues where the last ended") func aWindowContinuesWhereTheLastEnded() throws {
    let pieces = try Self.pieces(count: 6, tokenizer: #require(Self.tokenizer))
    var long = try makeSource(pieces: pieces, batchSize: 2, truncationLength: 60)
    var short = try makeSource(pieces: pieces, batchSize: 2, truncationLength: 60)
    var batch = TokenBatch(batchSize: 2, truncationLength: 60)
    long.nextBatch(into: &batch)
    short.nextBatch(into: &batch)
    let text = try JSONEncoder().encode(short.position)
    var resumed = try makeSource(pieces: pieces, batchSize: 2, truncationLength: 60)
    let position = try JSONDecoder().decode(CorpusBatchSource.Position.self, from: text)
    let isFound = resumed.seek(to: position)
    #expect(isFound)
    for _ in 0..<20 {
      var (expected, found) = (batch, batch)
      long.nextBatch(into: &expected)
      resumed.nextBatch(into: &found)
      #expect(expected.inputs == found.inputs && expected.targets == found.targets)
      #expect(expected.resets == found.resets)
    }
    #expect(long.epochsCompleted == resumed.epochsCompleted)
  }

  @Test("A long piece is shared out over the streams") func aLongPieceIsSharedOutOverTheStreams() throws {
    let piece = try Self.pieces(count: 60, tokenizer: #require(Self.tokenizer))[59]
    var source = try makeSource(pieces: [piece], batchSize: 4, truncationLength: 8)
    var batch = TokenBatch(batchSize: 4, truncationLength: 8)
    source.nextBatch(into: &batch)
    #expect(batch.resets.prefix(4) == [true, true, true, true])
    // Four streams at four places of the piece: they cannot all begin with its first id.
    #expect(batch.inputs.prefix(4).count { $0 == piece[0] } == 1)
  }

  @Test("Transposition moves a piece as a whole") func transpositionMovesAPieceAsAWhole() throws {
    let tokenizer = try #require(Self.tokenizer)
    let pieces = try Self.pieces(count: 4, tokenizer: tokenizer)
    let tables = (-3...4).map { tokenizer.transpositionTable(semitones: $0) }
    let expected = Set(pieces.flatMap { piece in tables.map { table in piece.map { table[Int($0)] } } })
    let predictions = pieces.reduce(0) { $0 + $1.count - 1 }
    var source = try makeSource(
      pieces: pieces, batchSize: 1, truncationLength: predictions, transposition: .init(-3...4))
    let found = Set(sequences(of: &source, windows: 60))
    #expect(found.isSubset(of: expected))
    // Of 32 transposed pieces, 240 draws leave few out.
    #expect(found.count > 28)
  }

  @Test("Where tokens state the key, most pieces stay in theirs") func mostPiecesStayInTheirKey() throws {
    let tokenizer = try CellsTokenizer(configuration: CellsConfiguration())
    let piece = try Self.pieces(count: 1, tokenizer: tokenizer)[0]
    var source = try makeSource(
      pieces: [piece], batchSize: 1, truncationLength: piece.count - 1, transposition: .init(-5...6),
      tokenizer: tokenizer)
    let read = sequences(of: &source, windows: 400, contextCount: tokenizer.contextFeatures.count)
    let key = try #require(
      piece.firstIndex { id in
        tokenizer.vocabulary.roles.values(of: id).contains { if case .key = $0 { true } else { false } }
      })
    let moved = read.count { $0[key] != piece[key] }
    // A tenth of 400, of which one in twelve moves by nothing: 37, with a deviation of 6.
    #expect((15...60).contains(moved), "\(moved)")
  }

  @Test("A piece is not transposed out of the vocabulary") func aPieceIsNotTransposedOutOfTheVocabulary()
    throws
  {
    let tokenizer = try #require(Self.tokenizer)
    let notes = [1, 126].map { Note(onset: 0, duration: 480, pitch: $0, velocity: 64) }
    let piece = try tokenizer.encode(
      Score(ticksPerQuarter: 480, tracks: [Track(program: 0, notes: notes)], length: 480)
    ).ids
    var source = try makeSource(
      pieces: [piece], batchSize: 1, truncationLength: piece.count - 1, transposition: .init(-6...6))
    let expected = Set(
      (-1...1).map { move in
        let table = tokenizer.transpositionTable(semitones: move)
        return piece.map { table[Int($0)] }
      })
    #expect(Set(sequences(of: &source, windows: 60)) == expected)
  }

  @Test("A place outside the corpus is refused") func aPlaceOutsideTheCorpusIsRefused() throws {
    let pieces = try Self.pieces(count: 6, tokenizer: #require(Self.tokenizer))
    var source = try makeSource(pieces: pieces, batchSize: 2, truncationLength: 10)
    let position = source.position
    let changes: [(inout CorpusBatchSource.Position) -> Void] = [
      { $0.epoch = -1 }, { $0.place = 7 }, { $0.streams.removeLast() }, { $0.streams[0].segment = 6 },
      { $0.streams[0].next = -1 }, { $0.streams[1].next = 10_000 }, { $0.streams[1].semitones = 3 },
      { $0.predictions = -1 },
    ]
    for change in changes {
      var wrong = position
      change(&wrong)
      let isAccepted = source.seek(to: wrong)
      #expect(!isAccepted)
    }
    let isAccepted = source.seek(to: position)
    #expect(isAccepted)
  }

  @Test("Nothing to read is refused") func nothingToReadIsRefused() {
    #expect(throws: TrainingError.self) {
      try makeSource(pieces: [[1]], batchSize: 1, truncationLength: 4)
    }
  }
}
