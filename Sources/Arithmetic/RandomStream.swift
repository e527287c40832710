internal import CKernels

/// A named stream of random numbers: Philox4x32-10 (Salmon et al. 2011), a function of a key and a counter, so that
/// how many words were drawn is the stream's whole state.
///
/// Streams of one seed and different names are independent: each use of random numbers in a program has its
/// own, and drawing more from one changes no other.
public struct RandomStream: Sendable, Hashable, Codable, RandomNumberGenerator {
  /// The seed that all streams of a run share.
  public let seed: UInt64
  /// What the stream is for, such as `initialization` or `dropout`.
  public let name: String
  /// How many words of 32 bits were drawn so far.
  public var position: UInt64

  /// What the generator is keyed with: a hash of seed and name.
  package let key: UInt64
  private var block: SIMD4<UInt32> = .zero
  private var blockCounter = UInt64.max

  /// The stream of this seed and name, at `position`.
  public init(seed: UInt64, name: String, position: UInt64 = 0) {
    self.seed = seed
    self.name = name
    self.position = position
    key = Self.mix(seed &+ Self.mix(Self.hash(name)))
  }

  private enum CodingKeys: String, CodingKey {
    case seed, name, position
  }

  /// Reads seed, name and position.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      seed: try fields.decode(UInt64.self, forKey: .seed),
      name: try fields.decode(String.self, forKey: .name),
      position: try fields.decode(UInt64.self, forKey: .position))
  }

  /// Writes seed, name and position.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode(seed, forKey: .seed)
    try fields.encode(name, forKey: .name)
    try fields.encode(position, forKey: .position)
  }

  /// Whether both will give the same numbers.
  public static func == (a: Self, b: Self) -> Bool { a.key == b.key && a.position == b.position }

  /// Feeds what `==` compares.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(key)
    hasher.combine(position)
  }

  /// The next 32 bits.
  public mutating func nextWord() -> UInt32 {
    let counter = position / 4
    if counter != blockCounter {
      blockCounter = counter
      withUnsafeMutablePointer(to: &block) {
        $0.withMemoryRebound(to: UInt32.self, capacity: 4) { gruppetto_philox(key, counter, $0) }
      }
    }
    defer { position += 1 }
    return block[Int(position % 4)]
  }

  /// The next 64 bits.
  public mutating func next() -> UInt64 {
    let low = UInt64(nextWord())
    return UInt64(nextWord()) << 32 | low
  }

  /// A number in 0 ..< 1, one of 2^24 at equal distances.
  public mutating func uniformFloat() -> Float { Float(nextWord() >> 8) * 0x1p-24 }

  /// A number in 0 ..< 1, one of 2^53 at equal distances.
  public mutating func uniformDouble() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// An integer in 0 ..< `bound`, each as likely as the others (Lemire 2019).
  public mutating func integer(below bound: Int) -> Int {
    precondition(bound > 0, "no integer is below \(bound)")
    return Int(next(upperBound: UInt64(bound)))
  }

  /// A number from the normal distribution of mean 0 and variance 1 (Box & Muller 1958; the sine is not used).
  public mutating func normal() -> Double {
    let radius = (-2 * logarithm(1 - uniformDouble())).squareRoot()
    return radius * cosine(2 * Double.pi * uniformDouble())
  }

  /// An index, drawn with the probability softmax(logits / temperature).
  /// - Parameters:
  ///   - logits: unnormalized log-probabilities in nats; −∞ for what cannot be drawn, but not for all.
  ///   - temperature: above 0; more than 1 flattens the distribution, less sharpens it.
  public mutating func index(logits: Span<Float>, temperature: Double = 1) -> Int {
    logits.withUnsafeBufferPointer { index(logits: $0, temperature: temperature) }
  }

  /// The same of logits that are stored elsewhere.
  package mutating func index(logits: UnsafeBufferPointer<Float>, temperature: Double = 1) -> Int {
    precondition(temperature > 0, "a temperature of \(temperature) is not above 0")
    let maximum = logits.max() ?? -.infinity
    func weight(_ logit: Float) -> Double { exponential(Double(logit - maximum) / temperature) }
    let sum = logits.reduce(0) { $0 + weight($1) }
    precondition(
      maximum.isFinite && sum.isFinite,
      "nothing to draw from: the largest of \(logits.count) logits is \(maximum)")
    return index(weights: logits.lazy.map(weight), sum: sum) ?? 0
  }

  /// An index, drawn with a probability in proportion to its weight; nil if none has one.
  /// - Parameters:
  ///   - weights: None below 0.
  ///   - sum: What they add up to, except for rounding.
  @inlinable
  package mutating func index(weights: some Sequence<Double>, sum: Double) -> Int? {
    var left = uniformDouble() * sum
    var last: Int?
    for (index, weight) in weights.enumerated() where weight > 0 {
      last = index
      left -= weight
      if left < 0 { break }
    }
    // Rounding can leave a rest after the last.
    return last
  }

  /// Shuffles `elements`, every order as likely as the others (Fisher & Yates).
  public mutating func shuffle<Element>(_ elements: inout [Element]) {
    guard elements.count > 1 else { return }
    for last in stride(from: elements.count - 1, to: 0, by: -1) {
      elements.swapAt(last, integer(below: last + 1))
    }
  }

  /// Sets whole blocks of four words aside, which nothing else will draw.
  /// - Returns: the counter of the first.
  package mutating func reserveBlocks(_ count: Int) -> UInt64 {
    let first = (position + 3) / 4
    position = (first + UInt64(count)) * 4
    return first
  }

  /// FNV-1a.
  private static func hash(_ text: String) -> UInt64 {
    text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }

  /// The finaliser of SplitMix64 (Steele, Lea & Flood 2014).
  private static func mix(_ value: UInt64) -> UInt64 {
    var x = value &+ 0x9E37_79B9_7F4A_7C15
    x = (x ^ (x >> 30)) &* 0xBF58_476D_1CE4_E5B9
    x = (x ^ (x >> 27)) &* 0x94D0_49BB_1331_11EB
    return x ^ (x >> 31)
  }
}
