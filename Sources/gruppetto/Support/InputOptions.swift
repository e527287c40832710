internal import ArgumentParser
internal import Groundwork

/// The size limit of input files.
struct InputOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Largest input file, such as 500MB (default: 64MB for music, 256MB for tokens, 1GB for sound from a pipe).",
      valueName: "size"))
  var sizeLimit: ByteCount?

  /// Whether the command that runs has the option, so that an error about a file that is too large can name it.
  private(set) nonisolated(unsafe) static var areAccepted = false

  func validate() throws { Self.areAccepted = true }

  /// The limit for a file of music, in bytes.
  var music: Int { sizeLimit?.bytes ?? SizeLimit.music }
  /// The limit for a file of another kind, in bytes.
  func limit(_ standard: Int) -> Int { sizeLimit?.bytes ?? standard }
}

/// A number of bytes on the command line: `500`, `64kB`, `500MB` or `2GB`.
struct ByteCount: ExpressibleByArgument, Hashable {
  var bytes: Int

  init?(argument: String) {
    let units = [("gb", 1_000_000_000), ("mb", 1_000_000), ("kb", 1_000), ("b", 1), ("", 1)]
    let text = argument.lowercased()
    guard let (name, factor) = units.first(where: { text.hasSuffix($0.0) }),
      let count = Int(text.dropLast(name.count)), count > 0,
      case let (bytes, isTooLarge) = count.multipliedReportingOverflow(by: factor), !isTooLarge
    else { return nil }
    self.bytes = bytes
  }
}
