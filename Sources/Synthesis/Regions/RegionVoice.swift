internal import Arithmetic
internal import SoundFonts

/// A sounding zone of a SoundFont: a sample with two envelopes, two LFOs and a filter, all of which modulators may move
/// (SoundFont 2.04, §9.1).
struct RegionVoice: BitwiseCopyable {
  private var region: UnsafePointer<Region>
  private var reading: SampleReading
  private var note = NoteControls(pressedKey: 60, key: 60, velocity: 100)
  private var sampleRate: Float = 44_100

  /// What modulators make of the generators, and the state of the channel that it was last computed for.
  private var settings = RegionSettings()
  private var revision = -1
  private var generatorRevision = -1

  private var volume = RegionEnvelope()
  private var modulation = RegionEnvelope()
  private var modulationLFO = TriangleOscillator()
  private var vibratoLFO = TriangleOscillator()
  private var filter = BlockLowpass()
  private var isFiltering = false
  private var tunedCutoff: Float = -1
  private var tunedResonance: Float = -1

  /// Where in the sample, in 2⁻³² frames.
  private var position: Int64 = 0
  private var isInTail = false
  private var isAtEnd = false
  private var pitch: Float = .nan
  private var step: Int64 = 0
  /// The gains at the end of what was rendered: left, right, reverb, chorus.
  private var gains = SIMD4<Float>(repeating: 0)
  private var hasBegun = false

  /// The amplitude of a full-scale sample at full velocity and volume: that of the built-in instruments.
  static let fullLevel: Float = 0.4
  /// How much goes to the reverb and the chorus at 100 %, against the usual amount of the built-in instruments.
  private static let reverbScale: Float = 6
  private static let chorusScale: Float = 3
  /// A decay is over when it has gone this far, in centibels: 96 dB, as on the hardware that banks are made for, where the specification has 100
  /// (§8.1.3, generator 36).
  private static let range: Float = 960
  /// What the specification calls 1 dB of attenuation is 0.4 dB on the hardware that banks are made for.
  private static let attenuationUnit: Float = 0.4

  /// A voice that is silent until it is started.
  init(_ region: UnsafePointer<Region>, _ reading: SampleReading) {
    self.region = region
    self.reading = reading
  }

  /// Whether it can no longer be heard.
  var isDone: Bool { volume.stage == .done || isAtEnd }

  /// Roughly how loud it is now.
  var loudness: Float { isDone ? 0 : max(gains.x, gains.y) }

  // MARK: Events

  mutating func start(
    _ region: UnsafePointer<Region>, key: Int, velocity: Int, sampleRate: Float, course: ChannelCourse,
    state: UnsafePointer<Channel>
  ) {
    self.region = region
    self.sampleRate = sampleRate
    let fixedKey = Int(region.pointee.generators[.key])
    let fixedVelocity = Int(region.pointee.generators[.velocity])
    note = NoteControls(
      pressedKey: key, key: fixedKey >= 0 ? min(fixedKey, 127) : key,
      velocity: fixedVelocity >= 0 ? min(fixedVelocity, 127) : velocity)
    revision = -1
    startEnvelopes(modulate(state, course))
    filter.clear()
    isFiltering = false
    tunedCutoff = -1
    position = 0
    isInTail = false
    isAtEnd = region.pointee.sample.end == 0
    pitch = .nan
    gains = .zero
    hasBegun = false
  }

  private func frames(_ seconds: Float) -> Int { Int(seconds * sampleRate + 0.5) }

  /// The time of a stage that is shorter or longer on other keys, in timecents, within what it may be on any key.
  private func scaled(_ values: InlineArray<60, Float>, _ stage: Generator, _ scaling: Generator) -> Float {
    let limits = region.pointee.limits[stage.rawValue]
    return min(max(values[stage] + Float(60 - note.key) * values[scaling], limits.x), limits.y)
  }

  private mutating func startEnvelopes(_ values: InlineArray<60, Float>) {
    volume = RegionEnvelope(
      EnvelopeTimes(
        delay: frames(timecents(values[.volumeEnvelopeDelay])),
        attack: frames(timecents(values[.volumeEnvelopeAttack])),
        hold: frames(
          timecents(scaled(values, .volumeEnvelopeHold, .keyToVolumeEnvelopeHold))),
        decay: sampleRate
          * timecents(scaled(values, .volumeEnvelopeDecay, .keyToVolumeEnvelopeDecay))),
      sustain: max(0, 1 - values[.volumeEnvelopeSustain] / Self.range))
    modulation = RegionEnvelope(
      EnvelopeTimes(
        delay: frames(timecents(values[.modulationEnvelopeDelay])),
        attack: frames(timecents(values[.modulationEnvelopeAttack])),
        hold: frames(
          timecents(scaled(values, .modulationEnvelopeHold, .keyToModulationEnvelopeHold))),
        decay: sampleRate
          * timecents(scaled(values, .modulationEnvelopeDecay, .keyToModulationEnvelopeDecay))),
      sustain: max(0, 1 - values[.modulationEnvelopeSustain] / 1000))
    modulationLFO = TriangleOscillator(delay: frames(timecents(values[.modulationLFODelay])))
    vibratoLFO = TriangleOscillator(delay: frames(timecents(values[.vibratoLFODelay])))
  }

