public import Arithmetic

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// The distribution over the next id while filters narrow it down: unnormalized log-probabilities, −∞ for what is out.
///
/// Its storage is made once for a vocabulary and used for every step; nothing here allocates after `init`.
public struct TokenDistribution: Sendable {
  /// How many ids the vocabulary has.
  public let vocabularySize: Int
  /// The unnormalized log-probability of each id, in nats; −∞ for what cannot come next.
  public private(set) var logits: [Float]

  /// What softmax made of the logits when it was last asked for; 0 for what has been masked out since. They need not add up
  /// to 1.
  private var weights: [Float]
  /// Whether the weights are in the proportion of the probabilities.
  private var hasWeights = false
  /// What each id counts when it is decided how many stay in.
  private var shares: [Float]
  /// All ids as they were, and as they will be, while those of one group are narrowed down.
  private var whole: [Float]
  private var narrowed: [Float]
  /// The other order in which ids are kept, while they are.
  private var order: [Float]

  /// A distribution over `vocabularySize` ids, all equally likely.
  public init(vocabularySize: Int) {
    precondition(vocabularySize > 0, "a vocabulary of \(vocabularySize) ids has no next id")
    self.vocabularySize = vocabularySize
    logits = Array(repeating: 0, count: vocabularySize)
    weights = logits
    shares = logits
    whole = logits
    narrowed = logits
    order = logits
  }

  /// Takes over the network's logits for the ids that are allowed; the others are out.
  public mutating func load(_ source: Span<Float>, allowed: [Bool]) {
    precondition(
      source.count == vocabularySize && allowed.count == vocabularySize,
      "\(source.count) logits and \(allowed.count) flags for a vocabulary of \(vocabularySize)")
    hasWeights = false
    // By pointers, since bounds are checked above and not again for each id of each step.
    source.withUnsafeBufferPointer { source in
      allowed.withUnsafeBufferPointer { allowed in
        logits.withUnsafeMutableBufferPointer { logits in
          for id in logits.indices { logits[id] = allowed[id] ? source[id] : -.infinity }
        }
      }
    }
  }

  /// Gives the probability of a masked-out id to another one, in addition to its own: p(id) becomes p(id) + p(other).
  /// - Parameter id: The id that is allowed.
  /// - Parameter other: The unnormalized log-probability of the other id.
  public mutating func credit(_ id: Int32, with other: Float) {
    let own = logits[Int(id)]
    guard own > -.infinity, other.isFinite else { return }
    hasWeights = false
    let (low, high) = (min(own, other), max(own, other))
    logits[Int(id)] = high + log1p(exp(low - high))
  }

  /// Gives the probability of an id that is masked out to several, in proportion to their own.
  /// - Parameters:
  ///   - ids: The ids that get it; those that are masked out get none.
  ///   - other: The unnormalized log-probability of the other id.
  public mutating func credit(among ids: [Int32], with other: Float) {
    guard ids.count != 1 else { return credit(ids[0], with: other) }
    let highest = ids.reduce(-Float.infinity) { max($0, logits[Int($1)]) }
    guard highest > -.infinity, highest < .infinity, other.isFinite else { return }
    hasWeights = false
    let sum = ids.reduce(0) { $0 + exp(logits[Int($1)] - highest) }
    // Beyond what Float's exponential holds, the other id is all there is.
    let difference = other - highest - log(sum)
    let raise = difference > 80 ? difference : log1p(exp(difference))
    for id in ids where logits[Int(id)] > -.infinity { logits[Int(id)] += raise }
  }

  /// The probability of each id, in order.
  public var probabilities: [Double] {
    let maximum = logits.max() ?? -.infinity
    let weights = logits.map { $0 == -.infinity ? 0 : exp(Double($0) - Double(maximum)) }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }

  /// Multiplies each logit by `factor`.
  public mutating func scale(by factor: Float) {
    // −∞ stays −∞ only under a positive factor.
    precondition(factor > 0, "logits are scaled by a positive factor, not \(factor)")
    hasWeights = false
    logits.withUnsafeMutableBufferPointer { logits in
      guard let base = logits.baseAddress else { return }
      Kernels.current.scale(base, by: factor, count: logits.count)
    }
  }

