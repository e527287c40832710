/// What happens to the sum of voices: chorus, reverb, a high-pass filter against offsets, and where the sound is to be heard at once
/// a gain and a limiter.
struct MixChain {
  private var reverb: Reverb
  private var chorus: Chorus
  private var limiter: Limiter?
  private let gain: Float
  /// A factor that may change while it sounds, and where it is going.
  private var trim: Float = 1
  private var wantedTrim: Float = 1
  /// The part of the mix below 5 Hz, which is inaudible but takes headroom; it is subtracted.
  private var offset = SIMD2<Float>(repeating: 0)
  private let offsetShare: Float

  /// - Parameter isLimited: Whether there is a gain and a limiter; otherwise the output is linear in the voices.
  init(_ options: RenderOptions, isLimited: Bool, arena: Arena) {
    let rate = Float(options.sampleRate)
    reverb = Reverb(options.reverbSettings, sampleRate: rate, arena: arena)
    chorus = Chorus(amount: Float(options.chorusAmount), sampleRate: rate, arena: arena)
    limiter =
      isLimited
      ? Limiter(ceiling: decibels(Float(Mastering.ceiling)), sampleRate: rate, arena: arena) : nil
    gain = isLimited ? decibels(Float(options.gain)) : 1
    offsetShare = 2 * .pi * 5 / rate
  }

  /// Multiplies what goes into the limiter by a factor from now on, without a click.
  mutating func setTrim(_ factor: Float) { wantedTrim = factor }

  private mutating func applyTrim(_ bus: Bus, _ frames: Int) {
    let distance = wantedTrim - trim
    let next = abs(distance) < 1e-3 ? wantedTrim : trim + distance * Self.trimShare
    let growth = (next - trim) / Float(frames)
    for index in 0..<frames {
      let factor = trim + growth * Float(index)
      bus.left[index] *= factor
      bus.right[index] *= factor
    }
    trim = next
  }

  /// How much of its way the factor goes in one call.
  private static let trimShare: Float = 0.125

  /// Frames by which the output lags the input.
  var delay: Int { limiter?.delay ?? 0 }

  /// Turns the dry sound of `bus` into what is heard.
  mutating func process(_ bus: Bus, _ frames: Int) {
    chorus.add(bus.chorus, toLeft: bus.left, right: bus.right, frames)
    reverb.add(left: bus.reverb, right: bus.reverb, toLeft: bus.left, right: bus.right, frames)
    for index in 0..<frames {
      offset += (SIMD2(bus.left[index], bus.right[index]) - offset) * offsetShare
      bus.left[index] = (bus.left[index] - offset.x) * gain
      bus.right[index] = (bus.right[index] - offset.y) * gain
    }
    if trim != 1 || wantedTrim != 1 { applyTrim(bus, frames) }
    limiter?.process(left: bus.left, right: bus.right, frames)
  }
}