  /// The key is released.
  mutating func release() {
    // An attack is linear in amplitude, a release in decibels: the release goes on where the attack was.
    let level =
      volume.stage == .attack
      ? 1 + 20 * logarithm10(max(volume.value, 1e-5)) * 10 / Self.range
      : volume.stage == .delay ? 0 : volume.value
    // A click is shorter than this.
    volume.release(
      from: max(0, level), frames: sampleRate * max(0.005, settings.release))
    let modulationLevel = modulation.stage == .attack ? Self.convex(modulation.value) : modulation.value
    modulation.release(
      from: modulation.stage == .delay ? 0 : modulationLevel,
      frames: sampleRate * settings.modulationRelease)
    leaveLoop()
  }

  /// A loop that ends with the key: what lies behind its end was its continuation, and the sample goes on from the same place.
  private mutating func leaveLoop() {
    guard region.pointee.sample.tail != nil, !isInTail else { return }
    isInTail = true
    let loop = Int64(region.pointee.sample.loopPeriod) << 32
    while position >> 32 >= Int64(region.pointee.sample.loopEnd) { position -= loop }
  }

  // MARK: Modulation

  /// Computes what modulators make of the generators.
  @discardableResult
  private mutating func modulate(
    _ state: UnsafePointer<Channel>, _ course: ChannelCourse
  ) -> InlineArray<60, Float> {
    revision = state.pointee.revision
    generatorRevision = course.generatorRevision
    var values = region.pointee.generators
    if generatorRevision > 0 {
      for index in 0..<60 {
        let replacement = course.generatorReplacements[index]
        values[index] = (replacement.isNaN ? values[index] : replacement) + course.generatorOffsets[index]
      }
    }
    values[.attenuation] *= Self.attenuationUnit
    RegionModulator.apply(
      region.pointee.modulators, count: region.pointee.modulatorCount, to: &values, note, state)
    region.pointee.soundControllers.apply(to: &values, state)
    let limits = region.pointee.limits
    for index in 0..<60 { values[index] = min(max(values[index], limits[index].x), limits[index].y) }
    settings = RegionSettings(values, key: note.key, region: region, sampleRate: sampleRate)
    settings.level *= Self.fullLevel * state.pointee.level
    settings.left *= state.pointee.balance.x
    settings.right *= state.pointee.balance.y
    settings.reverb *= Self.reverbScale
    settings.chorus *= Self.chorusScale
    return values
  }

  /// The same where the channel's state has changed.
  @inline(__always)
  private mutating func update(_ state: UnsafePointer<Channel>, _ course: ChannelCourse) {
    if revision != state.pointee.revision || generatorRevision != course.generatorRevision {
      modulate(state, course)
    }
  }

  private static func convex(_ x: Float) -> Float { 1 - ModulatorCurves.concave(1 - x) }

  /// The modulation envelope's level: its attack is convex.
  @inline(__always)
  private var modulationLevel: Float {
    switch modulation.stage {
    case .delay: 0
    case .attack: Self.convex(modulation.value)
    default: modulation.value
    }
  }

  /// Cents between the sample's own pitch and what is heard.
  @inline(__always)
  private func pitch(tuning: Float) -> Float {
    settings.pitch + settings.scale * tuning + settings.modulationLFOToPitch * modulationLFO.value
      + settings.vibratoLFOToPitch * vibratoLFO.value + settings.modulationEnvelopeToPitch * modulationLevel
  }

  /// The gains of the four lanes of a bus: those of the settings with the volume envelope and the modulation LFO.
  @inline(__always)
  private var targetGains: SIMD4<Float> {
    let swing = settings.modulationLFOToVolume * modulationLFO.value
    let amplitude: Float =
      switch volume.stage {
      case .delay, .done: 0
      case .attack: volume.value * (swing == 0 ? 1 : centibels(swing))
      default:
        swing == 0 && volume.value == 1 ? 1 : centibels(swing - (1 - volume.value) * Self.range)
      }
    return amplitude * settings.level
      * SIMD4(settings.left, settings.right, settings.reverb, settings.chorus)
  }

  // MARK: Sound

