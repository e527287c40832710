import Arithmetic
import Testing

@testable import Training

@Suite struct PieceIDsTests {
  @Test func piecesAreRangesOfOneBuffer() {
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

  @Test func theOwnerLivesAsLongAsThePieces() {
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

  @Test func arraysBecomePieces() {
    let arrays: [[Int32]] = [[1, 2], [], [3], [4, 5, 6]]
    let pieces = PieceIDs(arrays)
    #expect((0..<pieces.count).map { Array(pieces[$0]) } == arrays)
    #expect(pieces.tokenCount == 6 && pieces.predictionCount == 3)
    #expect(PieceIDs([]).count == 0)
  }
}
