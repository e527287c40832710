/// Sixteen delay lines that feed each other through a Hadamard matrix (Jot & Chaigne 1991, “Digital delay networks for
/// designing artificial reverberators”), which loses nothing; what is lost in a line is lost by a shelving filter whose gains
/// follow from the line's length, so that all lines decay in the same time. Each line is lengthened and shortened by a
/// few samples, slowly and on its own, which keeps resonances from standing still.
struct DelayNetwork {
  /// How long the reverberation lasts at low and at high frequencies.
  struct Decay {
    /// Seconds to −60 dB well below `crossover`.
    var low: Float
    /// Seconds to −60 dB well above it.
    var high: Float
    /// In hertz; there the rate of decay in decibels is the mean of both.
    var crossover: Float
  }

  private static let lineCount = 16
  /// Delays in seconds of a room of size 1: about evenly spread on a logarithmic scale, in an order in which neighbors differ.
  private static let delays: [Float] = [
    0.0353, 0.0782, 0.0449, 0.0931, 0.0397, 0.0689, 0.0507, 0.0867,
    0.0421, 0.0733, 0.0369, 0.0611, 0.0551, 0.0827, 0.0473, 0.0649,
  ]
  /// By how many seconds a line is lengthened and shortened: at these rates by less than two cents.
  private static let depth: Float = 0.000_14

  private let lines: UnsafeMutablePointer<BlockDelay>
  private let lengths: UnsafeMutablePointer<Float>
  private let oscillators: UnsafeMutablePointer<SlowOscillator>
  /// The delay of each line in the block before, in frames.
  private let delaysBefore: UnsafeMutablePointer<Float>
  private let depth: Float
  /// What the lines give, a row of a block for each.
  private let rows: UnsafeMutablePointer<Float>
  private let filters: UnsafeMutablePointer<FourShelves>

  /// The mean delay of a line in seconds, by which the level of the whole can be known.
  let meanDelay: Float
  /// The longest delay of a line, in frames.
  let longest: Int

  /// - Parameters:
  ///   - size: A factor on all delays.
  ///   - decay: How fast the sound decays.
  init(size: Float, decay: Decay, sampleRate: Float, arena: Arena) {
    let count = Self.lineCount
    lines = arena.allocate(count, of: BlockDelay(longest: 0, arena: arena))
    lengths = arena.allocate(count, of: 0)
    delaysBefore = arena.allocate(count, of: 0)
    let still = SlowOscillator(frequency: 0, phase: 0, frames: effectFrames, sampleRate: sampleRate)
    oscillators = arena.allocate(count, of: still)
    depth = Self.depth * sampleRate
    rows = arena.allocate(count * effectFrames, of: 0)
    var used: Set<Int> = []
    var total = 0
    for index in 0..<count {
      // Prime lengths have no echo in common.
      let shortest = effectFrames + Int(depth) + 4
      var length = Self.prime(from: max(shortest, Int(Self.delays[index] * size * sampleRate)))
      while !used.insert(length).inserted { length = Self.prime(from: length + 1) }
      total += length
      lengths[index] = Float(length)
      lines[index] = BlockDelay(longest: length + Int(depth) + 4, arena: arena)
      oscillators[index] = SlowOscillator(
        frequency: 0.31 + 0.043 * Float(index * 7 % count), phase: Float(index * 5 % count) / Float(count),
        frames: effectFrames, sampleRate: sampleRate)
      delaysBefore[index] = lengths[index] + depth * oscillators[index].sine
    }
    meanDelay = Float(total) / Float(count) / sampleRate
    longest = used.max() ?? 0
    filters = arena.allocate(count / 4, of: FourShelves())
    for group in 0..<count / 4 {
      for lane in 0..<4 {
        filters[group].set(lane, length: lengths[4 * group + lane], decay: decay, sampleRate: sampleRate)
      }
    }
  }

  private static func prime(from number: Int) -> Int {
    var candidate = number | 1
    while stride(from: 3, through: Int(Float(candidate).squareRoot()) + 1, by: 2).contains(where: {
      candidate % $0 == 0 && candidate > $0
    }) {
      candidate += 2
    }
    return candidate
  }

