public import Tokenization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Other temperatures for some kinds of tokens: which pitch comes may be bolder than which duration.
///
/// Each kind keeps the probability that it has as a whole, and only which token of its kind comes is flattened or sharpened. So a high
/// temperature of pitches brings other pitches, and not more notes.
public struct KindTemperatures: SamplingFilter {
  private let scales: [(ids: [Int32], factor: Float)]

  /// - Parameters:
  ///   - temperatures: The temperature of each kind that has its own, above 0.
  ///   - general: The temperature by which the logits were divided already.
  ///   - roles: What each id does.
  /// - Throws: `ComposingError.invalidOption`.
  public init(
    _ temperatures: [SteeredKind: Double], general: Temperature, roles: TokenRoles
  ) throws(ComposingError) {
    var scales: [(ids: [Int32], factor: Float)] = []
    for kind in SteeredKind.allCases {
      guard let temperature = temperatures[kind] else { continue }
      let own = try Temperature(temperature, of: kind)
      scales.append((kind.ids(in: roles), Float(general.value / own.value)))
    }
    self.scales = scales.filter { !$0.ids.isEmpty && $0.factor != 1 }
  }

  /// Flattens or sharpens each kind by itself.
  public func apply(to distribution: inout TokenDistribution) {
    for (ids, factor) in scales { distribution.scale(ids, by: factor) }
  }
}

/// Makes copies of earlier bars more or less likely beside everything else that could come: their odds are multiplied.
public struct RepetitionOdds: SamplingFilter {
  /// The factors that can be asked for. None forbids copies: a bar may be bound to be one.
  public static let range = 1e-3...1e3
  private let ids: [Int32]
  private let gain: Float

  /// - Parameters:
  ///   - factor: By how much the odds are multiplied, within `range`; 1 leaves them.
  ///   - roles: What each id does.
  /// - Throws: `ComposingError.invalidOption`.
  public init(_ factor: Double, roles: TokenRoles) throws(ComposingError) {
    try Self.check(factor)
    ids = SteeredKind.repetition.ids(in: roles)
    gain = Float(log(factor))
  }

  static func check(_ factor: Double) throws(ComposingError) {
    try requireOption(
      range.contains(factor), "repetition", factor,
      "a factor from 0.001 to 1000: 1 for as many copies of earlier bars as the model wants")
  }

  /// Raises or lowers the logit of each copy.
  public func apply(to distribution: inout TokenDistribution) { distribution.raise(ids, by: gain) }
}

extension Temperature {
  /// The temperature of a kind of tokens.
  /// - Throws: `ComposingError.invalidOption`.
  init(_ value: Double, of kind: SteeredKind) throws(ComposingError) {
    guard let temperature = try? Temperature(value) else {
      throw .invalidOption(
        name: "\(kind.rawValue)Temperature", value: "\(value)",
        expected: "a number above 0, up to a million; 1 leaves this kind as the model has it")
    }
    self = temperature
  }
}