  /// Adds frames to the buses. The state of the channel and the tuning hold for all of them.
  /// - Parameters:
  ///   - place: The first frame of the bus.
  ///   - tuning: Semitones that are added to the key.
  mutating func add(
    to bus: Bus, from place: Int, _ frames: Int, state: UnsafePointer<Channel>, course: ChannelCourse,
    tuning: Float, fade: UnsafePointer<Float>?, _ workspace: Workspace
  ) {
    update(state, course)
    var done = 0
    while done < frames, !isDone {
      let corner = min(frames - done, volume.framesToCorner, modulation.framesToCorner)
      guard volume.stage != .delay else {
        advance(corner)
        done += corner
        continue
      }
      let count = min(corner, evenFrames(from: place + done))
      if !hasBegun {
        // An attack begins in silence; without one the sample does as it is.
        gains = targetGains
        hasBegun = true
      }
      let from = gains
      tune(tuning)
      let cutoff = cutoff
      let length = read(count, workspace)
      applyFilter(cutoff, length, workspace)
      advance(count)
      gains = targetGains
      if let fade { for frame in 0..<length { workspace.left[frame] *= fade[done + frame] } }
      Self.mix(
        workspace.left, to: bus, from: place + done, length, from, (gains - from) / Float(count),
        workspace.kernels)
      done += count
    }
  }

  /// For how many frames pitch and filter stay as they are and the level moves evenly: until the segment's end where an oscillator or an
  /// envelope moves them.
  /// - Parameter place: A frame of the quantum.
  @inline(__always)
  private func evenFrames(from place: Int) -> Int {
    var frames = quantumFrames
    let oscillators = settings.isSwayed
    if oscillators.modulation {
      frames = modulationLFO.framesToStart > 0 ? modulationLFO.framesToStart : segmentFrames
    }
    if oscillators.vibrato {
      frames = min(frames, vibratoLFO.framesToStart > 0 ? vibratoLFO.framesToStart : segmentFrames)
    }
    if modulation.isMoving, settings.isBent { frames = segmentFrames }
    frames = min(frames, volume.evenFrames)
    guard frames < quantumFrames else { return frames }
    // Segments begin where they would without this.
    let end = (place + frames) / segmentFrames * segmentFrames
    return end > place ? end - place : segmentFrames - place % segmentFrames
  }

  private mutating func advance(_ frames: Int) {
    volume.advance(frames)
    modulation.advance(frames)
    modulationLFO.advance(frames, cyclesPerSample: settings.modulationLFORate)
    vibratoLFO.advance(frames, cyclesPerSample: settings.vibratoLFORate)
    // A release that cannot be heard any more is over.
    if volume.stage == .release, max(gains.x, gains.y) < 1e-5 { isAtEnd = true }
    if volume.stage == .sustain, volume.value <= 0 { isAtEnd = true }
  }

  private mutating func tune(_ tuning: Float) {
    let cents = pitch(tuning: tuning)
    guard cents != pitch else { return }
    pitch = cents
    // No sample is read at more than 256 times its speed.
    let speed =
      Double(region.pointee.sample.sampleRate / sampleRate) * exponential2(Double(min(cents, 9600)) / 1200)
    step = max(1, Int64(min(speed, 256) * 0x1p32))
  }

  /// The filter's corner in absolute cents.
  @inline(__always)
  private var cutoff: Float {
    min(
      max(
        settings.cutoff + settings.modulationLFOToCutoff * modulationLFO.value
          + settings.modulationEnvelopeToCutoff * modulationLevel, 1500), 13_500)
  }

  private mutating func applyFilter(_ cutoff: Float, _ frames: Int, _ workspace: Workspace) {
    let resonance = settings.resonance
    // Wide open and without a peak it would do nothing (SoundFont 2.04, §8.1.3, generator 9).
    if cutoff >= 13_500, resonance == 0, !isFiltering { return }
    isFiltering = true
    if cutoff != tunedCutoff || resonance != tunedResonance {
      tunedCutoff = cutoff
      tunedResonance = resonance
      filter.tune(cutoff: absoluteCents(cutoff) / sampleRate, resonance: resonance / 10)
    }
    filter.process(workspace.left, frames, workspace.kernels)
  }

  /// Writes the next frames of the sample.
  /// - Returns: how many there were before its end.
  private mutating func read(_ frames: Int, _ workspace: Workspace) -> Int {
    let sample = region.pointee.sample
    let output = workspace.left
    let isLooping = sample.loopLength > 0 && !isInTail
    let data = isInTail ? sample.tail ?? sample.frames : sample.frames
    let limit = Int64(isLooping ? sample.loopJump : sample.end) << 32
    var written = 0
    while written < frames {
      if position >= limit {
        guard isLooping else {
          isAtEnd = true
          break
        }
        position -= Int64(sample.loopLength) << 32
        continue
      }
      let left = (limit - position + step - 1) / step
      let count = Int(min(Int64(frames - written), left))
      reading.read(data, &position, step: step, into: output + written, count, workspace.kernels)
      written += count
    }
    return written
  }

  private static func mix(
    _ samples: UnsafePointer<Float>, to bus: Bus, from place: Int, _ frames: Int, _ gains: SIMD4<Float>,
    _ step: SIMD4<Float>, _ kernels: Kernels
  ) {
    kernels.addRamps(
      samples, gains: gains, steps: step, left: bus.left + place, right: bus.right + place,
      reverb: bus.reverb + place, chorus: bus.chorus + place, count: frames)
  }
}
