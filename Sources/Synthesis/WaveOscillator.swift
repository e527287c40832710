internal import Arithmetic

/// One copy of a band-limited wave.
struct WaveOscillator {
  private var phase: UInt32
  private var increment: UInt32?

  /// - Parameter phase: Where in the period it begins, in turns.
  init(phase: Float = 0) { self.phase = UInt32(truncatingIfNeeded: Int64(phase * 0x1p32)) }

  /// Adds `frames` samples to two channels, each with a gain of its own, or to one; the frequency glides from where it was to
  /// `cyclesPerSample`.
  mutating func add(
    toLeft left: UnsafeMutablePointer<Float>, right: UnsafeMutablePointer<Float>?, _ frames: Int,
    samples: UnsafePointer<Float>, levelCount: Int, cyclesPerSample: Float, leftGain: Float, rightGain: Float,
    _ kernels: Kernels
  ) {
    let level = Wavetable.level(cyclesPerSample: cyclesPerSample, levelCount: levelCount)
    let table = samples + level * (Wavetable.length + 1)
    let path = PhasePath(from: increment, to: cyclesPerSample, frames)
    kernels.addWave(
      table, shift: 21, phase: phase, step: path.step, glide: path.glide, gain: leftGain, to: left,
      count: frames)
    if let right {
      kernels.addWave(
        table, shift: 21, phase: phase, step: path.step, glide: path.glide, gain: rightGain, to: right,
        count: frames)
    }
    phase &+= path.distance
    increment = path.target
  }
}

/// How a phase of 2³² steps a turn moves during some frames: before each, the step grows by the glide, and the phase by the step.
struct PhasePath {
  /// Steps a frame at the beginning and at the end.
  let step: UInt32
  let target: UInt32
  let glide: UInt32
  /// How far the phase goes.
  let distance: UInt32

  /// - Parameters:
  ///   - increment: Steps a frame before; nil at the beginning.
  ///   - cyclesPerSample: The frequency at the end.
  init(from increment: UInt32?, to cyclesPerSample: Float, _ frames: Int) {
    target = phaseIncrement(cyclesPerSample: cyclesPerSample)
    step = increment ?? target
    glide =
      step == target
      ? 0 : UInt32(truncatingIfNeeded: (Int64(target) - Int64(step)) / Int64(frames))
    let frames = UInt32(truncatingIfNeeded: frames)
    distance = step &* frames &+ glide &* (frames &* (frames &+ 1) / 2)
  }
}

/// A sine whose phase another sine moves.
struct FrequencyModulationPair {
  private var carrierPhase: UInt32 = 0
  private var modulatorPhase: UInt32 = 0
  private var lastModulation: Float = 0
  private var index = EnvelopeGenerator()
  private var strength: Float = 0

  init() {}

  init(_ settings: FrequencyModulation, octaves: Float, velocity: Float, sampleRate: Float) {
    index = EnvelopeGenerator(settings.envelope, octaves: octaves, sampleRate: sampleRate)
    strength =
      settings.index
      * exponential2(settings.velocityTracking * (velocity - 100) / 127 - settings.keyScaling * octaves)
  }

  mutating func release() { index.release() }

  /// Writes `frames` samples.
  mutating func fill(
    _ output: UnsafeMutablePointer<Float>, _ frames: Int, settings: FrequencyModulation,
    cyclesPerSample: Float, sine: UnsafePointer<Float>
  ) {
    index.fill(output, frames)
    let carrierStep = phaseIncrement(cyclesPerSample: cyclesPerSample * settings.carrier)
    let modulatorRate = cyclesPerSample * settings.modulator
    let modulatorStep = phaseIncrement(cyclesPerSample: modulatorRate)
    // Carson's rule: sidebands reach to (index + 1) modulator frequencies; beyond Nyquist they would fold back.
    let room = (0.47 - cyclesPerSample * settings.carrier) / max(modulatorRate, 1e-9) - 1
    let turns = Float(0x1p32) / (2 * .pi)
    let depth = min(strength, max(0, room)) * turns
    let feedback = (settings.feedback > 0 ? min(settings.feedback, max(0, room)) : 0) * turns * 0.5
    var carrier = carrierPhase
    var modulator = modulatorPhase
    var last = lastModulation
    for frame in 0..<frames {
      let bent = modulator &+ UInt32(truncatingIfNeeded: Int64(feedback * last))
      let modulation = tableValue(sine, bent)
      // The mean of two neighbors keeps feedback from oscillating between them.
      last = 0.5 * (last + modulation)
      let offset = UInt32(truncatingIfNeeded: Int64(depth * output[frame] * modulation))
      output[frame] = 0.7 * tableValue(sine, carrier &+ offset)
      carrier &+= carrierStep
      modulator &+= modulatorStep
    }
    carrierPhase = carrier
    modulatorPhase = modulator
    lastModulation = last
  }
}
