#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// The functions of libjack that are used, found when the program first asks for them: it runs where JACK is not installed.
///
/// The types are those of `jack/jack.h`, `jack/midiport.h` and `jack/transport.h` of JACK 2, whose binary interface PipeWire's library shares: clients
/// and ports are opaque, flags and states are 32 bits wide, except those of ports, which are a C `unsigned long`.
struct JACKLibrary: Sendable {
  typealias Client = OpaquePointer
  typealias Port = OpaquePointer
  typealias Context = UnsafeMutableRawPointer
  typealias ProcessCallback = @convention(c) (UInt32, Context?) -> Int32
  typealias ShutdownCallback = @convention(c) (Context?) -> Void
  typealias TimebaseCallback =
    @convention(c) (UInt32, UInt32, UnsafeMutableRawPointer?, Int32, Context?) -> Void
  typealias MessageCallback = @convention(c) (UnsafePointer<CChar>?) -> Void

  /// Variadic in C: the last argument is the server's name, where the options say that there is one.
  let open:
    @convention(c) (UnsafePointer<CChar>, UInt32, UnsafeMutablePointer<UInt32>, UnsafePointer<CChar>?) ->
      Client?
  let close: @convention(c) (Client) -> Int32
  let activate: @convention(c) (Client) -> Int32
  let deactivate: @convention(c) (Client) -> Int32
  let clientName: @convention(c) (Client) -> UnsafePointer<CChar>?
  let setProcess: @convention(c) (Client, ProcessCallback, Context?) -> Int32
  let onShutdown: @convention(c) (Client, ShutdownCallback, Context?) -> Void
  let sampleRate: @convention(c) (Client) -> UInt32
  let bufferSize: @convention(c) (Client) -> UInt32
  let register: @convention(c) (Client, UnsafePointer<CChar>, UnsafePointer<CChar>, UInt, UInt) -> Port?
  let portBuffer: @convention(c) (Port, UInt32) -> UnsafeMutableRawPointer?
  let portName: @convention(c) (Port) -> UnsafePointer<CChar>?
  let connect: @convention(c) (Client, UnsafePointer<CChar>, UnsafePointer<CChar>) -> Int32
  let ports:
    @convention(c) (Client, UnsafePointer<CChar>?, UnsafePointer<CChar>?, UInt) -> UnsafeMutablePointer<
      UnsafePointer<CChar>?
    >?
  /// The full names of the ports that one of the client's own is connected with.
  let connections: @convention(c) (Port) -> UnsafeMutablePointer<UnsafePointer<CChar>?>?
  let free: @convention(c) (UnsafeMutableRawPointer?) -> Void
  let midiCount: @convention(c) (UnsafeMutableRawPointer) -> UInt32
  /// The event comes first, then the port.
  let midiGet: @convention(c) (UnsafeMutableRawPointer, UnsafeMutableRawPointer, UInt32) -> Int32
  let midiClear: @convention(c) (UnsafeMutableRawPointer) -> Void
  let midiWrite: @convention(c) (UnsafeMutableRawPointer, UInt32, UnsafeRawPointer, Int) -> Int32
  let lastFrame: @convention(c) (Client) -> UInt32
  let microseconds: @convention(c) (Client, UInt32) -> UInt64
  let frame: @convention(c) (Client, UInt64) -> UInt32
  let now: @convention(c) () -> UInt64
  let transport: @convention(c) (Client, UnsafeMutableRawPointer?) -> UInt32
  let startTransport: @convention(c) (Client) -> Void
  let stopTransport: @convention(c) (Client) -> Void
  let locate: @convention(c) (Client, UInt32) -> Int32
  let setTimebase: @convention(c) (Client, Int32, TimebaseCallback, Context?) -> Int32

  private static let loaded = Guarded<Result<JACKLibrary, PortError>?>(nil)