  /// Takes a block on each side and adds a block to each side of the output. An impulse on one side comes out with the energy
  /// (T₆₀ / 13.8) / (16 · `meanDelay`) on each.
  mutating func process(
    left: UnsafePointer<Float>, right: UnsafePointer<Float>, toLeft outLeft: UnsafeMutablePointer<Float>,
    right outRight: UnsafeMutablePointer<Float>, gain: Float
  ) {
    for index in 0..<Self.lineCount { read(index) }
    for group in 0..<Self.lineCount / 8 { absorb(2 * group) }
    mix(left: left, right: right, outLeft, outRight, gain)
  }

  /// Lets a block of silence pass where nothing sounds any more: the delays move on, so that a sound has the same reverb whatever was
  /// silent before it.
  mutating func rest() {
    for index in 0..<Self.lineCount {
      oscillators[index].advance()
      delaysBefore[index] = lengths[index] + depth * oscillators[index].sine
    }
  }

  /// Reads a line between its samples.
  @inline(__always)
  private func read(_ index: Int) {
    oscillators[index].advance()
    let delay = lengths[index] + depth * oscillators[index].sine
    let before = delaysBefore[index]
    delaysBefore[index] = delay
    let whole = (0.5 * (before + delay)).rounded(.down)
    var weights = lagrangeWeights(before - whole)
    let step = (lagrangeWeights(delay - whole) - weights) / Float(effectFrames)
    // The oldest of the four samples is the first in memory.
    let samples = lines[index].samples(Int(whole) + 2)
    let row = rows + index * effectFrames
    let ramp = SIMD4<Float>(0, 1, 2, 3)
    var w0 = weights.x + ramp * step.x
    var w1 = weights.y + ramp * step.y
    var w2 = weights.z + ramp * step.z
    var w3 = weights.w + ramp * step.w
    weights = step * 4
    var frame = 0
    while frame < effectFrames {
      let late = load4(samples, frame) * w3 + load4(samples, frame + 1) * w2
      let early = load4(samples, frame + 2) * w1 + load4(samples, frame + 3) * w0
      store4(late + early, row, frame)
      w0 += weights.x
      w1 += weights.y
      w2 += weights.z
      w3 += weights.w
      frame += 4
    }
  }

  /// Filters two groups of four rows, and mixes the rows within each group: the first half of the matrix.
  @inline(__always)
  private func absorb(_ group: Int) {
    var first = filters[group]
    var second = filters[group + 1]
    let a = rows + group * 4 * effectFrames
    let b = a + 4 * effectFrames
    var frame = 0
    while frame < effectFrames {
      var p = Square(a, frame)
      var q = Square(b, frame)
      p.transpose()
      q.transpose()
      p.r0 = first.next(p.r0)
      q.r0 = second.next(q.r0)
      p.r1 = first.next(p.r1)
      q.r1 = second.next(q.r1)
      p.r2 = first.next(p.r2)
      q.r2 = second.next(q.r2)
      p.r3 = first.next(p.r3)
      q.r3 = second.next(q.r3)
      p.transpose()
      q.transpose()
      p.mix()
      q.mix()
      p.store(a, frame)
      q.store(b, frame)
      frame += 4
    }
    filters[group] = first
    filters[group + 1] = second
  }

