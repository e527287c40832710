internal import Groundwork

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Memory for large numbers of equal elements.
enum AlignedMemory {
  /// Zeros for `count` elements of `stride` bytes, on a 64-byte boundary or, where they are many, on that of a large page.
  /// The program ends where the system gives no memory.
  static func allocate(count: Int, stride: Int) -> UnsafeMutableRawPointer {
    let (wanted, overflows) = count.multipliedReportingOverflow(by: stride)
    guard !overflows, wanted <= Int.max - 64 else { endForLackOfMemory(byteCount: nil) }
    let bytes = max(64, (wanted + 63) / 64 * 64)
    BufferMeter.current?.count(bytes)
    let isLarge = bytes >= LargePages.size
    var memory: UnsafeMutableRawPointer?
    guard posix_memalign(&memory, isLarge ? LargePages.size : 64, bytes) == 0, let memory else {
      endForLackOfMemory(byteCount: bytes)
    }
    if isLarge { LargePages.request(memory, byteCount: bytes) }
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    return memory
  }

  /// Gives back what `allocate` gave.
  static func free(_ memory: UnsafeMutableRawPointer) {
    #if canImport(Glibc)
    Glibc.free(memory)
    #elseif canImport(Musl)
    Musl.free(memory)
    #endif
  }
}

/// Counts the memory of the buffers that a task makes; for tests of memory estimates.
package final class BufferMeter: @unchecked Sendable {
  @TaskLocal static var current: BufferMeter?

  /// How many bytes the buffers took.
  package private(set) var byteCount = 0

  private init() {}

  /// How many bytes the buffers take that `body` makes.
  package static func measure<Result>(_ body: () -> Result) -> (result: Result, byteCount: Int) {
    let meter = BufferMeter()
    return ($current.withValue(meter, operation: body), meter.byteCount)
  }

  fileprivate func count(_ bytes: Int) { byteCount += bytes }
}