  /// The library; it stays for as long as the program runs.
  /// - Throws: `PortError.noJACKLibrary`.
  static func load() throws(PortError) -> JACKLibrary {
    let result = loaded.withLock { loaded in
      if let loaded { return loaded }
      let result = Result { () throws(PortError) in try JACKLibrary(name: "libjack.so.0") }
      loaded = result
      return result
    }
    return try result.get()
  }

  /// - Parameter name: the library's file name, or its path.
  init(name: String) throws(PortError) {
    guard let handle = dlopen(name, RTLD_NOW | RTLD_LOCAL) else {
      throw .noJACKLibrary(reason: dlerror().map { String(cString: $0) } ?? "\(name) cannot be loaded")
    }
    let symbols = Symbols(handle: handle)
    open = try symbols.function("jack_client_open")
    close = try symbols.function("jack_client_close")
    activate = try symbols.function("jack_activate")
    deactivate = try symbols.function("jack_deactivate")
    clientName = try symbols.function("jack_get_client_name")
    setProcess = try symbols.function("jack_set_process_callback")
    onShutdown = try symbols.function("jack_on_shutdown")
    sampleRate = try symbols.function("jack_get_sample_rate")
    bufferSize = try symbols.function("jack_get_buffer_size")
    register = try symbols.function("jack_port_register")
    portBuffer = try symbols.function("jack_port_get_buffer")
    portName = try symbols.function("jack_port_name")
    connect = try symbols.function("jack_connect")
    ports = try symbols.function("jack_get_ports")
    connections = try symbols.function("jack_port_get_connections")
    free = try symbols.function("jack_free")
    midiCount = try symbols.function("jack_midi_get_event_count")
    midiGet = try symbols.function("jack_midi_event_get")
    midiClear = try symbols.function("jack_midi_clear_buffer")
    midiWrite = try symbols.function("jack_midi_event_write")
    lastFrame = try symbols.function("jack_last_frame_time")
    microseconds = try symbols.function("jack_frames_to_time")
    frame = try symbols.function("jack_time_to_frames")
    now = try symbols.function("jack_get_time")
    transport = try symbols.function("jack_transport_query")
    startTransport = try symbols.function("jack_transport_start")
    stopTransport = try symbols.function("jack_transport_stop")
    locate = try symbols.function("jack_transport_locate")
    setTimebase = try symbols.function("jack_set_timebase_callback")
    // It prints by itself what its calls return as well.
    let setError: @convention(c) (MessageCallback) -> Void = try symbols.function("jack_set_error_function")
    let setInfo: @convention(c) (MessageCallback) -> Void = try symbols.function("jack_set_info_function")
    setError { _ in }
    setInfo { _ in }
  }

  private struct Symbols {
    let handle: UnsafeMutableRawPointer

    /// The function of this name. Its type is what the header says; nothing can check that.
    func function<Function>(
      _ name: String, as type: Function.Type = Function.self
    ) throws(PortError) -> Function {
      guard let symbol = dlsym(handle, name) else { throw .noJACKLibrary(reason: "libjack lacks \(name)") }
      return unsafeBitCast(symbol, to: type)
    }
  }

  /// The names of the server's ports of a kind.
  func portNames(_ client: Client, type: String, flags: UInt) -> [String] {
    names(ports(client, nil, type, flags))
  }

  /// The names of a list that the library has made, which is freed.
  func names(_ list: UnsafeMutablePointer<UnsafePointer<CChar>?>?) -> [String] {
    guard let list else { return [] }
    defer { free(list) }
    var names: [String] = []
    while let name = list[names.count] { names.append(String(cString: name)) }
    return names
  }

  /// Types of ports.
  static let audioType = "32 bit float mono audio"
  static let midiType = "8 bit raw midi"
  /// Flags of ports.
  static let isInput: UInt = 1
  static let isOutput: UInt = 2
  static let isPhysical: UInt = 4
  /// Options of `open`: no server is started, and which one is meant.
  static let startsNoServer: UInt32 = 1
  static let namesServer: UInt32 = 4
}
