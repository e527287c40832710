import Testing

@testable import Corpora

@Suite struct SplitTests {
  private let hashes = (0..<10_000 as Range<UInt64>).map { mix($0 &+ 1) }

  @Test("Shares are near the fractions") func sharesAreNearTheFractions() {
    let splits = SplitFractions(valid: 0.1, test: 0.2).splits(ofHashes: hashes)
    #expect(abs(splits.count { $0 == .valid } - 1_000) < 100)
    #expect(abs(splits.count { $0 == .test } - 2_000) < 130)
  }

  @Test("The test fraction moves no validation piece") func theTestFractionMovesNoValidationPiece() {
    let without = SplitFractions(valid: 0.1, test: 0).splits(ofHashes: hashes)
    let with = SplitFractions(valid: 0.1, test: 0.5).splits(ofHashes: hashes)
    #expect(without.map { $0 == .valid } == with.map { $0 == .valid })
  }

  @Test("Validation gets the piece of lowest hash where it would be empty")
  func validationGetsThePieceOfLowestHashWhereItWouldBeEmpty() {
    let high: [UInt64] = [.max, .max - 5, .max - 1]
    #expect(SplitFractions().splits(ofHashes: high) == [.train, .valid, .train])
    #expect(SplitFractions(valid: 0, test: 0.1).splits(ofHashes: high) == [.train, .train, .train])
  }

  @Test("Training is never empty") func trainingIsNeverEmpty() {
    #expect(SplitFractions().splits(ofHashes: [1, 2]) == [.valid, .train])
    #expect(SplitFractions().splits(ofHashes: [1]) == [.train])
  }

  @Test(
    "Fractions that leave nothing are refused", arguments: [(-0.1, 0.1), (0.5, 0.5), (0.1, -1), (.nan, 0)])
  func fractionsThatLeaveNothingAreRefused(_ valid: Double, _ test: Double) {
    #expect(throws: CorpusError.self) { try SplitFractions(valid: valid, test: test).validate() }
  }

  /// Fixed values: a change of the hash would move the pieces of every collection to other splits.
  @Test("The hash is the same for ever") func theHashIsTheSameForEver() {
    var hash = StableHash()
    #expect(hash.value == mix(0xCBF2_9CE4_8422_2325))
    hash.combine([1, 2, 3] as [Int32])
    #expect(hash.value == mix((1...3).reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ $1) &* 0x100_0000_01B3 }))
    #expect(mix(0) == 0 && mix(1) == 0x5692_161D_100B_05E5)
  }
}
