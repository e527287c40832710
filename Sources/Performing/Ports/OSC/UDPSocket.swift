#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Where datagrams come from or go: an IPv4 address and a port.
public struct OSCEndpoint: Sendable, Hashable, CustomStringConvertible {
  /// The address as four bytes, the first in the highest bits.
  public var address: UInt32
  /// The port; 0 lets the system choose one.
  public var port: UInt16

  /// The address of this machine that no other machine can reach.
  public static let loopback: UInt32 = 0x7F00_0001

  /// An endpoint.
  /// - Parameters:
  ///   - address: four bytes, the first in the highest bits.
  ///   - port: the port.
  public init(address: UInt32 = Self.loopback, port: UInt16) {
    self.address = address
    self.port = port
  }

  /// An endpoint as people write it.
  /// - Parameters:
  ///   - host: four numbers with points between them, or `localhost`.
  ///   - port: 0...65,535.
  /// - Throws: `PortError.unusableAddress`.
  public init(host: String, port: Int) throws(PortError) {
    let name = "\(host):\(port)"
    guard let port = UInt16(exactly: port) else {
      throw .unusableAddress(address: name, reason: "a port is a number from 0 to 65535")
    }
    self.port = port
    if host == "localhost" {
      address = Self.loopback
      return
    }
    let numbers = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
    guard numbers.count == 4, numbers.allSatisfy({ $0 != nil }) else {
      throw .unusableAddress(address: name, reason: "write the address as four numbers, such as 127.0.0.1")
    }
    address = numbers.reduce(0) { $0 << 8 | UInt32($1 ?? 0) }
  }

  /// An endpoint as people write it: `HOST:PORT`, or a port of this machine alone.
  /// - Parameter text: what they wrote.
  /// - Throws: `PortError.unusableAddress`.
  public init(_ text: String) throws(PortError) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard let last = parts.last, let port = Int(last), parts.count <= 2 else {
      throw .unusableAddress(address: text, reason: "write HOST:PORT, such as 127.0.0.1:9000")
    }
    try self.init(host: parts.count == 2 ? String(parts[0]) : "localhost", port: port)
  }

  /// As people write it.
  public var description: String {
    "\(address >> 24).\(address >> 16 & 0xFF).\(address >> 8 & 0xFF).\(address & 0xFF):\(port)"
  }

  fileprivate init(_ address: sockaddr_in) {
    self.address = UInt32(bigEndian: address.sin_addr.s_addr)
    port = UInt16(bigEndian: address.sin_port)
  }

  fileprivate var system: sockaddr_in {
    var result = sockaddr_in()
    result.sin_family = sa_family_t(AF_INET)
    result.sin_port = port.bigEndian
    result.sin_addr.s_addr = address.bigEndian
    return result
  }
}

/// A socket for datagrams. Any thread may send; one receives.
final class UDPSocket: Sendable {
  let descriptor: Int32
  /// Where it is bound.
  let endpoint: OSCEndpoint

  /// - Parameter endpoint: where to receive.
  init(bound endpoint: OSCEndpoint) throws(PortError) {
    let descriptor = systemDatagramSocket()
    guard descriptor >= 0 else { throw .noResources(reason: portMessage(errno)) }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    var address = endpoint.system
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
    }
    guard status == 0 else {
      let failure = errno
      systemClose(descriptor)
      throw .unusableAddress(address: "\(endpoint)", reason: portMessage(failure))
    }
    var (bound, length) = (sockaddr_in(), size)
    withUnsafeMutablePointer(to: &bound) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(descriptor, $0, &length) }
    }
    self.descriptor = descriptor
    self.endpoint = OSCEndpoint(bound)
  }

  deinit { systemClose(descriptor) }

  /// The next datagram, without waiting; nil where there is none.
  func receive(into buffer: UnsafeMutableRawBufferPointer) -> (count: Int, sender: OSCEndpoint)? {
    var (sender, length) = (sockaddr_in(), socklen_t(MemoryLayout<sockaddr_in>.size))
    while true {
      let count = withUnsafeMutablePointer(to: &sender) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          recvfrom(descriptor, buffer.baseAddress, buffer.count, 0, $0, &length)
        }
      }
      if count >= 0 { return (count, OSCEndpoint(sender)) }
      // That an earlier datagram of ours reached nobody is told here, and is of no concern.
      guard errno == EINTR || errno == ECONNREFUSED else { return nil }
    }
  }

  /// Sends a datagram.
  /// - Returns: whether the system took it.
  func send(_ bytes: [UInt8], to endpoint: OSCEndpoint) -> Bool {
    var address = endpoint.system
    for _ in 0..<3 {
      let count = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          sendto(
            descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), $0,
            socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      if count == bytes.count { return true }
      guard errno == EINTR || errno == ECONNREFUSED else { return false }
    }
    return false
  }
}

extension PerformanceTime {
  /// The moment of a tag; now where that is over or means at once.
  /// - Parameters:
  ///   - tag: the tag.
  ///   - now: this moment.
  ///   - clock: the clock of the day at this moment. It may be set while a performance goes on, and so is read for each datagram.
  init(_ tag: OSCTimeTag, now: PerformanceTime, clock: Int64) {
    guard tag != .immediately else {
      self = now
      return
    }
    let ahead = tag.unixNanoseconds - clock
    self = PerformanceTime(nanoseconds: now.nanoseconds + max(0, ahead))
  }
}

extension OSCTimeTag {
  /// The tag of a moment.
  /// - Parameter time: the moment.
  public init(_ time: PerformanceTime) {
    self.init(unixNanoseconds: clockOfTheDay() + time.nanoseconds - PerformanceTime.now.nanoseconds)
  }
}

/// The clock of the day, in nanoseconds since the beginning of 1970.
func clockOfTheDay() -> Int64 {
  var time = timespec()
  clock_gettime(CLOCK_REALTIME, &time)
  return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}
