import Evaluation
import Testing

@Suite("Area under the curve") struct AreaUnderCurveTests {
  @Test("It is the share of pairs in the right order, ties counting half") func sharesOfPairs() {
    #expect(areaUnderCurve(positives: [3, 4], negatives: [1, 2]) == 1)
    #expect(areaUnderCurve(positives: [1], negatives: [2, 0, 1, 1]) == 0.5)
    #expect(areaUnderCurve(positives: [0], negatives: [1, 2]) == 0)
  }
}
