#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Moments of a performance on the system's monotonic clock, in nanoseconds: what comes in, what goes out and what sounds
/// are told apart by it.
public struct PerformanceTime: Sendable, Hashable, Comparable {
  /// Nanoseconds since an arbitrary moment that is the same for the whole system until it is started again (`CLOCK_MONOTONIC`).
  public var nanoseconds: Int64

  /// A moment.
  public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// This moment.
  public static var now: PerformanceTime {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return PerformanceTime(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }

  /// Seconds from another moment to this one.
  public func seconds(since other: PerformanceTime) -> Double {
    Double(nanoseconds - other.nanoseconds) / 1e9
  }

  /// The moment that many seconds later.
  public func advanced(bySeconds seconds: Double) -> PerformanceTime {
    PerformanceTime(nanoseconds: nanoseconds + Int64((seconds * 1e9).rounded()))
  }

  /// Earlier moments come first.
  public static func < (first: PerformanceTime, second: PerformanceTime) -> Bool {
    first.nanoseconds < second.nanoseconds
  }
}
