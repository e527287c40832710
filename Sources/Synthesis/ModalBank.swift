internal import Arithmetic

/// Decaying sines, in groups of eight: each is a complex number that is multiplied by a factor for each sample.
///
/// The kernel multiplies by the first eight powers of the factor at once, so they are what is kept of it.
struct ModalBank {
  /// 144 numbers a group, as `Kernels.addModes` wants them.
  private let turns: UnsafeMutablePointer<Float>
  /// For each group eight real parts and eight imaginary ones.
  private let states: UnsafeMutablePointer<SIMD8<Float>>
  /// One mode as it is struck: its frequency and its decay.
  private let ratios: UnsafeMutablePointer<SIMD8<Float>>
  private let decays: UnsafeMutablePointer<SIMD8<Float>>
  private var groupCount = 0
  private var tuning: Float = 0
  /// The largest amplitude that is left.
  private(set) var peak: Float = 0

  private static let groups = Modes.maximumCount / 8
  private static let turnsOfGroup = 144

  init(arena: Arena) {
    let zero = SIMD8<Float>(repeating: 0)
    turns = arena.allocate(Self.groups * Self.turnsOfGroup, of: 0)
    states = arena.allocate(2 * Self.groups, of: zero)
    ratios = arena.allocate(Self.groups, of: zero)
    decays = arena.allocate(Self.groups, of: zero)
  }

  /// Strikes the modes; those above 45 % of the sample rate are left out, and those that are inaudible.
  ///
  /// The energy of all is the same at every key and velocity, so that the envelope alone decides the loudness.
  /// - Parameter gain: What it will be multiplied by at most.
  mutating func strike(
    _ modes: ModeTable, frequency: Float, octaves: Float, velocity: Float, gain: Float, sampleRate: Float
  ) {
    let stiffness = modes.inharmonicity * exponential2(octaves)
    let cutoff = modes.cutoff * exponential2(modes.velocityTracking * (velocity - 100) / 127)
    let life = exponential2(-modes.keyScaling * octaves) * sampleRate
    let tilt = modes.softness * (velocity - 100) / 127
    var count = 0
    var energy: Float = 0
    for index in 0..<modes.count {
      let mode = modes.modes[index]
      let stretch = ((1 + stiffness * mode.ratio * mode.ratio) / (1 + stiffness)).squareRoot()
      let ratio = mode.ratio * stretch
      guard ratio * frequency < 0.45 * sampleRate else { continue }
      let above = cutoff > 0 ? ratio * frequency / cutoff : 0
      let level = modes.body.level(at: ratio * frequency) + tilt * logarithm2(ratio)
      let amplitude = mode.amplitude / (1 + above * above) * decibels(level)
      put(amplitude, ratio, exponential(-timeConstantsTo60Decibels / max(8, mode.decay * life)), at: count)
      energy += amplitude * amplitude
      count += 1
    }
    let scale = energy > 0 ? 0.7 / energy.squareRoot() : 0
    let audible = Self.inaudible / max(gain, 1e-6)
    var kept = 0
    for index in 0..<count {
      let amplitude = scale * states[2 * (index / 8)][index % 8]
      guard abs(amplitude) > audible else { continue }
      put(amplitude, ratios[index / 8][index % 8], decays[index / 8][index % 8], at: kept)
      kept += 1
    }
    groupCount = (kept + 7) / 8
    for index in kept..<(groupCount * 8) { put(0, 0, 0, at: index) }
    for group in 0..<groupCount { states[2 * group + 1] = .init(repeating: 0) }
    peak = kept > 0 ? 1 : 0
    tuning = 0
  }

  private func put(_ amplitude: Float, _ ratio: Float, _ decay: Float, at index: Int) {
    states[2 * (index / 8)][index % 8] = amplitude
    ratios[index / 8][index % 8] = ratio
    decays[index / 8][index % 8] = decay
  }

  /// −100 dB: what is fainter is not computed.
  private static let inaudible: Float = 1e-5

