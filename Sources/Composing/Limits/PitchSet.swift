/// A set of MIDI keys, 0...127.
struct PitchSet: Sendable, Hashable {
  private var bits: UInt128

  static let all = PitchSet(bits: .max)
  static let none = PitchSet(bits: 0)

  private init(bits: UInt128) { self.bits = bits }

  /// The keys of a range.
  init(_ range: ClosedRange<Int>) {
    let width = min(127, range.upperBound) - max(0, range.lowerBound)
    bits = width < 0 ? 0 : (UInt128.max >> UInt128(127 - width)) << UInt128(max(0, range.lowerBound))
  }

  /// The keys of pitch classes, which are bits from 0 (C) on.
  init(classes: UInt16) {
    bits = 0
    for key in 0..<128 where classes >> UInt16(key % 12) & 1 == 1 { bits |= 1 << UInt128(key) }
  }

  var isEmpty: Bool { bits == 0 }
  var count: Int { bits.nonzeroBitCount }
  /// The lowest and highest key of a set that is not empty.
  var lowest: Int { bits.trailingZeroBitCount }
  var highest: Int { 127 - bits.leadingZeroBitCount }

  func contains(_ key: Int) -> Bool { bits >> UInt128(key) & 1 == 1 }
  func intersection(_ other: PitchSet) -> PitchSet { PitchSet(bits: bits & other.bits) }
  func union(_ other: PitchSet) -> PitchSet { PitchSet(bits: bits | other.bits) }
  /// The keys above one; all for −1.
  func above(_ key: Int) -> PitchSet {
    key >= 127 ? .none : PitchSet(bits: bits & (UInt128.max << UInt128(key + 1)))
  }
  mutating func insert(_ key: Int) { bits |= 1 << UInt128(key) }
  mutating func subtract(_ other: PitchSet) { bits &= ~other.bits }
}
