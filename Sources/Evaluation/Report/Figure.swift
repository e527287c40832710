/// Numbers as a report writes them.
enum Figure {
  /// A number with this many decimals.
  static func decimal(_ value: Double, _ digits: Int = 2) -> String {
    guard value.isFinite, abs(value) < 1e12 else { return "–" }
    var factor = 1
    for _ in 0..<digits { factor *= 10 }
    let scaled = Int((abs(value) * Double(factor)).rounded())
    let sign = value < 0 && scaled > 0 ? "−" : ""
    guard digits > 0 else { return "\(sign)\(scaled)" }
    let fraction = String(scaled % factor)
    return "\(sign)\(scaled / factor)." + String(repeating: "0", count: digits - fraction.count) + fraction
  }

  /// A number for a program, with at most six decimals.
  static func plain(_ value: Double) -> String {
    guard value.magnitude < 1e15 else { return "\(value)" }
    let rounded = (value * 1e6).rounded() / 1e6
    return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
  }

  /// A share in percent.
  static func percent(_ share: Double, _ digits: Int = 0) -> String { decimal(100 * share, digits) + " %" }

  /// A value of a feature with its unit.
  static func value(_ value: Double, _ unit: String) -> String {
    switch unit {
    case "share": percent(value)
    case "count": decimal(value, 1)
    default: "\(decimal(value, abs(value) < 10 ? 2 : 1)) \(unit)"
    }
  }

  /// A range.
  static func range(_ low: Double, _ high: Double, _ digits: Int = 2) -> String {
    "\(decimal(low, digits))–\(decimal(high, digits))"
  }
}