  /// Writes `frames` samples of the modes above `cyclesPerSample`.
  /// - Parameter gain: What they will be multiplied by at most, now and later.
  mutating func fill(
    _ output: UnsafeMutablePointer<Float>, _ frames: Int, cyclesPerSample: Float, gain: Float,
    _ kernels: Kernels
  ) {
    if cyclesPerSample != tuning { tune(cyclesPerSample) }
    output.update(repeating: 0, count: frames)
    kernels.addModes(
      groupCount, turns: turns,
      states: UnsafeMutableRawPointer(states).assumingMemoryBound(to: Float.self), to: output, count: frames)
    dropInaudible(gain: gain)
  }

  private mutating func dropInaudible(gain: Float) {
    let threshold = Self.inaudible / max(gain, 1e-6)
    var largest: Float = 0
    var group = 0
    while group < groupCount {
      let x = states[2 * group]
      let y = states[2 * group + 1]
      let square = x * x + y * y
      let power = square.max()
      if power < threshold * threshold {
        groupCount -= 1
        move(groupCount, to: group)
        continue
      }
      // Values that keep shrinking beside louder ones would become denormal numbers, which are slow.
      let faint = square .< 1e-20
      states[2 * group].replace(with: 0, where: faint)
      states[2 * group + 1].replace(with: 0, where: faint)
      largest = max(largest, power)
      group += 1
    }
    peak = largest.squareRoot()
  }

  /// Puts one group in the place of another, which is over.
  private func move(_ source: Int, to place: Int) {
    guard source != place else { return }
    (turns + place * Self.turnsOfGroup).update(
      from: turns + source * Self.turnsOfGroup, count: Self.turnsOfGroup)
    (states + 2 * place).update(from: states + 2 * source, count: 2)
    ratios[place] = ratios[source]
    decays[place] = decays[source]
  }

  /// Turns each mode's factor to a new frequency; its phase and amplitude do not change.
  private mutating func tune(_ cyclesPerSample: Float) {
    tuning = cyclesPerSample
    for group in 0..<groupCount {
      let turn = turns + group * Self.turnsOfGroup
      let angles = 2 * .pi * pointwiseMin(cyclesPerSample * ratios[group], .init(repeating: 0.49))
      var (cosines, sines) = (decays[group], decays[group])
      for mode in 0..<8 {
        cosines[mode] *= cosine(angles[mode])
        sines[mode] *= sine(angles[mode])
      }
      var (x, y) = (SIMD8<Float>(repeating: 1), SIMD8<Float>(repeating: 0))
      for power in 0..<8 {
        for mode in 0..<8 {
          turn[16 * mode + power] = x[mode]
          turn[16 * mode + 8 + power] = y[mode]
        }
        (x, y) = (x * cosines - y * sines, x * sines + y * cosines)
      }
      for mode in 0..<8 {
        turn[128 + mode] = x[mode]
        turn[136 + mode] = y[mode]
      }
    }
  }
}

/// The modes of a layer in memory that a voice reads without counting references, those that last longest first.
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

extension ModeTable {
  init(_ modes: Modes, arena: Arena) {
    let memory = arena.allocate(modes.modes.count, of: modes.modes[0])
    let signed = modes.modes.enumerated().map { index, mode in
      // Signs by Rudin and Shapiro (Rudin 1959), so that the peaks of the modes do not fall together.
      let isBelow = !(index & (index >> 1)).nonzeroBitCount.isMultiple(of: 2)
      return Modes.Mode(
        ratio: mode.ratio, amplitude: isBelow ? -mode.amplitude : mode.amplitude, decay: mode.decay)
    }
    // Modes that end together stand together, so that groups of them can be left out.
    let sorted = signed.enumerated().sorted { ($1.element.decay, $0.offset) < ($0.element.decay, $1.offset) }
    for (index, mode) in sorted.enumerated() { memory[index] = mode.element }
    self.init(
      modes: UnsafePointer(memory), count: modes.modes.count, inharmonicity: modes.inharmonicity,
      cutoff: modes.cutoff, velocityTracking: modes.velocityTracking, keyScaling: modes.keyScaling,
      body: CurvePoints(modes.body, arena: arena), softness: modes.softness)
  }
}
