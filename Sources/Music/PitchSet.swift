/// A set of MIDI keys, 0...127.
package struct PitchSet: Sendable, Hashable, BitwiseCopyable {
  @usableFromInline var bits: UInt128

  @inlinable package static var all: PitchSet { PitchSet(bits: .max) }
  @inlinable package static var none: PitchSet { PitchSet(bits: 0) }

  @inlinable init(bits: UInt128) { self.bits = bits }

  /// The keys of a range.
  @inlinable package init(_ range: ClosedRange<Int>) {
    let width = min(127, range.upperBound) - max(0, range.lowerBound)
    bits = width < 0 ? 0 : (UInt128.max >> UInt128(127 - width)) << UInt128(max(0, range.lowerBound))
  }

  /// The keys of pitch classes, which are bits from 0 (C) on.
  @inlinable package init(classes: UInt16) {
    bits = 0
    for key in 0..<128 where classes >> UInt16(key % 12) & 1 == 1 { bits |= 1 << UInt128(key) }
  }

  @inlinable package var isEmpty: Bool { bits == 0 }
  @inlinable package var count: Int { bits.nonzeroBitCount }
  /// The lowest and highest key of a set that is not empty.
  @inlinable package var lowest: Int { bits.trailingZeroBitCount }
  @inlinable package var highest: Int { 127 - bits.leadingZeroBitCount }

  @inlinable package func contains(_ key: Int) -> Bool { bits >> UInt128(key) & 1 == 1 }
  @inlinable package func intersection(_ other: PitchSet) -> PitchSet { PitchSet(bits: bits & other.bits) }
  @inlinable package func union(_ other: PitchSet) -> PitchSet { PitchSet(bits: bits | other.bits) }
  /// The keys above one; all for −1.
  @inlinable package func above(_ key: Int) -> PitchSet {
    key >= 127 ? .none : PitchSet(bits: bits & (UInt128.max << UInt128(key + 1)))
  }
  @inlinable package mutating func insert(_ key: Int) { bits |= 1 << UInt128(key) }
  /// Takes the lowest key out; nil where there is none.
  @inlinable package mutating func removeLowest() -> Int? {
    guard bits != 0 else { return nil }
    defer { bits &= bits - 1 }
    return lowest
  }
  @inlinable package mutating func subtract(_ other: PitchSet) { bits &= ~other.bits }
}
