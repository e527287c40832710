/// Some of the 128 keys.
struct KeySet: Hashable, BitwiseCopyable {
  private var low: UInt64 = 0
  private var high: UInt64 = 0

  static let none = KeySet()
  static let all = KeySet(low: .max, high: .max)

  init() {}

  private init(low: UInt64, high: UInt64) {
    self.low = low
    self.high = high
  }

  mutating func insert(_ key: Int) {
    if key < 64 { low |= 1 << UInt64(key & 63) } else { high |= 1 << UInt64(key & 63) }
  }

  func contains(_ key: Int) -> Bool { (key < 64 ? low : high) >> UInt64(key & 63) & 1 != 0 }

  func intersects(_ keys: ClosedRange<Int>) -> Bool {
    for key in max(0, keys.lowerBound)...max(0, min(127, keys.upperBound)) where contains(key) { return true }
    return false
  }

  /// The lowest key; nil if there is none.
  var first: Int? {
    if low != 0 { return low.trailingZeroBitCount }
    return high == 0 ? nil : 64 + high.trailingZeroBitCount
  }
}
