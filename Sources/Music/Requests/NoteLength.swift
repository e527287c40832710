/// The length of a note as a fraction of a whole note: `1/4`, `3/8`, `1/8t` for a triplet's eighth, `1/4.` with a dot.
public struct NoteLength: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// The upper number, at least 1.
  public let numerator: Int
  /// The lower number, at least 1.
  public let denominator: Int

  /// A fraction of a whole note; both numbers are at least 1.
  public init(_ numerator: Int, _ denominator: Int) {
    precondition(numerator > 0 && denominator > 0, "\(numerator)/\(denominator) is no length")
    let divisor = Self.divisor(numerator, denominator)
    self.numerator = numerator / divisor
    self.denominator = denominator / divisor
  }

  /// Reads a fraction of a whole note, with a dot or a `t` for triplets after it; nil if it is none.
  public init?(_ text: some StringProtocol) {
    let isTriplet = text.hasSuffix("t"), isDotted = text.hasSuffix(".")
    let parts = text.dropLast(isTriplet || isDotted ? 1 : 0).split(
      separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2, let numerator = Int(parts[0]), (1...64).contains(numerator),
      let denominator = parts.count == 2 ? Int(parts[1]) : 1, (1...128).contains(denominator)
    else { return nil }
    self.init(
      numerator * (isTriplet ? 2 : isDotted ? 3 : 1), denominator * (isTriplet ? 3 : isDotted ? 2 : 1))
  }

  private static func divisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : divisor(b, a % b) }

  /// The length in units of which a quarter note has `perQuarter`, as a fraction.
  func units(perQuarter: Int) -> (quotient: Int, remainder: Int) {
    (4 * perQuarter * numerator).quotientAndRemainder(dividingBy: denominator)
  }

  /// The length in units of which a quarter note has `perQuarter`; nil where it is no whole number.
  public func exactUnits(perQuarter: Int) -> Int? {
    let (quotient, remainder) = units(perQuarter: perQuarter)
    return remainder == 0 ? quotient : nil
  }
  /// The shortest whole number of such units that is no shorter.
  public func unitsRoundedUp(perQuarter: Int) -> Int {
    let (quotient, remainder) = units(perQuarter: perQuarter)
    return quotient + (remainder > 0 ? 1 : 0)
  }
  /// The longest whole number of such units that is no longer.
  public func unitsRoundedDown(perQuarter: Int) -> Int { units(perQuarter: perQuarter).quotient }

  /// As a fraction: `1/4`, `3/8`.
  public var description: String { "\(numerator)/\(denominator)" }
  /// By length.
  public static func < (a: NoteLength, b: NoteLength) -> Bool {
    a.numerator * b.denominator < b.numerator * a.denominator
  }
}
