/// The tempo of a `Q:` field (ABC 2.1, sections 3.1.8 and 10.1).
enum ABCTempo {
  /// Microseconds in a quarter note; nil if the field only has words or cannot be read (`isEmpty` tells which).
  /// - Parameter unitLength: the `L:` in force, in grains, for the old forms `Q:120` and `Q:C3=40`.
  static func read(_ text: String, unitLength: Int) -> (microsecondsPerQuarter: Int?, isUnderstood: Bool) {
    var words = ""
    var isQuoted = false
    var sawQuotes = false
    for character in text {
      if character == "\"" {
        isQuoted.toggle()
        sawQuotes = true
      } else if !isQuoted {
        words.append(character)
      }
    }
    let halves = words.split(separator: "=", omittingEmptySubsequences: false).map { trimmed($0) }
    if halves == [""] { return (nil, sawQuotes || text.isEmpty) }
    guard let last = halves.last, let beats = Double(last), beats > 0, beats < 10_000, halves.count <= 2
    else {
      return (nil, false)
    }
    var beatLength = Double(unitLength)
    if halves.count == 2 {
      guard let length = length(halves[0], unitLength: unitLength) else { return (nil, false) }
      beatLength = length
    }
    let microseconds = 60_000_000 / (beats * beatLength / Double(ABCTime.quarter))
    return (Int(min(max(microseconds.rounded(), 1), 16_777_215)), true)
  }

  /// `3/8`, `1/4 3/8 1/4` (their sum), `C`, `C3`, `L`: in grains.
  private static func length(_ text: String, unitLength: Int) -> Double? {
    var sum = 0.0
    for word in text.split(separator: " ") {
      if let first = word.first, first == "C" || first == "L" || first == "c" {
        let count = word.dropFirst()
        guard let units = count.isEmpty ? 1 : Double(count), units > 0 else { return nil }
        sum += units * Double(unitLength)
      } else {
        let halves = word.split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count <= 2, let upper = Double(halves[0]),
          let lower = halves.count == 2 ? Double(halves[1]) : 1, upper > 0, lower > 0
        else { return nil }
        sum += upper / lower * Double(ABCTime.whole)
      }
    }
    return sum > 0 && sum.isFinite ? sum : nil
  }

  private static func trimmed(_ text: Substring) -> String {
    var text = text
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }
}
