#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// How much memory this process has in use, in bytes.
package struct ProcessMemory {
  /// What is resident now.
  package let current: Int
  /// The most that was resident at any time: what `getrusage` tells as `ru_maxrss`.
  package let peak: Int

  /// How much memory the machine has, in bytes.
  package static var ofMachine: Int { sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)) }

  /// Asks the system.
  /// - Throws: `FileError` where `/proc/self/status` does not tell.
  package init() throws(FileError) {
    let path = "/proc/self/status"
    let lines = try Self.text(of: path).split(separator: "\n")
    func bytes(_ name: String) throws(FileError) -> Int {
      let line = lines.first { $0.hasPrefix(name + ":") } ?? ""
      let words = line.split { $0 == " " || $0 == "\t" }
      guard words.count > 1, let kilobytes = Int(words[1]) else {
        throw .unreadable(path: path, reason: "it does not tell \(name)")
      }
      return kilobytes * 1024
    }
    current = try bytes("VmRSS")
    peak = try bytes("VmHWM")
  }

  /// The text of a file that the system writes as it is read, so that it has no size before.
  private static func text(of path: String) throws(FileError) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .unreadable(path: path, reason: "it cannot be opened") }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(descriptor, &part, part.count)
      guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
      bytes += part[..<count]
    }
  }
}
