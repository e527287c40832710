internal import ArgumentParser
internal import Groundwork
internal import Performing

/// Where a live performance listens and plays.
struct LivePortOptions: ParsableArguments {
  @Option(
    name: .customLong("in"),
    help: ArgumentHelp(
      "Where the player's notes come from: alsa (the sequencer's port gruppetto:in), alsa:NAME (the same, connected to that client), 20:0 (connected to that port of the sequencer), jack, a raw device (hw:1,0 or /dev/snd/...), the path of a FIFO, which is made where it is missing, or - for standard input (default: alsa).",
      valueName: "port"))
  var inputs: [String] = []

  @Option(
    name: .customLong("out"),
    help: ArgumentHelp(
      "Where the answers go beside the sound: as --in, the sequencer's port being gruppetto:out (default: alsa, where --in is).",
      valueName: "port"))
  var outputs: [String] = []

  @Option(
    help: ArgumentHelp(
      "Listen to OSC at this UDP port of this machine too, and send what is played to its subscribers.",
      valueName: "number"))
  var osc: Int?

  @Flag(
    help:
      "Send a MIDI clock with start, stop and song position to the ports of --out too, where the beat is known: with --accompany, --clock or --turns."
  )
  var sendClock = false

  @Flag(
    help:
      "End when the inputs do, once what was played is answered, as with standard input alone; otherwise, a FIFO waits for the next writer."
  )
  var untilEnd = false

  /// Whether the performance ends with its inputs: where that is asked for, and where there is standard input alone, which does not come back.
  var endsWithInput: Bool { untilEnd || (osc == nil && !inputs.isEmpty && inputs.allSatisfy { $0 == "-" }) }

  func validate() throws {
    if let osc, !(1...65_535).contains(osc) {
      throw ValidationError("--osc is a port from 1 to 65535, not \(osc).")
    }
    guard inputs.count(where: { $0 == "-" }) <= 1 else {
      throw ValidationError("--in - can be given only once.")
    }
    guard outputs.count(where: { $0 == "-" }) <= 1 else {
      throw ValidationError("--out - can be given only once.")
    }
    guard !sendClock || !outputs.isEmpty || inputs.isEmpty && osc == nil else {
      throw ValidationError("--send-clock needs --out PORT, which the clock is sent to.")
    }
    guard !untilEnd || osc == nil || !inputs.isEmpty else {
      throw ValidationError("--until-end needs --in beside --osc, which has no end.")
    }
  }

  /// Opens the OSC server, if one is asked for.
  /// - Parameter remote: Takes what another program asks for.
  /// - Throws: `PortError`.
  func openOSC(_ remote: LiveRemote) throws -> OSCServer? {
    guard let osc else { return nil }
    return try OSCServer(endpoint: OSCEndpoint(port: UInt16(clamping: osc))) { action, _ in
      remote.handle(action)
    }
  }

  /// Opens all inputs and outputs.
  /// - Parameter common: Tells what becomes of a server that they are of.
  /// - Throws: `PortError`: for the sequencer with words for what there is beside it.
  func open(_ common: CommonOptions) throws -> (inputs: [any MessageInput], outputs: [any MessageOutput]) {
    let usesSequencer = inputs.isEmpty && osc == nil
    let inputs = usesSequencer ? ["alsa"] : inputs
    let outputs = usesSequencer && outputs.isEmpty ? ["alsa"] : outputs
    var ports = NamedPorts(common)
    return try (inputs.compactMap { try ports.input($0) }, outputs.compactMap { try ports.output($0) })
  }
}
