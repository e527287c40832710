/// A step in narrowing down what may come next. Filters are applied one after another, in the order of an array.
public protocol SamplingFilter: Sendable {
  /// Reweights ids or masks some out; at least one stays in.
  func apply(to distribution: inout TokenDistribution)
}

/// Flattens the distribution above 1 and sharpens it below: logits are divided by the temperature (Ackley, Hinton &
/// Sejnowski 1985).
public struct Temperature: SamplingFilter {
  /// The temperatures that can be asked for: beyond them Float has no room for the quotients.
  public static let range = 1e-6...1e6
  /// The divisor.
  public let value: Double

  /// A temperature within `range`.
  /// - Throws: `ComposingError.invalidOption`.
  public init(_ value: Double) throws(ComposingError) {
    guard Self.range.contains(value) else {
      throw .invalidOption(
        name: "temperature", value: "\(value)",
        expected: "a number above 0, up to a million (top-k 1 always takes the most probable token)")
    }
    self.value = value
  }

  /// Divides every logit.
  public func apply(to distribution: inout TokenDistribution) {
    if value != 1 { distribution.scale(by: Float(1 / value)) }
  }
}

/// Keeps the `count` most probable ids (Fan, Lewis & Dauphin 2018, "Hierarchical Neural Story Generation").
public struct TopK: SamplingFilter {
  /// How many ids stay in.
  public let count: Int

  /// The `count` most probable ids, at least one.
  /// - Throws: `ComposingError.invalidOption`.
  public init(_ count: Int) throws(ComposingError) {
    guard count >= 1 else {
      throw .invalidOption(name: "top-k", value: "\(count)", expected: "at least 1 token, or 0 for all")
    }
    self.count = count
  }

  /// Masks out all but the most probable.
  public func apply(to distribution: inout TokenDistribution) {
    if count < distribution.vocabularySize { distribution.keepLikeliest(count) }
  }
}

/// Keeps the fewest of the most probable ids that together have the probability `mass` (Holtzman et al. 2020, "The Curious
/// Case of Neural Text Degeneration").
public struct TopP: SamplingFilter {
  /// The probability that stays in, above 0 and up to 1.
  public let mass: Double

  /// A probability above 0 and up to 1.
  /// - Throws: `ComposingError.invalidOption`.
  public init(_ mass: Double) throws(ComposingError) {
    guard mass > 0, mass <= 1 else {
      throw .invalidOption(name: "top-p", value: "\(mass)", expected: "a probability above 0 and up to 1")
    }
    self.mass = mass
  }

  /// Masks out the improbable tail.
  public func apply(to distribution: inout TokenDistribution) {
    if mass < 1 { distribution.keepLikeliest(mass: mass) }
  }
}

/// Keeps the ids that are at least `share` as likely as the most probable (Nguyen et al. 2025, "Turning Up the Heat: Min-p
/// Sampling for Creative and Coherent LLM Outputs").
public struct MinP: SamplingFilter {
  /// The share of the highest probability, 0 to below 1.
  public let share: Double
  private let others: [Int32]
  private let othersShare: Double

  /// A share from 0 to below 1.
  /// - Parameters:
  ///   - share: Of the highest probability.
  ///   - others: Ids with a share of their own.
  ///   - othersShare: That share.
  /// - Throws: `ComposingError.invalidOption`.
  public init(
    _ share: Double, of others: [Int32] = [], _ othersShare: Double = 0
  ) throws(ComposingError) {
    for share in [share, othersShare] where !(share >= 0 && share < 1) {
      throw .invalidOption(name: "min-p", value: "\(share)", expected: "a ratio from 0 to below 1")
    }
    self.share = share
    self.others = others
    self.othersShare = othersShare
  }

  /// Masks out what is far less likely than the most probable.
  public func apply(to distribution: inout TokenDistribution) {
    if share > 0 { distribution.keep(atLeast: share, of: others, othersShare) }
  }
}

/// Keeps the ids whose information is nearest to the entropy of the distribution, the fewest that together have the probability
/// `mass` (Meister, Pimentel, Wiher & Cotterell 2023, "Locally Typical Sampling"): neither what comes as a surprise nor, where the
/// network is unsure, what is too expected.
public struct Typical: SamplingFilter {
  /// The probability that stays in, above 0 and up to 1.
  public let mass: Double

  /// A probability above 0 and up to 1.
  /// - Throws: `ComposingError.invalidOption`.
  public init(_ mass: Double) throws(ComposingError) {
    guard mass > 0, mass <= 1 else {
      throw .invalidOption(name: "typical", value: "\(mass)", expected: "a probability above 0 and up to 1")
    }
    self.mass = mass
  }

  /// Masks out what is not typical.
  public func apply(to distribution: inout TokenDistribution) {
    if mass < 1 { distribution.keepTypical(mass: mass) }
  }
}
