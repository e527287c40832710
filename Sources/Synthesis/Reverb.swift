/// A room of eight delay lines that feed each other through a Hadamard matrix (Jot & Chaigne 1991), each with the
/// loss that gives the decay time, and a little more at high frequencies.
struct Reverb {
  private let lines: UnsafeMutablePointer<UnsafeMutablePointer<Float>>
  private let lengths: UnsafeMutablePointer<Int>
  private let positions: UnsafeMutablePointer<Int>
  private let gains: SIMD8<Float>
  private let damping: Float
  private let level: Float
  private var lowpass = SIMD8<Float>(repeating: 0)
  private let diffusers: UnsafeMutablePointer<Diffuser>
  private static let diffuserCount = 3
  private let predelay: UnsafeMutablePointer<Float>
  private let predelayLength: Int
  private var predelayPosition = 0
  /// Frames for which the input and the reverb were silent.
  private var quietFrames = 0
  private let longest: Int

  /// Delays in seconds, without a common divisor so that echoes never coincide.
  private static let delays: [Float] = [0.0297, 0.0341, 0.0383, 0.0437, 0.0487, 0.0541, 0.0607, 0.0673]
  private static let diffusion: [Float] = [0.0047, 0.0073, 0.0113]
  private static let predelay: Float = 0.014

  init(_ preset: ReverbPreset, amount: Float, sampleRate: Float, arena: Arena) {
    lines = arena.allocate(8, of: arena.allocate(1, of: Float(0)))
    lengths = arena.allocate(8, of: 0)
    positions = arena.allocate(8, of: 0)
    var gains = SIMD8<Float>(repeating: 0)
    for (index, seconds) in Self.delays.enumerated() {
      // Odd lengths have fewer factors in common.
      let length = max(8, Int(seconds * preset.size * sampleRate)) | 1
      lengths[index] = length
      lines[index] = arena.allocate(length, of: 0)
      gains[index] = power(10, -3 * Float(length) / sampleRate / max(preset.decay, 0.05))
    }
    self.gains = gains
    damping = exponential(-2 * .pi * min(0.4, preset.damping / sampleRate))
    level = preset.level * amount
    diffusers = arena.allocate(Self.diffuserCount, of: Diffuser(arena: arena, length: 1))
    for (index, seconds) in Self.diffusion.enumerated() {
      diffusers[index] = Diffuser(arena: arena, length: max(2, Int(seconds * sampleRate)) | 1)
    }
    predelayLength = max(1, Int(Self.predelay * preset.size * sampleRate))
    predelay = arena.allocate(predelayLength, of: 0)
    longest = lengths[7] * 2 + predelayLength
  }

  /// Whether the reverb is silent.
  var isSilent: Bool { level == 0 || quietFrames > longest }

  /// Adds the reverb of `frames` samples of `input` to both sides.
  mutating func add(
    _ input: UnsafePointer<Float>, toLeft left: UnsafeMutablePointer<Float>,
    right: UnsafeMutablePointer<Float>, _ frames: Int
  ) {
    guard level > 0 else { return }
    var loudest: Float = 0
    for frame in 0..<frames { loudest = max(loudest, abs(input[frame])) }
    guard loudest > 0 || !isSilent else { return }
    let gains = gains
    let damping = damping
    var memory = lowpass
    for frame in 0..<frames {
      let delayed = predelay[predelayPosition]
      // The offset, −240 dB, keeps the decay out of the slow denormal numbers.
      predelay[predelayPosition] = input[frame] + 1e-12
      predelayPosition = predelayPosition &+ 1 == predelayLength ? 0 : predelayPosition &+ 1
      var entering = delayed
      for index in 0..<Self.diffuserCount { entering = diffusers[index].next(entering) }
      var heard = SIMD8<Float>(repeating: 0)
      for index in 0..<8 { heard[index] = lines[index][positions[index]] }
      memory = heard + (memory - heard) * damping
      let returned = Self.hadamard(memory * gains) + entering
      for index in 0..<8 {
        let position = positions[index]
        lines[index][position] = returned[index]
        positions[index] = position &+ 1 == lengths[index] ? 0 : position &+ 1
      }
      let even = heard.evenHalf
      let odd = heard.oddHalf
      let l = even[0] - even[1] + even[2] - even[3]
      let r = odd[0] - odd[1] + odd[2] - odd[3]
      left[frame] += level * l
      right[frame] += level * r
      loudest = max(loudest, abs(l), abs(r))
    }
    lowpass = memory
    quietFrames = loudest < 1e-6 ? quietFrames + frames : 0
  }

  /// An orthogonal mixing of eight values.
  @inline(__always)
  private static func hadamard(_ v: SIMD8<Float>) -> SIMD8<Float> {
    let a = v.lowHalf + v.highHalf
    let b = v.lowHalf - v.highHalf
    let c = SIMD8(lowHalf: butterfly(a), highHalf: butterfly(b))
    return c * 0.353_553_4
  }

  @inline(__always)
  private static func butterfly(_ v: SIMD4<Float>) -> SIMD4<Float> {
    let a = v.lowHalf + v.highHalf
    let b = v.lowHalf - v.highHalf
    return SIMD4(a.x + a.y, a.x - a.y, b.x + b.y, b.x - b.y)
  }
}

/// An allpass that smears a click over its length (Schroeder 1962).
private struct Diffuser {
  private let line: UnsafeMutablePointer<Float>
  private let length: Int
  private var position = 0

  init(arena: Arena, length: Int) {
    line = arena.allocate(length, of: 0)
    self.length = length
  }

  @inline(__always)
  mutating func next(_ input: Float) -> Float {
    let delayed = line[position]
    let fed = input + 0.6 * delayed
    line[position] = fed
    position = position &+ 1 == length ? 0 : position &+ 1
    return delayed - 0.6 * fed
  }
}
