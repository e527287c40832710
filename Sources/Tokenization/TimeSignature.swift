/// A metre as it is written: beats in a bar over the note value of a beat.
public struct TimeSignature: Sendable, Hashable, CustomStringConvertible {
  /// Beats in a bar, 1...255.
  public let numerator: Int
  /// The beat's note value: 1, 2, 4, 8, 16, …
  public let denominator: Int

  /// A time signature.
  public init(_ numerator: Int, _ denominator: Int) {
    precondition(
      (1...255).contains(numerator) && denominator > 0, "\(numerator)/\(denominator) is no time signature")
    self.numerator = numerator
    self.denominator = denominator
  }

  /// The time signature that `text` writes, such as `6/8`; nil where it writes none.
  public init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let numerator = Int(parts[0]), let denominator = Int(parts[1]),
      (1...255).contains(numerator), (1...256).contains(denominator),
      denominator & (denominator - 1) == 0
    else { return nil }
    self.init(numerator, denominator)
  }

  /// As it is written: `3/4`.
  public var description: String { "\(numerator)/\(denominator)" }
}

extension TimeSignature: Codable {
  /// Reads the written form.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let value = TimeSignature(text) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "'\(text)' is no time signature")
    }
    self = value
  }

  /// Writes the written form.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
