internal import Arithmetic

/// Small sums that many descriptors need.
enum Measures {
  /// The share of the elements for which `isCounted` holds; NaN without elements.
  static func share<Element>(_ elements: some Collection<Element>, _ isCounted: (Element) -> Bool) -> Double {
    var counted = 0
    for element in elements where isCounted(element) { counted += 1 }
    return ratio(counted, elements.count)
  }

  /// One number by another; NaN where that is 0.
  static func ratio(_ a: Int, _ b: Int) -> Double { b > 0 ? Double(a) / Double(b) : .nan }

  /// The mean; NaN without values.
  static func mean(_ values: some Collection<Double>) -> Double {
    values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count)
  }

  /// The standard deviation of a population; NaN without values.
  static func deviation(_ values: some Collection<Double>) -> Double {
    let mean = mean(values)
    return values.isEmpty
      ? .nan : (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
  }

  /// Shannon's entropy of these weights, scaled to a sum of 1, in bits: −Σ p log₂ p. NaN where all are 0.
  static func entropy(_ weights: some Collection<Double>) -> Double {
    let total = weights.reduce(0, +)
    guard total > 0 else { return .nan }
    var sum = 0.0
    for weight in weights where weight > 0 { sum -= weight / total * logarithm(weight / total) }
    return sum / 0.693_147_180_559_945_3
  }

  /// How often each value occurs, ascending.
  static func counts<Value: Hashable>(_ values: some Sequence<Value>) -> [Double] {
    var counts: [Value: Double] = [:]
    for value in values { counts[value, default: 0] += 1 }
    // In one order, so that sums over them are the same in every run.
    return counts.values.sorted()
  }

  /// The entropy of the second of two successive values where the first is known, in bits: Σ p(a, b) log₂ (p(a) ∕ p(a, b)). NaN
  /// for fewer than two values.
  static func transitionEntropy(_ values: [Int]) -> Double {
    guard values.count > 1 else { return .nan }
    let pairs = counts(zip(values, values.dropFirst()).map { Pair(first: $0, second: $1) })
    let firsts = counts(values.dropLast())
    return max(0, entropy(pairs) - entropy(firsts))
  }
}

/// Two values that are counted together.
struct Pair: Hashable {
  var first: Int
  var second: Int
}
