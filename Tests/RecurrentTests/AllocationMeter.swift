#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// The largest piece of memory that this thread asks for, where `Scripts/fuzz-weights` has loaded what measures it.
struct AllocationMeter {
  private let reset: @convention(c) () -> Void
  private let largest: @convention(c) () -> Int

  /// The meter; nil if it is not loaded.
  init?() {
    guard let reset = dlsym(nil, "allocation_meter_reset"),
      let largest = dlsym(nil, "allocation_meter_largest")
    else { return nil }
    self.reset = unsafeBitCast(reset, to: (@convention(c) () -> Void).self)
    self.largest = unsafeBitCast(largest, to: (@convention(c) () -> Int).self)
  }

  /// The result of `body`, and the most bytes that it asked for at once.
  func measure<Result>(_ body: () -> Result) -> (result: Result, largest: Int) {
    reset()
    let result = body()
    return (result, largest())
  }
}
