/// A plucked string: a delay line as long as the period, fed back through a lowpass and a gain (Jaffe & Smith 1983).
///
/// The line is read between its samples by a polynomial of third order (Lagrange) rather than through an allpass:
/// both tune it exactly, and this one has no state that clicks when the pitch is bent.
struct StringLoop {
  private let line: UnsafeMutablePointer<Float>
  private let mask: Int
  private var position = 0
  private var gain: Float = 0
  private var lowpass: Float = 0
  private var last: Float = 0
  private var drift: Float = 0
  private var driftShare: Float = 0
  private var tuning: Float = 0
  private var delay: Float = 0
  /// The largest sample of the last segment.
  private(set) var peak: Float = 0

  /// - Parameter lowestFrequency: The lowest frequency that it must hold, in cycles a sample.
  init(arena: Arena, lowestFrequency: Float) {
    var capacity = 16
    while Float(capacity) < 1 / lowestFrequency + 8 { capacity *= 2 }
    line = arena.allocate(capacity, of: 0)
    mask = capacity - 1
  }

  /// Frequencies below this part of the fundamental are removed, or a constant would circulate for minutes.
  private static let driftCutoff: Float = 0.003

  /// Plucks the string.
  mutating func pluck(
    _ string: PluckedString, cyclesPerSample: Float, octaves: Float, velocity: Float, sampleRate: Float,
    seed: UInt64
  ) {
    lowpass = 0.5 * (1 - string.brightness)
    let w = 2 * .pi * cyclesPerSample
    let loss = ((1 - lowpass) + lowpass * cosine(w), lowpass * sine(w))
    let lossGain = (loss.0 * loss.0 + loss.1 * loss.1).squareRoot()
    let life = string.decay * exponential2(-string.keyScaling * octaves) * sampleRate
    // The loss of each round trip must add up to −60 dB in `decay`; the lowpass is part of it.
    gain = min(0.99995, exponential(-timeConstantsTo60Decibels / max(1, life * cyclesPerSample)) / lossGain)
    last = 0
    drift = 0
    driftShare = 2 * .pi * Self.driftCutoff * cyclesPerSample
    position = 0
    tuning = 0
    tune(cyclesPerSample)
    excite(string, velocity: velocity, sampleRate: sampleRate, seed: seed)
    peak = 1
  }

  /// The velocity wave of a string that was drawn aside at one point, which is two opposite pulses, smoothed by
  /// the pluck's cutoff and mixed with noise.
  private mutating func excite(_ string: PluckedString, velocity: Float, sampleRate: Float, seed: UInt64) {
    let length = min(mask - 4, Int(delay) + 3)
    var noise = NoiseGenerator(seed: seed)
    let cutoff = string.pickCutoff * exponential2(string.velocityTracking * (velocity - 100) / 127)
    let softness = exponential(-2 * .pi * min(0.45, cutoff / sampleRate))
    let period = max(4, length - 3)
    let second = max(1, Int(Float(period) * string.pickPosition))
    var mean: Float = 0
    var state: (Float, Float) = (0, 0)
    // Twice, so that the smoothing is periodic.
    for index in 0..<(2 * period) {
      let place = index % period
      var impulse = string.pickNoise * 0.25 * noise.next()
      if place == 0 { impulse += 1 }
      if place == second { impulse -= 1 }
      state.0 = impulse + softness * (state.0 - impulse)
      state.1 = state.0 + softness * (state.1 - state.0)
      line[place] = state.1
    }
    disperse(period)
    for index in 0..<period { mean += line[index] }
    mean /= Float(period)
    var energy: Float = 0
    for index in 0..<period {
      line[index] -= mean
      energy += line[index] * line[index]
    }
    let scale = 0.35 / max(1e-6, (energy / Float(period)).squareRoot())
    // The energy of the pulses grows with the period; the limit keeps low strings from being too loud.
    var largest: Float = 0
    for index in 0..<period { largest = max(largest, abs(line[index])) }
    let level = min(scale, 1.6 / max(1e-6, largest))
    for index in 0..<period { line[index] *= level }
    for index in period..<(period + 8) where index <= mask { line[index] = line[index - period] }
    position = length
  }

  /// Delays the low frequencies of the pluck, as the stiffness of a real string does: the same spectrum with a
  /// far lower peak.
  private func disperse(_ period: Int) {
    let coefficient: Float = 0.65
    for _ in 0..<8 {
      var input: Float = 0
      var output: Float = 0
      for index in 0..<(2 * period) {
        let place = index % period
        // The first pass only settles the allpass; the second one writes.
        let sample = line[place]
        output = coefficient * (sample - output) + input
        input = sample
        if index >= period { line[place] = output }
      }
    }
  }

  /// Sets the delay so that line, polynomial, lowpass and the high-pass filter together take one period.
  private mutating func tune(_ cyclesPerSample: Float) {
    tuning = cyclesPerSample
    let w = 2 * .pi * cyclesPerSample
    let lowpassDelay = arctangent(lowpass * sine(w), (1 - lowpass) + lowpass * cosine(w)) / w
    let kept = 1 - driftShare
    let lead =
      arctangent(sine(w), 1 - cosine(w)) - arctangent(kept * sine(w), 1 - kept * cosine(w))
    delay = min(max(1 / cyclesPerSample - lowpassDelay + lead / w, 2), Float(mask - 4))
  }

  /// Writes `frames` samples.
  mutating func fill(_ output: UnsafeMutablePointer<Float>, _ frames: Int, cyclesPerSample: Float) {
    if cyclesPerSample != tuning { tune(cyclesPerSample) }
    let whole = Int(delay)
    let d = delay - Float(whole) + 1
    let weights = (
      -(d - 1) * (d - 2) * (d - 3) / 6, d * (d - 2) * (d - 3) / 2, -d * (d - 1) * (d - 3) / 2,
      d * (d - 1) * (d - 2) / 6
    )
    let pass = gain * (1 - lowpass)
    let blend = gain * lowpass
    let share = driftShare
    var slow = drift
    var before = last
    var largest: Float = 0
    var write = position
    for frame in 0..<frames {
      let read = write &- whole &+ 1
      let sample =
        weights.0 * line[read & mask] + weights.1 * line[(read &- 1) & mask]
        + weights.2 * line[(read &- 2) & mask] + weights.3 * line[(read &- 3) & mask]
      let passed = pass * sample + blend * before
      slow += share * (passed - slow)
      let returned = passed - slow
      before = sample
      line[write & mask] = returned
      output[frame] = returned
      largest = max(largest, abs(returned))
      write &+= 1
    }
    position = write & mask
    last = before
    drift = slow
    peak = largest
  }
}
