internal import Groundwork

/// The bytes of a bank: a mapped file, or memory of its own.
final class BankBytes: Sendable {
  /// The file's path, or what stands for it in errors.
  let path: String
  private let file: MappedFile?
  private nonisolated(unsafe) let copy: UnsafeMutableRawBufferPointer?

  /// Maps the file at `path`.
  init(path: String) throws(FileError) {
    self.path = path
    file = try MappedFile(path: path)
    copy = nil
  }

  /// Copies `bytes`, aligned as a mapped file is.
  init(_ bytes: [UInt8], name: String) {
    path = name
    file = nil
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, bytes.count), alignment: 64)
    memory.copyBytes(from: bytes)
    copy = UnsafeMutableRawBufferPointer(rebasing: memory[..<bytes.count])
  }

  /// All bytes; valid while this object is alive.
  var bytes: UnsafeRawBufferPointer {
    if let file { file.bytes } else { UnsafeRawBufferPointer(copy ?? .init(start: nil, count: 0)) }
  }

  deinit { copy?.deallocate() }
}
