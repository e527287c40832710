internal import ArgumentParser
internal import Composing

/// How long new music is; shared by `generate` and `continue`.
struct LengthOption: ParsableArguments {
  @Option(help: ArgumentHelp("Number of new bars (default: the model decides).", valueName: "n"))
  var bars: Int?

  func validate() throws {
    if let bars, !(1...Composer.mostBars).contains(bars) {
      throw ValidationError("--bars is a number from 1 to \(Composer.mostBars), not \(bars).")
    }
  }
}

/// How long a new piece is, or which bars of one are written anew.
struct ChosenBarsOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Number of new bars (default: the model decides); with --fill, which bars, such as 9-12 (default: all).",
      valueName: "n"))
  var bars: BarsArgument?

  func validate() throws {
    if let bars, !bars.ranges.allSatisfy({ $0.lowerBound >= 1 && $0.upperBound <= Composer.mostBars }) {
      throw ValidationError("--bars is a number from 1 to \(Composer.mostBars), not \(bars.text).")
    }
  }
}

/// Music that a new piece goes on from.
struct PrimerOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Music that the new piece follows; the primer itself is not written.", valueName: "file"))
  var primer: String?

  @OptionGroup var piece: PieceOption
}

/// A page on which a piece explains itself.
struct ExplanationOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Page to write on which each note tells how surprising it is, what else could have come, what was forbidden, and what it copies.",
      valueName: "file.html"))
  var explain: String?

  /// Checks the page's name.
  /// - Parameter count: How many pieces there are.
  func check(count: Int) throws {
    guard let explain else { return }
    guard explain.lowercased().hasSuffix(".html") else {
      throw ValidationError("\(explain): the ending of a page must be .html.")
    }
    guard count == 1 else {
      throw ValidationError(
        "--explain is for one piece; drop --count, and choose a piece with --seed or --like.")
    }
  }
}
