internal import ArgumentParser
internal import Groundwork
internal import Performing

/// Where a live performance listens and plays.
struct LivePortOptions: ParsableArguments {
  @Option(
    name: .customLong("in"),
    help: ArgumentHelp(
      "Where the player's notes come from: the path of a FIFO (it is made where it is missing), or - for MIDI on standard input (several are possible).",
      valueName: "port"))
  var inputs: [String] = []

  @Option(
    name: .customLong("out"),
    help: ArgumentHelp(
      "Where the answers go beside the sound: the path of a FIFO, or - for MIDI on standard output.",
      valueName: "port"))
  var outputs: [String] = []

  @Flag(
    help: "End when the inputs do, once what was played is answered; otherwise, a FIFO waits for the next writer.")
  var untilEnd = false

  func validate() throws {
    guard inputs.count(where: { $0 == "-" }) <= 1 else { throw ValidationError("--in - can be given only once.") }
    guard outputs.count(where: { $0 == "-" }) <= 1 else { throw ValidationError("--out - can be given only once.") }
  }

  /// Opens all inputs; where none is named, nothing can be heard.
  /// - Throws: `PortError`, `UsageError`.
  func openInputs() throws -> [any MessageInput] {
    guard !inputs.isEmpty else {
      throw UsageError("name where the notes come from: --in FIFO, or --in - for standard input")
    }
    return try inputs.map { name in
      name == "-" ? try ByteStreamInput.standardInput() : try ByteStreamInput(fifo: name, creates: true)
    }
  }

  /// Opens all outputs.
  /// - Throws: `PortError`.
  func openOutputs() throws -> [any MessageOutput] {
    try outputs.map { name in
      name == "-" ? ByteStreamOutput.standardOutput() : try ByteStreamOutput(fifo: name, creates: true)
    }
  }
}
