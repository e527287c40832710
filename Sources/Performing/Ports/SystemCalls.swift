#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

// Calls of the system whose names our own methods have too, or that the C libraries declare differently.

func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
  read(descriptor, buffer, count)
}

func systemOpen(_ path: UnsafePointer<CChar>, _ flags: Int32) -> Int32 { open(path, flags) }

/// A socket for datagrams of IPv4.
func systemDatagramSocket() -> Int32 {
  #if canImport(Glibc)
  socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
  #else
  socket(AF_INET, SOCK_DGRAM, 0)
  #endif
}
