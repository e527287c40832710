internal import Arithmetic

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A continuous cache over a piece's own past (Grave, Joulin & Usunier 2017, "Improving Neural Language Models with a
/// Continuous Cache"): what followed where the network was in a similar state is made more probable,
///
///     p(w) = (1 − λ) p_network(w) + λ p_cache(w),   p_cache(w) ∝ Σ_i [x_{i+1} = w] exp(θ h · h_i),
///
/// h being what the last layer gives after the last id, and h_i what it gave after id i of the piece. Nothing is learned for it.
public struct NeuralCache: Codable, Hashable, Sendable {
  /// λ, the share of the cache in the distribution, 0 ..< 1.
  public var share: Double
  /// θ, how much more a similar state counts than another, at least 0; with 0 all count the same.
  public var sharpness: Double

  /// A cache of this share and sharpness.
  public init(share: Double, sharpness: Double) {
    self.share = share
    self.sharpness = sharpness
  }

  /// Checks both numbers.
  /// - Throws: `ComposingError.invalidOption`.
  func validate() throws(ComposingError) {
    try requireOption(
      share >= 0 && share < 1, "the cache's share", share, "a number from 0 to below 1")
    try requireOption(
      sharpness >= 0 && sharpness.isFinite, "the cache's sharpness", sharpness, "a number of at least 0")
  }
}

/// The states of one piece and the ids that followed them. It is a value: a copy continues by itself.
struct PieceCache: Sendable {
  let settings: NeuralCache
  /// n × H.
  private var keys: [Float] = []
  /// n.
  private var followers: [Int32] = []
  private var weights: [Float] = []
  /// V.
  private var mixed: [Float]

  /// An empty cache over the ids of a vocabulary.
  init(_ settings: NeuralCache, vocabularySize: Int) {
    self.settings = settings
    mixed = Array(repeating: 0, count: vocabularySize)
  }

  /// How many states it knows, n.
  var count: Int { followers.count }

  /// Adds a state, of H numbers, and the id that followed it.
  mutating func add(_ key: UnsafeBufferPointer<Float>, follower: Int32) {
    keys.append(contentsOf: key)
    followers.append(follower)
  }

  /// Forgets all states but the first.
  mutating func keepFirst(_ count: Int) {
    guard count < followers.count else { return }
    keys.removeLast((followers.count - count) * (keys.count / followers.count))
    followers.removeLast(followers.count - count)
  }

  /// The logarithm of the probability of each id.
  /// - Parameters:
  ///   - logits: what the network gives, V numbers.
  ///   - key: the state after the last id, H numbers.
  mutating func mix(_ logits: UnsafeBufferPointer<Float>, key: UnsafeBufferPointer<Float>) -> [Float] {
    let share = count == 0 ? 0 : Float(settings.share), sharpness = Float(settings.sharpness)
    guard let base = logits.baseAddress else { return mixed }
    mixed.withUnsafeMutableBufferPointer { mixed in
      guard let mixed = mixed.baseAddress else { return }
      Kernels.current.softmax(count: logits.count, logits: base, probabilities: mixed)
      Kernels.current.scale(mixed, by: 1 - share, count: logits.count)
    }
    if count > 0 {
      weights.removeAll(keepingCapacity: true)
      keys.withUnsafeBufferPointer { keys in
        for index in followers.indices {
          let place = UnsafeBufferPointer(rebasing: keys[index * key.count..<(index + 1) * key.count])
          weights.append(sharpness * Self.product(place, key))
        }
      }
      weights.withUnsafeMutableBufferPointer { weights in
        if let base = weights.baseAddress { Kernels.current.softmax(base, count: weights.count) }
      }
      for (follower, weight) in zip(followers, weights) { mixed[Int(follower)] += share * weight }
    }
    // Even what has underflowed stays possible, for the grammar may leave nothing else.
    for id in mixed.indices { mixed[id] = mixed[id] > 0 ? log(mixed[id]) : -Self.leastLogit }
    return mixed
  }

  private static let leastLogit: Float = 200

  private static func product(_ a: UnsafeBufferPointer<Float>, _ b: UnsafeBufferPointer<Float>) -> Float {
    var sums = SIMD16<Float>.zero, index = 0
    guard let x = a.baseAddress, let y = b.baseAddress else { return 0 }
    while index + 16 <= a.count {
      let left = UnsafeRawPointer(x + index).loadUnaligned(as: SIMD16<Float>.self)
      let right = UnsafeRawPointer(y + index).loadUnaligned(as: SIMD16<Float>.self)
      sums += left * right
      index += 16
    }
    var sum = sums.sum()
    while index < a.count {
      sum += x[index] * y[index]
      index += 1
    }
    return sum
  }
}
