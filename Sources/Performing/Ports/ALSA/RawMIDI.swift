internal import Audio
internal import CALSA
internal import Groundwork

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Raw MIDI devices: a device file such as `/dev/snd/midiC1D0`, or a name of ALSA's such as `hw:1,0`.
public enum RawMIDI {
  /// The names of the devices that ALSA knows, with their descriptions in one line.
  public static func devices() -> [(name: String, summary: String)] {
    ALSAPorts.silence()
    var hints: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
    guard snd_device_name_hint(-1, "rawmidi", &hints) == 0, let hints else { return [] }
    defer { snd_device_name_free_hint(hints) }
    func value(_ key: String, _ hint: UnsafeMutableRawPointer) -> String? {
      guard let text = snd_device_name_get_hint(hint, key) else { return nil }
      defer { free(text) }
      return String(cString: text)
    }
    var devices: [(name: String, summary: String)] = []
    var index = 0
    while let hint = hints[index] {
      index += 1
      guard let name = value("NAME", hint) else { continue }
      devices.append((name, (value("DESC", hint) ?? name).split(separator: "\n").joined(separator: ", ")))
    }
    return devices
  }

  /// Why a device cannot be opened.
  /// - Parameter errorNumber: the system's number, above 0.
  static func unopened(_ name: String, _ errorNumber: Int32) -> PortError {
    // Of cards that it may not ask, ALSA reports that they are not there.
    let isHidden =
      [ENOENT, ENODEV].contains(errorNumber) && !name.hasPrefix("/") && PlaybackDevice.areForbidden
    if isHidden { return .forbidden(name: "the MIDI device “\(name)”") }
    return switch errorNumber {
    case EACCES, EPERM: .forbidden(name: "the MIDI device “\(name)”")
    // Opened without blocking, a device that is in use would be waited for.
    case EBUSY, EAGAIN: missing(name, "another program is using it")
    default: missing(name, portMessage(errorNumber))
    }
  }

  /// That there is no such device which could be used, with those that there are.
  /// - Parameter reason: why it cannot be used.
  static func missing(_ name: String, _ reason: String) -> PortError {
    .noRawDevice(name: name, reason: reason, others: devices().map(\.name).filter { $0 != name })
  }

  /// Opens a device file.
  static func open(path: String, _ flags: Int32) throws(PortError) -> Int32 {
    let descriptor = withSystemPath(path) { systemOpen($0, flags | O_NONBLOCK | O_CLOEXEC | O_NOCTTY) }
    guard descriptor >= 0 else { throw unopened(path, errno) }
    guard systemFileKind(descriptor) == S_IFCHR else {
      systemClose(descriptor)
      throw .notAPort(path: path)
    }
    return descriptor
  }
}

extension ByteStreamInput {
  /// Messages from a raw MIDI device.
  /// - Parameters:
  ///   - name: a path, or ALSA's name of it.
  ///   - encoding: how messages are written; UMP devices (`/dev/snd/umpC…`) give packets.
  /// - Throws: `PortError.noRawDevice`, or `.notAPort` where there is something else at the path.
  public convenience init(rawDevice name: String, encoding: WireEncoding = .midi1) throws(PortError) {
    if name.hasPrefix("/") {
      let descriptor = try RawMIDI.open(path: name, O_RDONLY)
      try self.init(
        name: name, source: DescriptorSource(descriptor: descriptor, name: name, isOwned: true),
        encoding: encoding)
    } else {
      try self.init(name: name, source: RawMIDISource(name), encoding: encoding)
    }
  }
}

extension ByteStreamOutput {
  /// Messages to a raw MIDI device.
  /// - Parameters:
  ///   - name: a path, or ALSA's name of it.
  ///   - usesRunningStatus: whether repeated status bytes are left out, which spares a cable of 31,250 bits a second a third.
  /// - Throws: `PortError.noRawDevice`, or `.notAPort` where there is something else at the path.
  public convenience init(rawDevice name: String, usesRunningStatus: Bool = true) throws(PortError) {
    let sink: any ByteSink
    if name.hasPrefix("/") {
      sink = DescriptorSink(
        descriptor: try RawMIDI.open(path: name, O_WRONLY), name: name, isOwned: true,
        patienceSeconds: Self.patienceSeconds)
    } else {
      sink = try RawMIDISink(name, patienceSeconds: Self.patienceSeconds)
    }
    self.init(name: name, sink: sink, usesRunningStatus: usesRunningStatus)
  }
}

/// A device that ALSA opens.
final class RawMIDISource: ByteSource {
  let descriptor: Int32
  private let name: String
  private let handle: OpaquePointer

  init(_ name: String) throws(PortError) {
    ALSAPorts.silence()
    var opened: OpaquePointer?
    let status = snd_rawmidi_open(&opened, nil, name, Int32(SND_RAWMIDI_NONBLOCK))
    guard status == 0, let handle = opened else { throw RawMIDI.unopened(name, -status) }
    var request = pollfd()
    guard snd_rawmidi_poll_descriptors(handle, &request, 1) == 1 else {
      snd_rawmidi_close(handle)
      throw RawMIDI.missing(name, "it cannot be waited for")
    }
    self.name = name
    self.handle = handle
    descriptor = request.fd
  }

  deinit { snd_rawmidi_close(handle) }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(PortError) -> ByteSourceRead {
    let count = snd_rawmidi_read(handle, buffer.baseAddress, buffer.count)
    if count > 0 { return .bytes(Int(count)) }
    if count == 0 || count == -Int(EAGAIN) || count == -Int(EINTR) { return .nothing }
    throw .failed(name: name, reason: ALSAPorts.words(Int32(clamping: count)))
  }
}

/// A device that ALSA opens.
final class RawMIDISink: ByteSink {
  private let name: String
  private let handle: OpaquePointer
  private let patienceSeconds: Double

  init(_ name: String, patienceSeconds: Double) throws(PortError) {
    ALSAPorts.silence()
    var opened: OpaquePointer?
    let status = snd_rawmidi_open(nil, &opened, name, Int32(SND_RAWMIDI_NONBLOCK))
    guard status == 0, let handle = opened else { throw RawMIDI.unopened(name, -status) }
    self.name = name
    self.handle = handle
    self.patienceSeconds = patienceSeconds
  }

  deinit { snd_rawmidi_close(handle) }

  func write(_ bytes: [UInt8]) throws(PortError) -> ByteSinkWrite {
    var done = 0
    var deadline = PerformanceTime.now.advanced(bySeconds: patienceSeconds)
    while done < bytes.count {
      let count = bytes.withUnsafeBytes {
        snd_rawmidi_write(handle, $0.baseAddress?.advanced(by: done), bytes.count - done)
      }
      if count > 0 {
        done += Int(count)
        deadline = PerformanceTime.now.advanced(bySeconds: patienceSeconds)
      } else if count == 0 || count == -Int(EAGAIN) || count == -Int(EINTR) {
        guard PerformanceTime.now < deadline else { return .dropped }
        usleep(500)
      } else {
        throw .failed(name: name, reason: ALSAPorts.words(Int32(clamping: count)))
      }
    }
    return .written
  }
}
