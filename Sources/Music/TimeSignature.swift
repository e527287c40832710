/// A time signature as it is written: beats in a bar over the note value of a beat.
public struct TimeSignature: Sendable, Hashable, CustomStringConvertible {
  /// The upper number: beats in a bar, 1...255.
  public let numerator: Int
  /// The lower number: the beat's note value, a power of two from 1 to 256.
  public let denominator: Int

  /// The upper numbers that there are.
  static let numerators = 1...255
  /// The largest lower number.
  static let largestDenominator = 256

  /// A time signature that is written in a program: `TimeSignature(6, 8)`. Numbers that come from outside go through
  /// `init(numerator:denominator:)`, for these must be in range.
  public init(_ numerator: Int, _ denominator: Int) {
    guard let checked = TimeSignature(numerator: numerator, denominator: denominator) else {
      preconditionFailure("\(numerator)/\(denominator) is no time signature")
    }
    self = checked
  }

  /// The time signature of two numbers; nil if the upper one is not in 1...255, or the lower one is no power of two
  /// in 1...256.
  public init?(numerator: Int, denominator: Int) {
    guard Self.numerators.contains(numerator), (1...Self.largestDenominator).contains(denominator),
      denominator.nonzeroBitCount == 1
    else { return nil }
    self.numerator = numerator
    self.denominator = denominator
  }

  /// The time signature that `text` writes, such as `6/8`; nil if it writes none.
  public init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let numerator = Int(parts[0]), let denominator = Int(parts[1]) else { return nil }
    self.init(numerator: numerator, denominator: denominator)
  }

  /// The default: 4/4.
  public static let common = TimeSignature(4, 4)

  /// Whether beats are felt in threes, as in 6/8, 9/8 and 12/8.
  public var isCompound: Bool { numerator > 3 && numerator % 3 == 0 && denominator >= 8 }

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

/// From here on the time signature is this.
public struct TimeSignatureChange: Sendable, Hashable {
  /// When, in ticks.
  public var tick: Int
  /// The time signature.
  public var timeSignature: TimeSignature

  /// A change of time signature.
  public init(tick: Int, timeSignature: TimeSignature) {
    self.tick = tick
    self.timeSignature = timeSignature
  }

  /// The default: 4/4.
  public static let standard = TimeSignatureChange(tick: 0, timeSignature: .common)
}
