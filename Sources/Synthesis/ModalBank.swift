/// Decaying sines, eight at a time: each is a complex number that is multiplied by a factor for each sample.
struct ModalBank {
  /// One mode as it is struck: its frequency and its decay.
  private let real: UnsafeMutablePointer<SIMD8<Float>>
  private let imaginary: UnsafeMutablePointer<SIMD8<Float>>
  private let cosines: UnsafeMutablePointer<SIMD8<Float>>
  private let sines: UnsafeMutablePointer<SIMD8<Float>>
  private let ratios: UnsafeMutablePointer<Float>
  private let decays: UnsafeMutablePointer<Float>
  private var groupCount = 0
  private var count = 0
  private var tuning: Float = 0
  /// The largest amplitude that is left.
  private(set) var peak: Float = 0

  private static let groups = Modes.maximumCount / 8

  init(arena: Arena) {
    let zero = SIMD8<Float>(repeating: 0)
    real = arena.allocate(Self.groups, of: zero)
    imaginary = arena.allocate(Self.groups, of: zero)
    cosines = arena.allocate(Self.groups, of: zero)
    sines = arena.allocate(Self.groups, of: zero)
    ratios = arena.allocate(Modes.maximumCount, of: 0)
    decays = arena.allocate(Modes.maximumCount, of: 0)
  }

  /// Strikes the modes; those above 45 % of the sample rate are left out.
  ///
  /// The energy of all is the same at every key and velocity, so that the envelope alone decides the loudness.
  mutating func strike(
    _ modes: ModeTable, frequency: Float, octaves: Float, velocity: Float, sampleRate: Float
  ) {
    let stiffness = modes.inharmonicity * exponential2(octaves)
    let cutoff = modes.cutoff * exponential2(modes.velocityTracking * (velocity - 100) / 127)
    let life = exponential2(-modes.keyScaling * octaves) * sampleRate
    let tilt = modes.softness * (velocity - 100) / 127
    count = 0
    var energy: Float = 0
    withScalars(real) { amplitudes in
      for index in 0..<modes.count {
        let mode = modes.modes[index]
        let stretch = ((1 + stiffness * mode.ratio * mode.ratio) / (1 + stiffness)).squareRoot()
        let ratio = mode.ratio * stretch
        guard ratio * frequency < 0.45 * sampleRate else { continue }
        let above = cutoff > 0 ? ratio * frequency / cutoff : 0
        let level = modes.body.level(at: ratio * frequency) + tilt * logarithm2(ratio)
        let amplitude = mode.amplitude / (1 + above * above) * decibels(level)
        // Signs by Rudin and Shapiro (Rudin 1959), so that the peaks of the modes do not fall together.
        let isBelow = !(index & (index >> 1)).nonzeroBitCount.isMultiple(of: 2)
        amplitudes[count] = isBelow ? -amplitude : amplitude
        ratios[count] = ratio
        decays[count] = exponential(-timeConstantsTo60Decibels / max(8, mode.decay * life))
        energy += amplitude * amplitude
        count += 1
      }
      let scale = energy > 0 ? 0.7 / energy.squareRoot() : 0
      for index in 0..<count { amplitudes[index] *= scale }
      groupCount = (count + 7) / 8
      for index in count..<(groupCount * 8) { amplitudes[index] = 0 }
    }
    for group in 0..<groupCount { imaginary[group] = .init(repeating: 0) }
    peak = count > 0 ? 1 : 0
    tuning = 0
  }

  /// Writes `frames` samples of the modes above `cyclesPerSample`.
  mutating func fill(
    _ output: UnsafeMutablePointer<Float>, _ frames: Int, cyclesPerSample: Float,
    scratch: UnsafeMutablePointer<SIMD8<Float>>
  ) {
    if cyclesPerSample != tuning { tune(cyclesPerSample) }
    let zero = SIMD8<Float>(repeating: 0)
    for frame in 0..<frames { scratch[frame] = zero }
    var largest = zero
    var sounding = 0
    for group in 0..<groupCount {
      var x = real[group]
      var y = imaginary[group]
      let c = cosines[group]
      let s = sines[group]
      for frame in 0..<frames {
        scratch[frame] += y
        let turned = x * c - y * s
        y = x * s + y * c
        x = turned
      }
      let square = x * x + y * y
      // Inaudible values are set to zero, or they would become denormal numbers, which are slow.
      let faint = square .< 1e-20
      x.replace(with: 0, where: faint)
      y.replace(with: 0, where: faint)
      largest = pointwiseMax(largest, square)
      if square.max() >= 1e-10 { sounding = group + 1 }
      real[group] = x
      imaginary[group] = y
    }
    // High modes, which stand last, are the first to be inaudible: −100 dB. What is not computed costs nothing.
    groupCount = sounding
    for frame in 0..<frames { output[frame] = scratch[frame].sum() }
    peak = largest.max().squareRoot()
  }

  /// Turns each mode's coefficients to a new frequency; its phase and amplitude do not change.
  private mutating func tune(_ cyclesPerSample: Float) {
    tuning = cyclesPerSample
    withScalars(cosines) { cosines in
      withScalars(sines) { sines in
        for index in 0..<count {
          let angle = 2 * .pi * min(cyclesPerSample * ratios[index], 0.49)
          cosines[index] = decays[index] * cosine(angle)
          sines[index] = decays[index] * sine(angle)
        }
        for index in count..<max(count, groupCount * 8) {
          cosines[index] = 0
          sines[index] = 0
        }
      }
    }
  }

  private func withScalars(
    _ vectors: UnsafeMutablePointer<SIMD8<Float>>, _ body: (UnsafeMutablePointer<Float>) -> Void
  ) {
    vectors.withMemoryRebound(to: Float.self, capacity: Modes.maximumCount, body)
  }
}

/// The modes of a layer in memory that a voice reads without counting references.
struct ModeTable {
  var modes: UnsafePointer<Modes.Mode>
  var count: Int
  var inharmonicity: Float
  var cutoff: Float
  var velocityTracking: Float
  var keyScaling: Float
  var body: CurvePoints
  var softness: Float
}
