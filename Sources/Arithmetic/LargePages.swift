#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Pages of two megabytes. A product runs down columns of matrices whose rows are kilobytes apart, and with small pages
/// every row is another page to be looked up: that costs up to a tenth of the time.
enum LargePages {
  /// In bytes.
  static let size = 2 << 20

  /// Asks the system to back memory that begins at such a page, and that has not been touched yet, with large pages. It
  /// may not have any: then all is as it was.
  static func request(_ memory: UnsafeMutableRawPointer, byteCount: Int) {
    #if os(Linux)
    _ = madvise(memory, byteCount / size * size, Int32(MADV_HUGEPAGE))
    #endif
  }
}
