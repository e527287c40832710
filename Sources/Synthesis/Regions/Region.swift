internal import SoundFonts

/// A zone of a SoundFont preset ready to be played: its sample, its generators and its modulators, without references.
struct Region: BitwiseCopyable {
  private var lowestKey: Int
  private var highestKey: Int
  private var lowestVelocity: Int
  private var highestVelocity: Int
  var generators: InlineArray<60, Float>
  var modulators: UnsafePointer<RegionModulator>
  var modulatorCount: Int
  /// The sound controllers that have their usual meaning.
  var soundControllers: SoundControllers
  /// For each generator the least and most that it may be, whatever modulators and NRPNs add to it.
  let limits: UnsafePointer<SIMD2<Float>>
  var sample: RegionSample
  /// The key and cents at which the sample has its own pitch.
  var rootKey: Float
  var correction: Float
  var exclusiveClass: Int

  /// - Parameter limits: Those of `makeLimits`.
  init(
    _ zone: SoundFontZone, sample: RegionSample, curves: ModulatorCurves,
    limits: UnsafePointer<SIMD2<Float>>, arena: Arena
  ) {
    self.limits = limits
    lowestKey = zone.keys.lowerBound
    highestKey = zone.keys.upperBound
    lowestVelocity = zone.velocities.lowerBound
    highestVelocity = zone.velocities.upperBound
    generators = InlineArray(repeating: 0)
    for generator in Generator.allCases { generators[generator.rawValue] = Float(zone.generators[generator]) }
    let list = zone.modulators.flatMap { RegionModulator.list($0, curves: curves) }
    let memory = arena.allocate(max(1, list.count), of: RegionModulator.none)
    for (index, modulator) in list.enumerated() { memory[index] = modulator }
    modulators = UnsafePointer(memory)
    modulatorCount = list.count
    soundControllers = SoundControllers(list)
    self.sample = sample
    let root = zone.generators[.rootKey]
    rootKey = Float((0...127).contains(root) ? root : zone.sample.originalKey)
    correction = Float(zone.sample.correctionCents)
    exclusiveClass = zone.generators[.exclusiveClass]
  }

  /// The range of each generator (SoundFont 2.04, §8.1.3). The pitch wheel moves the fine tuning by more than a file may set.
  static func makeLimits(_ arena: Arena) -> UnsafePointer<SIMD2<Float>> {
    let limits = arena.allocate(60, of: SIMD2<Float>(-.greatestFiniteMagnitude, .greatestFiniteMagnitude))
    for generator in Generator.allCases where generator.kind == .value {
      let range = generator == .fineTune ? -12_700...12_700 : generator.range
      limits[generator.rawValue] = SIMD2(Float(range.lowerBound), Float(range.upperBound))
    }
    return UnsafePointer(limits)
  }

  /// Whether a note sounds here.
  @inline(__always)
  func plays(key: Int, velocity: Int) -> Bool {
    key >= lowestKey && key <= highestKey && velocity >= lowestVelocity && velocity <= highestVelocity
  }

  /// The longest release at its own settings, in seconds.
  var release: Float { timecents(generators[.volumeEnvelopeRelease]) }
}

/// The seconds that timecents stand for; 0 for the least that a file can say.
@inline(__always)
func timecents(_ value: Float) -> Float { value <= -12_000 ? 0 : exponential2(value / 1200) }

/// The frequency in hertz that absolute cents stand for (SoundFont 2.04, §8.1.3).
@inline(__always)
func absoluteCents(_ value: Float) -> Float { 8.176 * exponential2(value / 1200) }
