#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Named places where a test can have the process killed, to prove that what it leaves behind is whole.
///
/// `GRUPPETTO_FAULT=before-rename:training.safetensors` kills the process (SIGKILL) the first time it reaches the point
/// `before-rename` of a file whose path ends so; a number after a further colon counts the times first. A build for release
/// has no such places: nobody's environment ends a program there.
enum FaultInjection {
  #if DEBUG
  private struct Fault {
    var point: String
    var suffix: String
    var passes: Int
  }

  private static let fault: Fault? = {
    guard let value = getenv("GRUPPETTO_FAULT") else { return nil }
    let parts = String(cString: value).split(separator: ":", omittingEmptySubsequences: false).map(
      String.init)
    guard parts.count >= 2 else { return nil }
    return Fault(point: parts[0], suffix: parts[1], passes: parts.count > 2 ? Int(parts[2]) ?? 1 : 1)
  }()
  private nonisolated(unsafe) static var reached = 0

  static func reach(_ point: String, of path: String) {
    guard let fault, fault.point == point, path.hasSuffix(fault.suffix) else { return }
    reached += 1
    if reached >= fault.passes { kill(getpid(), SIGKILL) }
  }
  #else
  static func reach(_ point: String, of path: String) {}
  #endif
}