  /// Mixes the groups with each other, which completes the matrix, adds the input, and writes the lines. Two rows of the
  /// matrix are the output: sums of all lines with signs that have nothing to do with each other.
  @inline(__always)
  private func mix(
    left: UnsafePointer<Float>, right: UnsafePointer<Float>, _ outLeft: UnsafeMutablePointer<Float>,
    _ outRight: UnsafeMutablePointer<Float>, _ gain: Float
  ) {
    let share: Float = 0.353_553_4
    for lane in 0..<4 {
      let row = rows + lane * effectFrames
      let signs: SIMD4<Float> = lane % 2 == 0 ? SIMD4(1, -1, 1, 1) : SIMD4(1, 1, -1, 1)
      let input = lane % 2 == 0 ? left : right
      let (l0, l1, l2, l3) = (
        lines[lane].block, lines[lane + 4].block, lines[lane + 8].block, lines[lane + 12].block
      )
      var frame = 0
      while frame < effectFrames {
        var p = Square(row, frame, stride: 4 * effectFrames)
        p.mix()
        if lane == 1 { store4(load4(outLeft, frame) + p.r1 * gain, outLeft, frame) }
        if lane == 2 { store4(load4(outRight, frame) + p.r2 * gain, outRight, frame) }
        // The offset, −360 dB, keeps the decay out of the slow denormal numbers.
        let entering = load4(input, frame) * share + 1e-18
        store4(p.r0 + entering * signs.x, l0, frame)
        store4(p.r1 + entering * signs.y, l1, frame)
        store4(p.r2 + entering * signs.z, l2, frame)
        store4(p.r3 + entering * signs.w, l3, frame)
        frame += 4
      }
      for group in 0..<4 {
        lines[lane + 4 * group].complete()
        lines[lane + 4 * group].advance()
      }
    }
  }
}

/// Four rows of four samples.
private struct Square {
  var r0, r1, r2, r3: SIMD4<Float>

  @inline(__always)
  init(_ rows: UnsafeMutablePointer<Float>, _ frame: Int, stride: Int = effectFrames) {
    r0 = load4(rows, frame)
    r1 = load4(rows, frame + stride)
    r2 = load4(rows, frame + 2 * stride)
    r3 = load4(rows, frame + 3 * stride)
  }

  @inline(__always)
  func store(_ rows: UnsafeMutablePointer<Float>, _ frame: Int) {
    store4(r0, rows, frame)
    store4(r1, rows, frame + effectFrames)
    store4(r2, rows, frame + 2 * effectFrames)
    store4(r3, rows, frame + 3 * effectFrames)
  }

  @inline(__always)
  mutating func transpose() {
    let a = SIMD4(r0.x, r1.x, r2.x, r3.x)
    let b = SIMD4(r0.y, r1.y, r2.y, r3.y)
    let c = SIMD4(r0.z, r1.z, r2.z, r3.z)
    let d = SIMD4(r0.w, r1.w, r2.w, r3.w)
    (r0, r1, r2, r3) = (a, b, c, d)
  }

  /// The Hadamard matrix of four rows, with half the weight, so that no energy is gained or lost.
  @inline(__always)
  mutating func mix() {
    let (a, b, c, d) = (r0 + r1, r0 - r1, r2 + r3, r2 - r3)
    (r0, r1, r2, r3) = ((a + c) * 0.5, (b + d) * 0.5, (a - c) * 0.5, (b - d) * 0.5)
  }
}

/// Shelving filters of the first order for four lines side by side.
private struct FourShelves {
  private var b0 = SIMD4<Float>(repeating: 1)
  private var b1 = SIMD4<Float>(repeating: 0)
  private var a1 = SIMD4<Float>(repeating: 0)
  private var memory = SIMD4<Float>(repeating: 0)

  /// The loss of one pass through a line: by the bilinear transform from (g₂ s + g₁ p) / (s + p), with p where the gain is the
  /// geometric mean of both.
  mutating func set(_ lane: Int, length: Float, decay: DelayNetwork.Decay, sampleRate: Float) {
    let low = power(10, -3 * length / sampleRate / decay.low)
    let high = power(10, -3 * length / sampleRate / decay.high)
    let pole = tangent(.pi * min(0.4, decay.crossover / sampleRate)) * (high / low).squareRoot()
    b0[lane] = (high + low * pole) / (1 + pole)
    b1[lane] = (low * pole - high) / (1 + pole)
    a1[lane] = (pole - 1) / (1 + pole)
  }

  @inline(__always)
  mutating func next(_ x: SIMD4<Float>) -> SIMD4<Float> {
    let y = b0 * x + memory
    memory = b1 * x - a1 * y
    return y
  }
}
