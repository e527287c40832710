/// How many frames the effects compute at once: an effect collects its input until a block is full, so that its output is
/// the same however the input is cut, and that much later.
let effectFrames = 64

@inline(__always)
func load4(_ samples: UnsafePointer<Float>, _ index: Int) -> SIMD4<Float> {
  UnsafeRawPointer(samples + index).loadUnaligned(as: SIMD4<Float>.self)
}

@inline(__always)
func store4(_ value: SIMD4<Float>, _ samples: UnsafeMutablePointer<Float>, _ index: Int) {
  UnsafeMutableRawPointer(samples + index).storeBytes(of: value, as: SIMD4<Float>.self)
}

/// Adds a part of an effect's block, its left side and behind that its right one, to both sides of the output.
/// - Parameter place: The first frame of the block that is taken.
@inline(__always)
func addBlock(
  _ block: UnsafePointer<Float>, from place: Int, toLeft left: UnsafeMutablePointer<Float>,
  right: UnsafeMutablePointer<Float>, _ count: Int
) {
  for frame in 0..<count {
    left[frame] += block[place + frame]
    right[frame] += block[effectFrames + place + frame]
  }
}

/// A delay line that is written block by block and read from any place without looking for its end: its first samples are
/// repeated behind its last.
struct BlockDelay {
  private let memory: UnsafeMutablePointer<Float>
  private let capacity: Int
  /// Where the block is written that is being computed.
  private var position = 0

  /// What is repeated: a block, and what interpolation reads before and after it.
  private static let margin = 2 * effectFrames

  /// A line of zeros.
  /// - Parameter longest: The longest delay that will be read, in frames.
  init(longest: Int, arena: Arena) {
    let blocks = (max(0, longest) + 4) / effectFrames + 2
    capacity = max(Self.margin, blocks * effectFrames)
    memory = arena.allocate(capacity + Self.margin, of: 0)
  }

  /// The samples `delay` frames before the block that is being computed, 0 being the block itself.
  /// - Parameter delay: Frames; a delay of less than a block reads what has to have been written before.
  @inline(__always)
  func samples(_ delay: Int) -> UnsafePointer<Float> {
    let start = position - delay
    return UnsafePointer(memory + (start < 0 ? start + capacity : start))
  }

  /// Where the block goes that is being computed.
  @inline(__always)
  var block: UnsafeMutablePointer<Float> { memory + position }

  /// Ends the writing of the block; from here on it can be read.
  @inline(__always)
  func complete() {
    guard position < Self.margin else { return }
    (memory + capacity + position).update(from: memory + position, count: effectFrames)
  }

  /// Goes on to the next block.
  @inline(__always)
  mutating func advance() {
    position += effectFrames
    if position == capacity { position = 0 }
  }
}

/// Weights of four samples around a place between the middle two: Lagrange's polynomial of the third degree.
@inline(__always)
func lagrangeWeights(_ f: Float) -> SIMD4<Float> {
  let (a, b, c) = (f + 1, f - 1, f - 2)
  return SIMD4(-f * b * c / 6, a * b * c / 2, -a * f * c / 2, a * f * b / 6)
}

/// An oscillator that turns by the same angle with each block: a rotation, corrected so that its size stays.
struct SlowOscillator {
  private(set) var cosine: Float
  private(set) var sine: Float
  private let turn: (cosine: Float, sine: Float)

  /// - Parameters:
  ///   - frequency: In hertz.
  ///   - phase: At the beginning, in turns.
  ///   - frames: How many frames lie between two steps.
  init(frequency: Float, phase: Float, frames: Int, sampleRate: Float) {
    cosine = Synthesis.cosine(2 * .pi * phase)
    sine = Synthesis.sine(2 * .pi * phase)
    let angle = 2 * .pi * frequency * Float(frames) / sampleRate
    turn = (Synthesis.cosine(angle), Synthesis.sine(angle))
  }

  /// One step on.
  mutating func advance() {
    let c = cosine * turn.cosine - sine * turn.sine
    let s = cosine * turn.sine + sine * turn.cosine
    let correction = 1.5 - 0.5 * (c * c + s * s)
    cosine = c * correction
    sine = s * correction
  }
}
