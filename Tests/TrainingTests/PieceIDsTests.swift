import Arithmetic
import Testing

@testable import Training

@Suite struct PieceIDsTests {
  @Test("Pieces are ranges of one buffer") func piecesAreRangesOfOneBuffer() {
    let buffer = AlignedBuffer<Int32>(Array(0..<20))
    let pieces = PieceIDs(
      UnsafeBufferPointer(buffer.elements), ranges: [12..<20, 3..<3, 0..<4], owner: buffer)
    #expect(pieces.count == 3 && pieces.tokenCount == 12 && pieces.predictionCount == 10)
    #expect((0..<3).map { Array(pieces[$0]) } == [Array(12..<20), [], [0, 1, 2, 3]])
    // Read where they are.
    buffer[13] = 99
    #expect(pieces[0][1] == 99)
    #expect(pieces[0].baseAddress == UnsafePointer(buffer.baseAddress + 12))
  }

  @Test("The owner lives as long as the pieces") func theOwnerLivesAsLongAsThePieces() {
    weak var owner: AlignedBuffer<Int32>?
    var pieces: PieceIDs?
    do {
      let buffer = AlignedBuffer<Int32>([5, 6, 7])
      owner = buffer
      pieces = PieceIDs(UnsafeBufferPointer(buffer.elements), ranges: [0..<3], owner: buffer)
    }
    #expect(owner != nil)
    #expect(pieces.map { Array($0[0]) } == [5, 6, 7])
    pieces = nil
    #expect(owner == nil)
  }

  /// Piece p has p % 5 + 1 ids, all of them p.
  private static let many = PieceIDs((0..<1000).map { [Int32](repeating: $0, count: Int($0) % 5 + 1) })

  private func chosen(_ pieces: PieceIDs) -> [Int] { (0..<pieces.count).map { Int(pieces[$0][0]) } }

  @Test("A sample is of whole pieces spread over all", arguments: [1, 2, 3, 50, 333, 1999])
  func aSampleIsOfWholePiecesSpreadOverAll(wanted: Int) throws {
    let sample = Self.many.sample(predictionCount: wanted), numbers = chosen(sample)
    #expect((wanted...wanted + 3).contains(sample.predictionCount))
    #expect(numbers == Set(numbers).sorted())
    for (place, number) in numbers.enumerated() {
      #expect(Array(sample[place]) == Array(Self.many[number]) && sample[place].count > 1)
    }
    // Between two neighbors is never more than four times their mean distance.
    let gaps = zip(numbers + [1000], [0] + numbers).map { $0 - $1 }
    #expect(try #require(gaps.max()) <= 4 * 1000 / numbers.count)
    // A smaller choice is part of a larger one.
    #expect(Set(numbers).isSubset(of: chosen(Self.many.sample(predictionCount: 2 * wanted))))
  }

  @Test("A sample of all is all") func aSampleOfAllIsAll() {
    for wanted in [2000, 2001, .max] {
      #expect(Self.many.sample(predictionCount: wanted).count == Self.many.count)
    }
    #expect(PieceIDs([[1, 2, 3]]).sample(predictionCount: 1).count == 1)
    #expect(PieceIDs([[1], [], [1, 2, 3]]).sample(predictionCount: 1).predictionCount == 2)
    #expect(PieceIDs([]).sample(predictionCount: 5).count == 0)
  }

  @Test("Arrays become pieces") func arraysBecomePieces() {
    let arrays: [[Int32]] = [[1, 2], [], [3], [4, 5, 6]]
    let pieces = PieceIDs(arrays)
    #expect((0..<pieces.count).map { Array(pieces[$0]) } == arrays)
    #expect(pieces.tokenCount == 6 && pieces.predictionCount == 3)
    #expect(PieceIDs([]).count == 0)
  }
}
