internal import Performing

/// Opens ports by the names that `--in`, `--out` and `--midi` take.
///
/// Clients whose ports go both ways have one port of each direction, however often they are named: further names are further connections of
/// that port.
struct NamedPorts {
  /// Tells that a server has ended, and that it is back.
  private let common: CommonOptions
  private var sequencer: ALSASequencer?
  private var jack: JACKClient?
  private var opened: Set<String> = []

  /// - Parameter common: Tells what becomes of a server that ports are of.
  init(_ common: CommonOptions) { self.common = common }

  /// Opens an input.
  /// - Parameter name: `-`, `alsa`, `alsa:NAME`, `jack`, a raw device, or the path of a FIFO, which is made where it is missing.
  /// - Returns: The input; nil where it is open already.
  /// - Throws: `PortError`.
  mutating func input(_ name: String) throws -> (any MessageInput)? {
    switch name {
    case "-": try ByteStreamInput.standardInput()
    case "jack": try jackInput()
    case _ where Self.isSequencer(name): try sequencerInput(name)
    case _ where Self.isRawDevice(name):
      try ByteStreamInput(rawDevice: name, encoding: name.contains("/umpC") ? .universalPackets : .midi1)
    default: try ByteStreamInput(fifo: name, creates: true)
    }
  }

  /// Opens an output; as `input(_:)`.
  mutating func output(_ name: String) throws -> (any MessageOutput)? {
    switch name {
    case "-": ByteStreamOutput.standardOutput()
    case "jack": try jackOutput()
    case _ where Self.isSequencer(name): try sequencerOutput(name)
    case _ where Self.isRawDevice(name): try ByteStreamOutput(rawDevice: name)
    default: try ByteStreamOutput(fifo: name, creates: true)
    }
  }

  private static func isSequencer(_ name: String) -> Bool {
    name == "alsa" || name.hasPrefix("alsa:") || isAddress(name)
  }

  /// Whether it is the address of a port of the sequencer, as `aplaymidi -l` shows it: `20:0`.
  private static func isAddress(_ name: String) -> Bool {
    let parts = name.split(separator: ":", omittingEmptySubsequences: false)
    return parts.count == 2 && parts.allSatisfy { !$0.isEmpty && $0.allSatisfy { ("0"..."9").contains($0) } }
  }

  private static func isRawDevice(_ name: String) -> Bool {
    name.hasPrefix("hw:") || name == "virtual" || name.hasPrefix("/dev/")
  }

  /// The sequencer's client, connected to another in one direction where a name says so.
  private mutating func sequencer(
    _ name: String, _ direction: ALSASequencer.Direction
  ) throws -> ALSASequencer {
    let client = try sequencer ?? ALSASequencer()
    sequencer = client
    if name.hasPrefix("alsa:") {
      try client.connect(String(name.dropFirst(5)), direction)
    } else if Self.isAddress(name) {
      try client.connect(name, direction)
    }
    return client
  }

  private mutating func jackClient() throws -> JACKClient {
    if let jack { return jack }
    let client = try JACKClient.sharedClient()
    jack = client
    // Where JACK plays the sound too, that is told of.
    if !JACKClient.expectsSound {
      client.watchServer { [common] isBack in
        common.remark(
          isBack
            ? "the JACK server is back, and its ports are connected as before"
            : "the JACK server has ended; it is waited for, and nothing comes and goes through its ports until it is back"
        )
      }
    }
    return client
  }

  private mutating func sequencerInput(_ name: String) throws -> (any MessageInput)? {
    let client = try sequencer(name, .input)
    return opened.insert("alsa in").inserted ? try client.input() : nil
  }

  private mutating func sequencerOutput(_ name: String) throws -> (any MessageOutput)? {
    let client = try sequencer(name, .output)
    return opened.insert("alsa out").inserted ? try client.output() : nil
  }

  private mutating func jackInput() throws -> (any MessageInput)? {
    let client = try jackClient()
    return opened.insert("jack in").inserted ? client.input() : nil
  }

  private mutating func jackOutput() throws -> (any MessageOutput)? {
    let client = try jackClient()
    return opened.insert("jack out").inserted ? client.output() : nil
  }
}
