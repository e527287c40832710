/// Negative numbers on the command line, which the parser would read as names of options.
enum NegativeValues {
  /// The arguments with `--bars -1` as `--bars=-1`, so that the option itself checks the value.
  static func joined(to arguments: [String]) -> [String] {
    var result: [String] = []
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      if argument == "--" { return result + [argument] + rest }
      if argument.hasPrefix("--"), !argument.contains("="), let value = rest.first,
        beginsWithNegativeNumber(value)
      {
        result.append("\(argument)=\(rest.removeFirst())")
      } else {
        result.append(argument)
      }
    }
    return result
  }

  /// Whether a number below 0 is given, or a range such as -2...4; no option has a name that begins with a digit.
  private static func beginsWithNegativeNumber(_ text: String) -> Bool {
    text.hasPrefix("-") && (Double(text) != nil || text.dropFirst().first?.isNumber == true)
  }
}
