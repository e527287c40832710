/// A time signature: the value of an `M:` field (ABC 2.1, section 3.1.6).
struct ABCTimeSignature: Hashable {
  /// Beats in a bar; 0 if the music is free of time signature.
  var numerator: Int
  /// The beat's note value, a power of two.
  var denominator: Int

  static let common = ABCTimeSignature(numerator: 4, denominator: 4)
  static let free = ABCTimeSignature(numerator: 0, denominator: 4)

  /// A bar's length in grains; 0 if there is none.
  var barLength: Int { numerator * (ABCTime.whole / denominator) }

  /// The unit length if no `L:` gives it: a sixteenth in time signatures under three quarters, otherwise an eighth (3.1.7).
  var unitLength: Int {
    numerator > 0 && barLength < 3 * ABCTime.quarter ? ABCTime.whole / 16 : ABCTime.whole / 8
  }

  /// Whether a tuplet of 5, 7 or 9 takes the time of three (6/8, 9/8, 12/8 …) rather than of two (4.13).
  var isCompound: Bool { numerator % 3 == 0 && numerator > 3 && denominator >= 8 }

  /// Reads `C`, `C|`, `none`, `6/8`, `2+3/8`, `(2+3)/8`; nil if it is none of these.
  init?(_ text: some StringProtocol) {
    let text = String(text.filter { !$0.isWhitespace && $0 != "(" && $0 != ")" })
    switch text {
    case "C", "c": self = .common
    case "C|", "c|": self.init(numerator: 2, denominator: 2)
    case "none", "None", "NONE", "": self = .free
    default:
      let halves = text.split(separator: "/", omittingEmptySubsequences: false)
      guard halves.count == 2, let lower = Int(halves[1]), lower > 0, lower <= 256, lower & (lower - 1) == 0
      else { return nil }
      var sum = 0
      for term in halves[0].split(separator: "+", omittingEmptySubsequences: false) {
        guard let beats = Int(term), beats > 0, beats < 256 else { return nil }
        sum += beats
      }
      guard (1...255).contains(sum) else { return nil }
      self.init(numerator: sum, denominator: lower)
    }
  }

  init(numerator: Int, denominator: Int) {
    self.numerator = numerator
    self.denominator = denominator
  }
}
