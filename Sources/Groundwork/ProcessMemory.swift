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

  /// How much memory this process may have, in bytes: the machine's, or less where a container or a service has a limit.
  package static var available: Int {
    min(sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)), groupLimit() ?? .max)
  }

  /// The lowest limit of the control groups that this process is in (cgroups 2, else 1), in bytes; nil where there is none.
  /// - Parameter root: the folder that holds the system's `proc` and `sys`; empty for the root of all.
  static func groupLimit(root: String = "") -> Int? {
    let groups = (try? text(of: root + "/proc/self/cgroup"))?.split(separator: "\n") ?? []
    // Of version 2 there is one line, which begins so.
    let path = groups.first { $0.hasPrefix("0::") }.map { String($0.dropFirst(3)) } ?? "/"
    var files = [root + "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
    var group = path
    while group.hasPrefix("/") {
      files.append("\(root)/sys/fs/cgroup\(group == "/" ? "" : group)/memory.max")
      guard group != "/" else { break }
      group = folderName(of: group)
    }
    return files.compactMap { file in
      (try? text(of: file)).flatMap { Int($0.filter { !$0.isWhitespace }) }
    }.min()
  }

  /// Asks the system.
  /// - Throws: `FileError` if `/proc/self/status` does not tell.
  package init() throws(FileError) {
    let path = "/proc/self/status"
    let lines = try Self.text(of: path).split(separator: "\n")
    func bytes(_ name: String) throws(FileError) -> Int {
      let line = lines.first { $0.hasPrefix(name + ":") } ?? ""
      let words = line.split { $0 == " " || $0 == "\t" }
      guard words.count > 1, let kilobytes = Int(words[1]) else {
        throw .unreadable(path: path, reason: "it has no entry \(name)")
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