  /// Multiplies the logits of some ids by `factor`, and lets these ids keep the probability that they have together.
  public mutating func scale(_ ids: [Int32], by factor: Float) {
    precondition(factor > 0, "logits are scaled by a positive factor, not \(factor)")
    let highest = ids.reduce(-Float.infinity) { max($0, logits[Int($1)]) }
    guard highest > -.infinity, highest < .infinity else { return }
    hasWeights = false
    var (before, after): (Float, Float) = (0, 0)
    for id in ids {
      let below = logits[Int(id)] - highest
      before += exp(below)
      after += exp(factor * below)
    }
    let top = highest + log(before) - log(after)
    for id in ids where logits[Int(id)] > -.infinity {
      logits[Int(id)] = top + factor * (logits[Int(id)] - highest)
    }
  }

  /// Adds `amount`, in nats, to the log-probability of some ids.
  public mutating func raise(_ ids: [Int32], by amount: Float) {
    hasWeights = false
    for id in ids { logits[Int(id)] += amount }
  }

  /// Keeps the `count` most probable ids; of equals the lower id goes first.
  public mutating func keepLikeliest(_ count: Int) {
    for id in logits.indices { shares[id] = logits[id] > -.infinity ? 1 : 0 }
    keepLikeliest(share: Float(count))
  }

  /// Keeps the fewest of the most probable ids that together have at least the probability `mass`.
  public mutating func keepLikeliest(mass: Double) {
    weigh()
    let sum = total(of: weights, atLeast: -.infinity)
    guard sum.isFinite else { return }
    for id in weights.indices { shares[id] = weights[id] }
    keepLikeliest(share: Float(mass) * sum)
  }

  /// Keeps the fewest ids that together have at least the probability `mass`, those first whose information −log p is nearest to the
  /// entropy of the distribution; of equals the lower id goes first.
  public mutating func keepTypical(mass: Double) {
    weigh()
    let sum = total(of: weights, atLeast: -.infinity)
    guard sum > 0, sum.isFinite else { return }
    var entropy: Float = 0
    for id in logits.indices {
      let probability = weights[id] / sum
      shares[id] = weights[id]
      order[id] = probability > 0 ? -log(probability) : .infinity
      if probability > 0 { entropy += probability * order[id] }
    }
    // What has no probability at all is as far from typical as can be, and is in all the same.
    for id in logits.indices {
      order[id] = logits[id] == -.infinity ? -.infinity : max(-abs(order[id] - entropy), -1e30)
    }
    swap(&logits, &order)
    keepLikeliest(share: Float(mass) * sum)
    swap(&logits, &order)
    for id in logits.indices where order[id] == -.infinity { maskOut(id) }
  }

  /// Keeps the ids that are at least `share` as likely as the most probable.
  public mutating func keep(atLeast share: Double) { keep(atLeast: share, of: [], share) }

  /// Keeps the ids that are at least `share` as likely as the most probable, and of some ids those that are at least another share as
  /// likely as it.
  /// - Parameters:
  ///   - share: Of the highest probability.
  ///   - others: The ids with a share of their own.
  ///   - othersShare: That share.
  public mutating func keep(atLeast share: Double, of others: [Int32], _ othersShare: Double) {
    weigh()
    let highest = weights.max() ?? 0
    let (least, othersLeast) = (Float(share) * highest, Float(othersShare) * highest)
    // Those that stay are marked by a sign while all others are masked out.
    for id in others where weights[Int(id)] >= othersLeast { weights[Int(id)].negate() }
    for id in logits.indices where weights[id] >= 0 && weights[id] < least { maskOut(id) }
    for id in others { weights[Int(id)] = abs(weights[Int(id)]) }
    for id in others where weights[Int(id)] < othersLeast { maskOut(Int(id)) }
  }

  /// Narrows down the ids of each group as if there were no others. Each group keeps its probability as a whole, so that nothing is
  /// rarer because its probability is spread over many ids.
  /// - Parameters:
  ///   - filters: What is applied to the ids of a group, one after another.
  ///   - groups: The group of each id, 0 ..< `groupCount`.
  ///   - groupCount: How many groups there are.
  ///   - floor: Groups that are less than this share as probable as the most probable one are masked out; 0 keeps all.
  public mutating func apply(
    _ filters: [any SamplingFilter], within groups: [Int], groupCount: Int, floor: Double = 0
  ) {
    precondition(
      groups.count == vocabularySize, "\(groups.count) groups for a vocabulary of \(vocabularySize)")
    for id in logits.indices {
      whole[id] = logits[id]
      narrowed[id] = -.infinity
    }
    var highest = -Float.infinity
    for group in 0..<groupCount { highest = max(highest, logMass(of: whole, group, groups)) }
    let least = floor > 0 ? highest + log(Float(floor)) : -.infinity
    for group in 0..<groupCount {
      let mass = logMass(of: whole, group, groups)
      if mass == -.infinity || mass < least { continue }
      for id in logits.indices { logits[id] = groups[id] == group ? whole[id] : -.infinity }
      hasWeights = false
      for filter in filters { filter.apply(to: &self) }
      let gain = mass - logMass(of: logits, group, groups)
      for id in logits.indices where groups[id] == group { narrowed[id] = logits[id] + gain }
    }
    for id in logits.indices { logits[id] = narrowed[id] }
    hasWeights = false
  }

