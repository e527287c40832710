public import Arithmetic

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// The distribution over the next id while filters narrow it down: unnormalised log-probabilities, −∞ for what is out.
///
/// Its storage is made once for a vocabulary and used for every step; nothing here allocates after `init`.
public struct TokenDistribution: Sendable {
  /// How many ids the vocabulary has.
  public let vocabularySize: Int
  /// The unnormalised log-probability of each id, in nats; −∞ for what cannot come next.
  public private(set) var logits: [Float]

  /// Room for a heap of ids.
  private var heap: [Int32]

  /// A distribution over `vocabularySize` ids, all equally likely.
  public init(vocabularySize: Int) {
    precondition(vocabularySize > 0, "a vocabulary of \(vocabularySize) ids has no next id")
    self.vocabularySize = vocabularySize
    logits = Array(repeating: 0, count: vocabularySize)
    heap = Array(repeating: 0, count: vocabularySize)
  }

  /// Takes over the network's logits for the ids that are allowed; the others are out.
  public mutating func load(_ source: UnsafeBufferPointer<Float>, allowed: [Bool]) {
    precondition(
      source.count == vocabularySize && allowed.count == vocabularySize,
      "\(source.count) logits and \(allowed.count) flags for a vocabulary of \(vocabularySize)")
    for id in 0..<vocabularySize { logits[id] = allowed[id] ? source[id] : -.infinity }
  }

  /// Gives the probability of an id that is out to one that is in, besides its own: p(id) becomes p(id) + p(other).
  /// - Parameter other: The unnormalised log-probability of the other id.
  public mutating func credit(_ id: Int32, with other: Float) {
    let own = logits[Int(id)]
    guard own > -.infinity, other.isFinite else { return }
    let (low, high) = (min(own, other), max(own, other))
    logits[Int(id)] = high + log1p(exp(low - high))
  }

  /// How many ids are still in.
  public var candidateCount: Int {
    logits.reduce(0) { $1 > -.infinity ? $0 + 1 : $0 }
  }

  /// The probability of each id, in order.
  public var probabilities: [Double] {
    let (maximum, sum) = normaliser
    return logits.map { Self.weight($0, maximum) / sum }
  }

  /// Multiplies each logit by `factor`.
  public mutating func scale(by factor: Float) {
    // −∞ stays −∞ only under a positive factor.
    precondition(factor > 0, "logits are scaled by a positive factor, not \(factor)")
    for id in logits.indices { logits[id] *= factor }
  }

  /// Keeps the `count` likeliest ids; of equals the lower id goes first.
  public mutating func keepLikeliest(_ count: Int) {
    var left = count
    keepLikeliest { _ in
      left -= 1
      return left > 0
    }
  }

  /// Keeps the fewest of the likeliest ids that together have at least the probability `mass`.
  public mutating func keepLikeliest(mass: Double) {
    let (maximum, sum) = normaliser
    var kept = 0.0
    keepLikeliest { logit in
      kept += Self.weight(logit, maximum) / sum
      return kept < mass
    }
  }

  /// Keeps the ids that are at least `share` as likely as the likeliest.
  public mutating func keep(atLeast share: Double) {
    let maximum = logits.max() ?? -.infinity
    for id in logits.indices where Self.weight(logits[id], maximum) < share { logits[id] = -.infinity }
  }

  /// Draws an id; nil where none is in, or where the network's logits are not numbers.
  public func draw(random: inout RandomStream) -> Int32? {
    let (maximum, sum) = normaliser
    guard maximum > -.infinity, sum.isFinite else { return nil }
    var left = random.uniformDouble() * sum
    var last: Int32?
    for id in logits.indices {
      let weight = Self.weight(logits[id], maximum)
      guard weight > 0 else { continue }
      last = Int32(id)
      left -= weight
      if left < 0 { return last }
    }
    // Rounding can leave a rest after the last candidate.
    return last
  }

  /// The largest logit, and the sum of the weights relative to it.
  private var normaliser: (maximum: Float, sum: Double) {
    let maximum = logits.max() ?? -.infinity
    var sum = 0.0
    for logit in logits { sum += Self.weight(logit, maximum) }
    return (maximum, sum)
  }

  private static func weight(_ logit: Float, _ maximum: Float) -> Double {
    // What is not a number stays so, and the sum shows it.
    logit == -.infinity ? 0 : exp(Double(logit) - Double(maximum))
  }

  /// Takes ids from the likeliest down, at least one, for as long as `wantsMore` says so of the last one's logit, and
  /// puts the rest out.
  private mutating func keepLikeliest(while wantsMore: (_ logit: Float) -> Bool) {
    var count = 0
    for id in logits.indices where logits[id] > -.infinity {
      heap[count] = Int32(id)
      count += 1
    }
    for parent in stride(from: count / 2 - 1, through: 0, by: -1) { sink(parent, count: count) }
    while count > 0 {
      let logit = logits[Int(heap[0])]
      count -= 1
      heap[0] = heap[count]
      sink(0, count: count)
      if !wantsMore(logit) { break }
    }
    for index in 0..<count { logits[Int(heap[index])] = -.infinity }
  }

  /// Restores the order of a heap, likeliest first, whose element at `parent` may be too high up.
  private mutating func sink(_ parent: Int, count: Int) {
    var parent = parent
    while true {
      var likeliest = parent
      for child in (2 * parent + 1)..<(2 * parent + 3) where child < count {
        if precedes(heap[child], heap[likeliest]) { likeliest = child }
      }
      if likeliest == parent { return }
      heap.swapAt(parent, likeliest)
      parent = likeliest
    }
  }

  private func precedes(_ first: Int32, _ second: Int32) -> Bool {
    let (one, other) = (logits[Int(first)], logits[Int(second)])
    return one == other ? first < second : one > other
  }
}
