/// A random number generator that gives the same numbers on every run: SplitMix64 (Steele, Lea and Flood 2014).
public struct RepeatableGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// The numbers of a seed.
  public init(seed: UInt64) { state = seed }

  /// The next 64 bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A number from 0 to below `bound`; 0 where that is less than 1.
  public mutating func next(_ bound: Int) -> Int { Int(next() % UInt64(max(bound, 1))) }

  /// A number in `range`.
  public mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

  /// Heads or tails.
  public mutating func isTrue() -> Bool { number(0...1) == 1 }
}
