#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Ends the program where the system gives no memory: one line on standard error, exit code 70, no temporary files left.
///
/// No caller could do better: no caller can continue without the memory, an error would have to pass through every initializer
/// that makes a buffer, and Swift's own allocation ends the process too, by a trap.
package func endForLackOfMemory(byteCount: Int?) -> Never {
  let program = CommandLine.arguments.first?.split(separator: "/").last ?? "program"
  let amount = byteCount.map { "\($0 >> 20) MB requested" } ?? "an allocation failed"
  let isTerminal = isatty(STDERR_FILENO) == 1
  let line =
    // The line of a progress display that is there goes.
    (isTerminal ? "\r\u{1B}[K" : "")
    + "\(program): out of memory (\(amount)); use a smaller network, batch or file, or a machine with more memory\n"
  var bytes = Array(line.utf8)[...]
  while !bytes.isEmpty {
    let written = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    guard written > 0 else { break }
    bytes = bytes.dropFirst(written)
  }
  TemporaryFiles.removeAll()
  // Other threads may be at work, which what runs at a regular exit would disturb.
  _exit(FailureKind.internalFault.exitCode)
}
