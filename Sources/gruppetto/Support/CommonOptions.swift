internal import ArgumentParser
internal import Arithmetic
internal import Audio
internal import Foundation
internal import Groundwork

/// Options that every command has.
struct CommonOptions: ParsableArguments {
  @Flag(help: "Print the result to standard output as one JSON object.")
  var json = false

  @Flag(help: "Show no progress and no remarks.")
  var quiet = false

  /// The handler for library calls that take long.
  var progress: ProgressHandler? { ProgressLine.shared.handler(quiet: quiet) }

  /// Prints a remark, which is no result, to standard error; not with --quiet.
  func remark(_ text: String) {
    guard !quiet else { return }
    ProgressLine.shared.clear()
    PlayerLine.shared.clear()
    Console.printError(text)
  }

  /// Remarks that a sound file ends before the sound that its header promises does.
  /// - Parameters:
  ///   - name: The file.
  ///   - missing: What is not there; nil is not remarked on.
  ///   - sampleRate: Frames in a second.
  func remarkCutShort(_ name: String, missing: MissingSound?, sampleRate: Double) {
    switch missing {
    case .frames(let count):
      let seconds = Readable.decimal(Double(count) / sampleRate, 2)
      remark("\(name): is cut short; its header promises \(seconds) more seconds of sound")
    case .end: remark("\(name): is cut short; its end is missing, and nobody can tell how much of it")
    case nil: break
    }
  }

  /// Prints the result in the form that was requested.
  func report(_ value: some Encodable, text: () -> String) throws {
    ProgressLine.shared.clear()
    PlayerLine.shared.clear()
    if json { try Console.printJSON(value) } else { try Console.print(text()) }
  }
}

/// How many threads a command may use.
struct ThreadOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Number of threads (default: one for each core).", valueName: "n"))
  var threads: Int?

  func validate() throws {
    if let threads, threads < 1 {
      throw ValidationError("--threads is a number from 1, not \(threads).")
    }
  }

  /// Never more than there are cores: results do not depend on it, and more threads than cores only delay each other.
  var count: Int {
    let cores = ThreadTeam.processorCount
    return min(threads ?? cores, cores)
  }
}

/// The seed of all random choices.
struct SeedOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Random seed; the same seed gives the same result (default: a new one, which is printed).",
      valueName: "n"
    ),
    transform: Self.seed)
  var seed: UInt64?

  /// The seed that `text` stands for.
  static func seed(_ text: String) throws -> UInt64 {
    guard let seed = UInt64(text) else {
      throw ValidationError("a seed is a whole number from 0 to \(UInt64.max)")
    }
    return seed
  }

  /// The seed that was given, or a new one from the system that is short enough to type.
  func drawn() -> UInt64 { seed ?? UInt64.random(in: 1...999_999) }
}
