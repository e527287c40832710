internal import ArgumentParser
internal import Performing

/// Who takes part while `play` plays: ports that are sent what is heard, and programs that listen and lead through OSC.
struct PlayPortOptions: ParsableArguments {
  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "Send MIDI messages to a port when they would be heard: alsa (the sequencer's port gruppetto:out), alsa:NAME (the same, connected to that client), jack, a raw device (hw:1,0 or /dev/snd/...), the path of a FIFO, which is made where it is missing, or - for standard output. Without --device nothing is played; repeat it for several.",
      valueName: "port"))
  var midi: [String] = []

  @Flag(help: "Send a MIDI clock with start, stop and song position to the ports of --midi too.")
  var sendClock = false

  @Option(
    help: ArgumentHelp(
      "Listen to OSC at this UDP port of this machine, and send what is heard to its subscribers.",
      valueName: "number"))
  var osc: Int?

  func validate() throws {
    if let osc, !(1...65_535).contains(osc) {
      throw ValidationError("--osc is a port from 1 to 65535, not \(osc).")
    }
    guard midi.count(where: { $0 == "-" }) <= 1 else {
      throw ValidationError("--midi - can be given only once.")
    }
    guard !sendClock || !midi.isEmpty else {
      throw ValidationError("--send-clock needs --midi PORT, which the clock is sent to.")
    }
  }

  /// Whether messages go to standard output, where nothing else may go then.
  var usesOutput: Bool { midi.contains("-") }
  /// Whether anybody takes part.
  var isEmpty: Bool { midi.isEmpty && osc == nil }
}
