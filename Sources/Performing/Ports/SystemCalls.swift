// The compiler finds the members of `stat` in whichever module it read them from first.
internal import CALSA

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

/// What kind of file a descriptor is, by `S_IFMT`; 0 where that cannot be asked.
func systemFileKind(_ descriptor: Int32) -> UInt32 {
  var status = stat()
  return fstat(descriptor, &status) == 0 ? UInt32(status.st_mode & S_IFMT) : 0
}

/// What kind of file is at a path, by `S_IFMT`; 0 where there is none.
func systemFileKind(at path: UnsafePointer<CChar>) -> UInt32 {
  var status = stat()
  return stat(path, &status) == 0 ? UInt32(status.st_mode & S_IFMT) : 0
}

/// A socket for datagrams of IPv4.
func systemDatagramSocket() -> Int32 {
  #if canImport(Glibc)
  socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
  #else
  socket(AF_INET, SOCK_DGRAM, 0)
  #endif
}