  /// log Σ exp over the ids of a group; −∞ if all of them are out.
  private func logMass(of logits: [Float], _ group: Int, _ groups: [Int]) -> Float {
    var highest = -Float.infinity
    for id in groups.indices where groups[id] == group { highest = max(highest, logits[id]) }
    guard highest > -.infinity else { return highest }
    var sum: Float = 0
    for id in groups.indices where groups[id] == group { sum += exp(logits[id] - highest) }
    return highest + log(sum)
  }

  /// Masks out an id; the others keep their proportions.
  public mutating func remove(_ id: Int32) { maskOut(Int(id)) }

  /// Draws an id; nil if none is in, or where the network's logits are not numbers.
  public mutating func draw(random: inout RandomStream) -> Int32? {
    weigh()
    let sum = total(of: weights, atLeast: -.infinity)
    guard sum > 0, sum.isFinite else { return nil }
    return random.index(weights: weights.lazy.map(Double.init), sum: Double(sum)).map(Int32.init)
  }

  private mutating func maskOut(_ id: Int) {
    logits[id] = -.infinity
    weights[id] = 0
  }

  /// Makes the weights those of the logits.
  private mutating func weigh() {
    guard !hasWeights else { return }
    hasWeights = true
    logits.withUnsafeBufferPointer { logits in
      weights.withUnsafeMutableBufferPointer { weights in
        guard let logits = logits.baseAddress, let weights = weights.baseAddress else { return }
        Kernels.current.softmax(count: vocabularySize, logits: logits, probabilities: weights)
      }
    }
  }

  /// The sum of the values of the ids whose logit is at least `threshold`.
  private func total(of values: [Float], atLeast threshold: Float) -> Float {
    logits.withUnsafeBufferPointer { logits in
      values.withUnsafeBufferPointer { values in
        guard let logits = logits.baseAddress, let values = values.baseAddress else { return 0 }
        return Kernels.current.sum(of: values, whereAtLeast: threshold, logits, count: vocabularySize)
      }
    }
  }

  /// Keeps the fewest of the most probable ids whose shares, none below 0, add up to `wanted`; of equals the lower id goes first.
  ///
  /// Nothing is sorted: halving finds the logit of the last id that is kept, in one pass over the ids for each of the at
  /// most 32 bits in which two logits differ.
  private mutating func keepLikeliest(share wanted: Float) {
    // Ids with a logit of at least `least` are enough, those of at least `more` are not.
    var least = (logits.lazy.filter { $0 > -.infinity }.min() ?? 0).orderedBits
    var more = (logits.max() ?? 0).orderedBits + 1
    while more - least > 1 {
      let middle = least + (more - least) / 2
      if total(of: shares, atLeast: Float(orderedBits: middle)) >= wanted {
        least = middle
      } else {
        more = middle
      }
    }
    let threshold = Float(orderedBits: least)
    var sum = total(of: shares, atLeast: threshold.nextUp)
    for id in logits.indices where logits[id] <= threshold {
      if logits[id] == threshold, sum < wanted {
        sum += shares[id]
      } else {
        maskOut(id)
      }
    }
  }
}

extension Float {
  /// A whole number for each float, in the order of the floats; those of neighbors differ by 1.
  fileprivate var orderedBits: Int {
    let bits = Int(Int32(bitPattern: bitPattern))
    return bits < 0 ? Int(Int32.min) - bits : bits
  }

  fileprivate init(orderedBits: Int) {
    let bits = orderedBits < 0 ? Int(Int32.min) - orderedBits : orderedBits
    self.init(bitPattern: UInt32(truncatingIfNeeded: bits))
  }
}
