#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Addresses that the system keeps free and backs with memory only where they are touched.
enum AddressSpace {
  /// `byteCount` bytes of them, which read as 0; the system does not ask whether it has as much memory.
  static func reserve(byteCount: Int) -> UnsafeMutableRawPointer {
    let memory = mmap(
      nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    guard let memory, memory != MAP_FAILED else {
      preconditionFailure("the system has no \(byteCount) addresses (error \(errno))")
    }
    return memory
  }

  /// Gives back what `reserve` gave.
  static func release(_ memory: UnsafeMutableRawPointer, byteCount: Int) { munmap(memory, byteCount) }
}
