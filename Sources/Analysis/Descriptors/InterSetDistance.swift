internal import Arithmetic

/// How far two collections are from each other by the distances between their pieces (Yang and Lerch 2020, *On the evaluation of generative models
/// in music*, section 3.3).
///
/// Each piece is a vector, such as a histogram of `YangLerchFeatures` or one descriptor's value; the distance of two pieces is Euclid's. The
/// distances of all pairs within one collection (intra-set) and of all pairs of a piece from each (inter-set) are compared as
/// densities: where the collections are alike, the human intra-set and the inter-set distances are distributed alike.
public struct InterSetDistance: Sendable, Hashable {
  /// The mean distance of two human pieces; NaN for fewer than two.
  public let humanIntraSet: Double
  /// The mean distance of two pieces of the other side; NaN for fewer than two.
  public let otherIntraSet: Double
  /// The mean distance of a human piece and one of the other side.
  public let interSet: Double
  /// How far the human intra-set distances are from the inter-set ones.
  public let human: DistributionDistance
  /// How far the other side's intra-set distances are from the inter-set ones.
  public let other: DistributionDistance

  /// The distance of two collections.
  /// - Parameters:
  ///   - human: A vector for each human piece, all of one length.
  ///   - other: A vector for each piece of the other side, of the same length. Vectors with values that are not numbers are left out on both sides.
  ///   - limit: Of larger collections so many pieces are drawn at random, at least 2.
  ///   - seed: Of that draw.
  public init(human: [[Double]], other: [[Double]], limit: Int = 300, seed: UInt64 = 1) {
    precondition(limit >= 2, "\(limit) pieces have no distances between them")
    var stream = RandomStream(seed: seed, name: "pieces for distances")
    func sample(_ vectors: [[Double]]) -> [[Double]] {
      var defined = vectors.filter { $0.allSatisfy(\.isFinite) }
      guard defined.count > limit else { return defined }
      stream.shuffle(&defined)
      return Array(defined.prefix(limit))
    }
    let humans = sample(human)
    let others = sample(other)
    let humanIntra = Self.distances(within: humans)
    let otherIntra = Self.distances(within: others)
    let inter = humans.flatMap { a in others.map { Self.distance(a, $0) } }
    humanIntraSet = Measures.mean(humanIntra)
    otherIntraSet = Measures.mean(otherIntra)
    interSet = Measures.mean(inter)
    self.human = DistributionDistance(reference: humanIntra, other: inter)
    self.other = DistributionDistance(reference: otherIntra, other: inter)
  }

  private static func distances(within vectors: [[Double]]) -> [Double] {
    vectors.indices.flatMap { second in (0..<second).map { distance(vectors[$0], vectors[second]) } }
  }

  private static func distance(_ a: [Double], _ b: [Double]) -> Double {
    precondition(a.count == b.count, "vectors of \(a.count) and \(b.count) numbers have no distance")
    return zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
  }
}
