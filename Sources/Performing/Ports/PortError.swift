public import Groundwork

/// What can go wrong with a port that messages come in or go out through.
public enum PortError: DiagnosableError, Equatable {
  /// A FIFO, a device or a file cannot be opened; `reason` is the system's word for why.
  case unopenable(name: String, reason: String)
  /// Nothing is at the path of a FIFO that messages are to go out through, or it cannot be opened; `reason` is the system's word for why.
  case unwritable(path: String, reason: String)
  /// There is something at the path, and it is neither a FIFO nor a device.
  case notAPort(path: String)
  /// The port stopped working.
  case failed(name: String, reason: String)
  /// Nobody reads any more what goes out.
  case readerGone(name: String)
  /// A raw MIDI device cannot be opened; `others` are the names of those that there are.
  case noRawDevice(name: String, reason: String, others: [String])
  /// The kernel has no ALSA sequencer.
  case noSequencer(reason: String)
  /// The user may not use what there is; `name` says what.
  case forbidden(name: String)
  /// There is a port of the name, and it cannot be connected.
  case unsuitablePort(name: String, reason: String)
  /// No port of the ALSA sequencer or of JACK has the name; `others` are the names of those that there are.
  case noSuchPort(name: String, others: [String])
  /// libjack is not installed, or lacks a function.
  case noJACKLibrary(reason: String)
  /// No JACK server can be reached.
  case noJACKServer(reason: String)
  /// A network address or port cannot be used.
  case unusableAddress(address: String, reason: String)
  /// The system gives no further thread or descriptor.
  case noResources(reason: String)

  /// Which kind of failure it is.
  public var kind: FailureKind {
    switch self {
    case .unopenable, .notAPort, .noRawDevice, .noSequencer, .forbidden, .noSuchPort, .unsuitablePort,
      .noJACKLibrary, .noJACKServer:
      .missingInput
    case .failed, .readerGone, .unusableAddress, .unwritable: .cannotWrite
    case .noResources: .internalFault
    }
  }

  /// What is wrong, and what can be done.
  public var message: String {
    switch self {
    case .unopenable(let name, let reason): "\(name): cannot be opened (\(reason))"
    case .unwritable(let path, let reason):
      "\(path): MIDI cannot be sent there (\(reason)); make a FIFO by `mkfifo \(path)`, and let another program read from it"
    case .notAPort(let path):
      "\(path): is neither a FIFO nor a MIDI device; make a FIFO by mkfifo, or choose another name"
    case .failed(let name, let reason): "\(name): stopped working (\(reason))"
    case .readerGone(let name): "\(name): cannot be written (\(FileError.nobodyReads))"
    case .noRawDevice(let name, let reason, let others):
      "the MIDI device “\(name)” cannot be opened (\(reason)); "
        + (others.isEmpty ? "no MIDI device was found" : "there are \(others.joined(separator: ", "))")
    case .noSequencer(let reason):
      "there is no ALSA sequencer here (\(reason)); load it by modprobe snd-seq, or use a raw MIDI device (hw:1,0), a FIFO, "
        + "OSC or JACK, which work without it"
    case .forbidden(let name):
      "\(name) may not be used by this user; join the group audio (sudo usermod -aG audio USER), then log in again"
    case .unsuitablePort(let name, let reason):
      "the MIDI port “\(name)” cannot be connected (\(reason)); aconnect -l lists ports and their directions"
    case .noSuchPort(let name, let others):
      "no MIDI port is called “\(name)”; "
        + (others.isEmpty ? "there are none" : "there are \(others.joined(separator: ", "))")
    case .noJACKLibrary(let reason):
      "JACK is not installed (\(reason)); install libjack-jackd2-0 or PipeWire's pipewire-jack, or play through ALSA"
    case .noJACKServer(let reason):
      "no JACK server can be reached (\(reason)); start jackd or PipeWire, or play through ALSA"
    case .unusableAddress(let address, let reason): "\(address): cannot be used (\(reason))"
    case .noResources(let reason): "the system has nothing left to open a port with (\(reason))"
    }
  }

  /// The path of a FIFO or device that cannot be opened.
  public var file: String? {
    switch self {
    case .unopenable(let name, _), .failed(let name, _): name.hasPrefix("/") ? name : nil
    case .notAPort(let path), .unwritable(let path, _): path
    default: nil
    }
  }
}
