/// What happens to the sum of all voices: reverb, a high-pass filter against offsets, gain, limiter.
struct MixChain {
  private var reverb: Reverb
  private var limiter: Limiter
  private let gain: Float
  /// The part of the mix below 5 Hz, which is inaudible but takes headroom; it is subtracted.
  private var offset = SIMD2<Float>(repeating: 0)
  private let offsetShare: Float

  /// The largest amplitude: −1 dBFS, which leaves room for lossy coders and converters.
  private static let ceiling: Float = 0.891_25

  init(_ options: RenderOptions, arena: Arena) {
    let rate = Float(options.sampleRate)
    reverb = Reverb(
      options.reverb, amount: Float(max(0, options.reverbAmount)), sampleRate: rate, arena: arena)
    limiter = Limiter(ceiling: Self.ceiling, sampleRate: rate, arena: arena)
    gain = decibels(Float(options.gain))
    offsetShare = 2 * .pi * 5 / rate
  }

  /// Frames by which the output lags the input.
  var delay: Int { limiter.delay }

  /// Turns the dry sound of `bus` into what is heard.
  mutating func process(_ bus: Bus, _ frames: Int) {
    reverb.add(bus.reverb, toLeft: bus.left, right: bus.right, frames)
    for index in 0..<frames {
      offset += (SIMD2(bus.left[index], bus.right[index]) - offset) * offsetShare
      bus.left[index] = (bus.left[index] - offset.x) * gain
      bus.right[index] = (bus.right[index] - offset.y) * gain
    }
    limiter.process(left: bus.left, right: bus.right, frames)
  }
}
