internal import ArgumentParser
internal import Foundation

/// What helps beside the parser's objection to a command line: the command that was meant, or what an option takes.
enum UsageAdvice {
  /// Words to put behind an objection; empty where there is nothing to add.
  static func words(for objection: String, in root: any ParsableCommand.Type) -> String {
    if let match = objection.firstMatch(of: /^The value '.*' is invalid for '(--[a-z-]+)/) {
      return expectations[String(match.1)].map { ": it takes \($0)" } ?? ""
    }
    if let match = objection.firstMatch(of: /^(?:Unexpected argument|\d+ unexpected arguments:) '([^']*)'/),
      let command = nearest(to: String(match.1), among: names(of: root))
    {
      return "; did you mean \(command)?"
    }
    return ""
  }

  /// What the options take whose values are of a form of their own.
  private static let expectations = [
    "--normalize":
      "a loudness from \(Int(LevelArgument.loudnesses.lowerBound)) to \(Int(LevelArgument.loudnesses.upperBound)) LUFS, or off",
    "--size-limit": "a size such as 500MB, 64kB or 1000",
    "--bars": "a number such as 16, or where a piece is changed bars such as 9-12",
    "--transpose": "a range of semitones such as -5...6, or none",
    "--attributes": "names separated by commas",
    "--programs": "pairs such as flute=74,bass=33",
    "--clip": "a number above 0, or none",
    "--clip-value": "a number above 0, or none",
    "--average": "a rate above 0 and below 1, or none",
    "--tolerance": "a share from 0 to 1, or none",
    "--validation-tokens": "a number, or none",
  ]

  private static func names(of command: any ParsableCommand.Type) -> [String] {
    let configuration = command.configuration
    let children = configuration.subcommands + configuration.groupedSubcommands.flatMap(\.subcommands)
    return children.flatMap { child in
      [child._commandName] + names(of: child).map { "\(child._commandName) \($0)" }
    }
  }

  /// The name that a word was probably meant to be: at most two letters away, and fewer than half of them.
  private static func nearest(to word: String, among names: [String]) -> String? {
    let ranked = names.map { (name: $0, distance: distance(Array(word.lowercased()), Array($0))) }
    guard let best = ranked.min(by: { $0.distance < $1.distance }),
      best.distance <= 2, 2 * best.distance < best.name.count
    else { return nil }
    return best.name
  }

  /// How many letters have to be put in, taken out or replaced (Levenshtein 1966).
  private static func distance(_ first: [Character], _ second: [Character]) -> Int {
    var row = Array(0...second.count)
    for (index, letter) in first.enumerated() {
      var diagonal = row[0]
      row[0] = index + 1
      for (place, other) in second.enumerated() {
        let replaced = diagonal + (letter == other ? 0 : 1)
        diagonal = row[place + 1]
        row[place + 1] = min(replaced, row[place] + 1, diagonal + 1)
      }
    }
    return row[second.count]
  }
}
