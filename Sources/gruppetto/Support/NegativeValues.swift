/// Negative numbers on the command line, which the parser would read as names of options.
enum NegativeValues {
  /// The arguments with `--bars -1` as `--bars=-1`, so that the option itself checks the value.
  static func joined(to arguments: [String]) -> [String] {
    var result: [String] = []
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      if argument == "--" { return result + [argument] + rest }
      if argument.hasPrefix("--"), !argument.contains("="), let value = rest.first, isNegativeNumber(value) {
        result.append("\(argument)=\(rest.removeFirst())")
      } else {
        result.append(argument)
      }
    }
    return result
  }

  private static func isNegativeNumber(_ text: String) -> Bool { text.hasPrefix("-") && Double(text) != nil }
}
