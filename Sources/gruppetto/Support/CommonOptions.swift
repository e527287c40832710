internal import ArgumentParser
internal import Arithmetic
internal import Foundation
internal import Groundwork

/// Options that every command has.
struct CommonOptions: ParsableArguments {
  @Flag(help: "Print one JSON object to standard output, and nothing else there.")
  var json = false

  @Flag(help: "Show no progress and no remarks.")
  var quiet = false

  /// What to hand to a library call that takes long.
  var progress: ProgressHandler? { ProgressLine.shared.handler(quiet: quiet) }

  /// Says something that is no result, unless the user wants quiet.
  func remark(_ text: String) {
    guard !quiet else { return }
    ProgressLine.shared.clear()
    Console.printError(text)
  }

  /// Prints the result in the form that was asked for.
  func report(_ value: some Encodable, text: () -> String) throws {
    ProgressLine.shared.clear()
    if json { try Console.printJSON(value) } else { try Console.print(text()) }
  }
}

/// How many threads a command may use.
struct ThreadOptions: ParsableArguments {
  @Option(help: ArgumentHelp("How many threads to use (default: one for each core).", valueName: "n"))
  var threads: Int?

  func validate() throws {
    if let threads, threads < 1 {
      throw ValidationError("--threads takes a number from 1, not \(threads).")
    }
  }

  /// Never more than there are cores: results do not depend on it, and threads that wait for a core only hold others up.
  var count: Int {
    let cores = ThreadTeam.processorCount
    return min(threads ?? cores, cores)
  }
}

/// The seed of all random choices.
struct SeedOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Random seed; the same seed gives the same result (default: drawn and printed).", valueName: "n"
    ),
    transform: Self.seed)
  var seed: UInt64?

  /// The seed that `text` says.
  static func seed(_ text: String) throws -> UInt64 {
    guard let seed = UInt64(text) else {
      throw ValidationError("a seed is a whole number from 0 to \(UInt64.max)")
    }
    return seed
  }

  /// The seed that was given, or one drawn from the system's randomness that is short enough to type.
  func drawn() -> UInt64 { seed ?? UInt64.random(in: 1...999_999) }
}
