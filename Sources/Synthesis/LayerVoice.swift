internal import Arithmetic

/// Memory in which a segment is computed, shared by all voices that one thread renders.
struct Workspace {
  let kernels: Kernels
  let voiceLeft: UnsafeMutablePointer<Float>
  let voiceRight: UnsafeMutablePointer<Float>
  let voiceMono: UnsafeMutablePointer<Float>
  let left: UnsafeMutablePointer<Float>
  let right: UnsafeMutablePointer<Float>
  let levels: UnsafeMutablePointer<Float>
  let sine: UnsafePointer<Float>

  init(arena: Arena) {
    kernels = Kernels.current
    voiceMono = arena.allocate(segmentFrames, of: 0)
    voiceLeft = arena.allocate(segmentFrames, of: 0)
    voiceRight = arena.allocate(segmentFrames, of: 0)
    // A region is read for a whole quantum where nothing moves.
    left = arena.allocate(quantumFrames, of: 0)
    right = arena.allocate(segmentFrames, of: 0)
    levels = arena.allocate(segmentFrames, of: 0)
    let table = arena.allocate(SineTable.sine.count, of: Float(0))
    for (index, value) in SineTable.sine.enumerated() { table[index] = value }
    sine = UnsafePointer(table)
  }
}

/// What each layer of a note needs to start.
struct NoteStart {
  var key: Int
  var velocity: Int
  var seed: UInt64
  var pan: Float
  var sampleRate: Float
}

/// One layer of a sounding note.
struct LayerVoice {
  var layer: PatchLayer
  private let oscillators: UnsafeMutablePointer<WaveOscillator>
  let tones: UnsafeMutablePointer<ToneOscillator>
  var toneZone = 0
  /// The frequencies in hertz that are read from it.
  var toneRange: (from: Float, to: Float) = (0, 0)
  /// How much of each lane of a tone is heard.
  var toneWeights = SIMD4<Float>(1, 0, 0, 0)
  var softness: Float = 0
  private var noiseReader = NoiseReader()
  private var bank: ModalBank?
  private var string: StringLoop?
  private var pair = FrequencyModulationPair()
  private var noise = NoiseGenerator(seed: 0)
  private var rumble: Float = 0
  private var envelope = EnvelopeGenerator()
  private var filterEnvelope = EnvelopeGenerator()
  private var stateFilter = StateVariableFilter()
  var sampleRate: Float = 44_100
  var seed: UInt64 = 0
  var age = 0
  /// The frequency without bend and vibrato, in hertz.
  private var frequency: Float = 0
  private var filterCutoff: Float = 0
  private var amplitude: Float = 0
  /// The amplitude that it approaches after a slur.
  private var nextAmplitude: Float = 0
  /// What the source was multiplied by last, besides the envelope.
  private var gain: Float = 0
  /// What left and right were multiplied by last, for a rotary speaker.
  private var rotorGains = SIMD2<Float>(repeating: 1)
  private var leftPan: Float = 0
  private var rightPan: Float = 0
  private var decayIsOver = false

  /// A layer that is silent until it is started, with memory for what it may have to play.
  /// - Parameter lowestString: The lowest frequency of a string in cycles a sample; nil if it need not play strings.
  init(arena: Arena, hasBank: Bool, lowestString: Float?) {
    layer = .silent
    tones = arena.allocate(Unison.maximumCopies, of: ToneOscillator())
    oscillators = arena.allocate(Unison.maximumCopies, of: WaveOscillator())
    bank = hasBank ? ModalBank(arena: arena) : nil
    string = lowestString.map { StringLoop(arena: arena, lowestFrequency: $0) }
  }

  /// Whether it can no longer be heard.
  var isDone: Bool { envelope.isDone || decayIsOver }

  /// Roughly how loud it is now.
  var loudness: Float {
    let source: Float =
      switch layer.source {
      case .modes: bank?.peak ?? 0
      case .string: string?.peak ?? 0
      default: 1
      }
    return isDone ? 0 : amplitude * envelope.level * source
  }

  /// Whether copies are spread over two channels.
  private var isStereo: Bool {
    if case .coloredNoise(let noise) = layer.source { return noise.isStereo }
    return layer.unison.pairs > 0 && layer.unison.spread > 0
  }

  mutating func start(_ layer: PatchLayer, _ note: NoteStart) {
    self.layer = layer
    sampleRate = note.sampleRate
    seed = mixed(note.seed)
    age = 0
    decayIsOver = false
    let octaves = (Float(note.key) - 60) / 12
    let velocity = Float(note.velocity)
    frequency = frequency(ofKey: note.key)
    amplitude = layer.gain * power(velocity / 127, layer.velocityExponent)
    nextAmplitude = amplitude
    let angle = (min(max(layer.pan + note.pan, -1), 1) + 1) * .pi / 4
    leftPan = cosine(angle)
    rightPan = sine(angle)
    envelope = EnvelopeGenerator(layer.envelope, octaves: octaves, sampleRate: sampleRate)
    gain = movement(after: 0) * amplitude
    stateFilter = StateVariableFilter()
    if let filter = layer.filter {
      filterEnvelope = EnvelopeGenerator(filter.envelope, octaves: octaves, sampleRate: sampleRate)
      setCutoff(filter, octaves: octaves, velocity: velocity)
    }
    startSource(octaves: octaves, velocity: velocity)
  }

  private func frequency(ofKey key: Int) -> Float {
    layer.frequency > 0
      ? layer.frequency : layer.ratio * Synthesis.frequency(ofKey: 60 + layer.tracking * Float(key - 60))
  }

  /// Goes on at another key and velocity: the voice's glide joins the pitches, and nothing begins anew.
  mutating func slur(to note: NoteStart) {
    let velocity = Float(note.velocity)
    frequency = frequency(ofKey: note.key)
    nextAmplitude = layer.gain * power(velocity / 127, layer.velocityExponent)
    softness = 1 - velocity / 127
    if let filter = layer.filter {
      setCutoff(filter, octaves: (Float(note.key) - 60) / 12, velocity: velocity)
    }
  }

  private mutating func setCutoff(_ filter: Filter, octaves: Float, velocity: Float) {
    filterCutoff =
      filter.cutoff
      * exponential2(filter.keyTracking * octaves + filter.velocityTracking * (velocity - 100) / 127)
  }

  /// Brings the amplitude nearer to that after a slur, in about 20 ms.
  private mutating func followAmplitude(_ frames: Int) {
    guard amplitude != nextAmplitude else { return }
    amplitude += (nextAmplitude - amplitude) * 0.07 * Float(frames) / Float(segmentFrames)
    if abs(amplitude - nextAmplitude) < 1e-4 * nextAmplitude { amplitude = nextAmplitude }
  }

  private mutating func startSource(octaves: Float, velocity: Float) {
    // What lies above the Nyquist frequency cannot sound.
    guard frequency < 0.45 * sampleRate || isNoise else {
      decayIsOver = true
      return
    }
    switch layer.source {
    case .wave:
      oscillators[0] = WaveOscillator()
      for pair in 0..<layer.unison.pairs {
        let turn = 0.381_966 * Float(pair + 1)
        oscillators[1 + 2 * pair] = WaveOscillator(phase: turn)
        oscillators[2 + 2 * pair] = WaveOscillator(phase: -turn)
      }
    case .frequencyModulation(let settings):
      pair = FrequencyModulationPair(settings, octaves: octaves, velocity: velocity, sampleRate: sampleRate)
    case .tone(let tone):
      for copy in 0...2 * layer.unison.pairs {
        let turn = 0.381_966 * Float((copy + 1) / 2)
        tones[copy] = ToneOscillator(
          phase: copy.isMultiple(of: 2) ? -turn : turn, cents: place(ofCopy: copy) * layer.unison.detune)
      }
      toneZone = ToneTables.zone(of: frequency)
      toneRange = ToneTables.range(ofZone: toneZone)
      softness = 1 - velocity / 127
      toneWeights = weights(of: tone, after: 0)
    case .coloredNoise(let settings):
      noiseReader = NoiseReader(seed: seed, rate: exponential2(settings.keyTracking * octaves))
    case .noise:
      noise = NoiseGenerator(seed: seed)
      rumble = 0
    case .string(let settings):
      string?.pluck(
        settings, cyclesPerSample: frequency / sampleRate, octaves: octaves, velocity: velocity,
        sampleRate: sampleRate, seed: seed)
    case .modes(let modes):
      bank?.strike(
        modes, frequency: frequency, octaves: octaves, velocity: velocity, gain: amplitude,
        sampleRate: sampleRate)
    }
  }

  /// What the amplitude is multiplied by besides the envelope.
  private func movement(after seconds: Double) -> Float {
    let gain = layer.tremolo.gain(after: seconds, seed: seed)
    guard layer.swell > 0 else { return gain }
    return gain * min(1, exponential(timeConstantsTo60Decibels * (Float(seconds) / layer.swell - 1)))
  }

  private var isNoise: Bool {
    switch layer.source {
    case .noise, .coloredNoise: true
    default: false
    }
  }

  /// The key is released.
  mutating func release() {
    guard !layer.isOneShot else { return }
    envelope.release()
    filterEnvelope.release()
    pair.release()
  }

  /// Adds the next `frames` samples to `left` and `right`.
  /// - Parameters:
  ///   - bend: Semitones by which the part is bent.
  ///   - wheel: The modulation wheel, 0...1.
  ///   - speaker: The channel's rotary speaker when the segment began.
  ///   - framesBefore: How many frames of the segment are over.
  mutating func add(
    toLeft left: UnsafeMutablePointer<Float>, right: UnsafeMutablePointer<Float>, _ frames: Int,
    bend: Float, wheel: Float, _ speaker: RotarySpeaker, framesBefore: Int, _ workspace: Workspace
  ) {
    guard !isDone else { return }
    let seconds = Double(age) / Double(sampleRate)
    var offset =
      bend + drift(after: seconds)
      + layer.vibrato.semitones(after: seconds, wheel: layer.rotor == nil ? wheel : 0, seed: seed)
      + layer.pitchSweep.semitones(after: seconds)
    var (pans, nextPans) = (SIMD2(leftPan, rightPan), SIMD2(leftPan, rightPan))
    if let part = layer.rotor {
      if age == 0 { rotorGains = part.gains(speaker[part].after(Float(framesBefore) / sampleRate)) }
      let rotor = speaker[part].after(Float(framesBefore + frames) / sampleRate)
      offset += part.semitones(rotor)
      pans *= rotorGains
      rotorGains = part.gains(rotor)
      nextPans *= rotorGains
    }
    age += frames
    let pitch = offset == 0 ? frequency : frequency * exponential2(offset / 12)
    fillSource(frames, cyclesPerSample: pitch / sampleRate, workspace)
    if let filter = layer.filter { apply(filter, frames, workspace) }
    followAmplitude(frames)
    let first = gain * pans
    gain = movement(after: Double(age) / Double(sampleRate)) * amplitude
    mix(frames, from: first, to: gain * nextPans, left, right, workspace)
    if envelope.isFalling, layer.swell == 0, loudness < Self.inaudible { decayIsOver = true }
  }

  /// Adds what the source has written, times the envelope and gains for left and right that move evenly.
  private mutating func mix(
    _ frames: Int, from first: SIMD2<Float>, to last: SIMD2<Float>, _ left: UnsafeMutablePointer<Float>,
    _ right: UnsafeMutablePointer<Float>, _ workspace: Workspace
  ) {
    let second = isStereo ? workspace.right : workspace.left
    let kernels = workspace.kernels
    var (first, last) = (first, last)
    if let ramp = envelope.ramp(frames) {
      first *= ramp.from
      last *= ramp.to
    } else {
      envelope.fill(workspace.levels, frames)
      for frame in 0..<frames { workspace.left[frame] *= workspace.levels[frame] }
      if isStereo { for frame in 0..<frames { workspace.right[frame] *= workspace.levels[frame] } }
    }
    let step = (last - first) / Float(frames)
    kernels.addRamp(workspace.left, gain: first.x, step: step.x, to: left, count: frames)
    kernels.addRamp(second, gain: first.y, step: step.y, to: right, count: frames)
  }

  /// −100 dB of full scale.
  private static let inaudible: Float = 1e-5

  private mutating func fillSource(_ frames: Int, cyclesPerSample: Float, _ workspace: Workspace) {
    let output = workspace.left
    switch layer.source {
    case .wave(let samples, let levelCount):
      fillWave(frames, samples, levelCount, cyclesPerSample: cyclesPerSample, workspace)
    case .frequencyModulation(let settings):
      pair.fill(
        output, frames, settings: settings, cyclesPerSample: cyclesPerSample, sine: workspace.sine)
    case .tone(let tone):
      fillTone(frames, tone, cyclesPerSample: cyclesPerSample, workspace)
    case .coloredNoise(let settings):
      noiseReader.fill(
        output, settings.isStereo ? workspace.right : nil, frames, settings.samples, workspace.kernels)
    case .noise(let color):
      fillNoise(output, frames, color)
    case .string:
      string?.fill(output, frames, cyclesPerSample: cyclesPerSample)
      decayIsOver = (string?.peak ?? 0) < Self.silence
    case .modes:
      bank?.fill(
        output, frames, cyclesPerSample: cyclesPerSample, gain: amplitude, workspace.kernels)
      decayIsOver = (bank?.peak ?? 0) < Self.silence
    }
  }

  /// A decay below this, −90 dB, is over.
  private static let silence: Float = 3.2e-5

  /// How loud a copy is against the one in tune. A single pair, which can cancel it, is softer.
  var followerGain: Float { layer.unison.pairs == 1 ? 0.35 : 0.5 }

  /// 1 for the outermost copy above, −1 for the one below, 0 for the one in tune.
  func place(ofCopy copy: Int) -> Float {
    let distance = copy == 0 ? 0 : Float((copy + 1) / 2) / Float(layer.unison.pairs)
    return copy.isMultiple(of: 2) ? -distance : distance
  }

  private mutating func fillWave(
    _ frames: Int, _ samples: UnsafePointer<Float>, _ levelCount: Int, cyclesPerSample: Float,
    _ workspace: Workspace
  ) {
    let unison = layer.unison
    let copies = 1 + 2 * unison.pairs
    let isStereo = isStereo
    let leaderGain = 1 / (1 + Float(copies - 1) * followerGain * followerGain).squareRoot()
    workspace.left.update(repeating: 0, count: frames)
    if isStereo { workspace.right.update(repeating: 0, count: frames) }
    for copy in 0..<copies {
      let place = place(ofCopy: copy)
      let rate = copy == 0 ? cyclesPerSample : cyclesPerSample * exponential2(place * unison.detune / 1200)
      let gain = copy == 0 ? leaderGain : leaderGain * followerGain
      let side =
        copy == 0 || !isStereo ? 0 : unison.spread * (place > 0 ? 1 : -1) * (copy > 2 ? 0.7 : 1)
      oscillators[copy].add(
        toLeft: workspace.left, right: isStereo ? workspace.right : nil, frames, samples: samples,
        levelCount: levelCount, cyclesPerSample: rate, leftGain: gain * (1 - side).squareRoot(),
        rightGain: gain * (1 + side).squareRoot(), workspace.kernels)
    }
  }

  private mutating func fillNoise(_ output: UnsafeMutablePointer<Float>, _ frames: Int, _ color: NoiseColor) {
    switch color {
    case .white: for frame in 0..<frames { output[frame] = noise.next() }
    case .red:
      // One pole at 60 Hz: −6 dB an octave above it, brought back to white noise's level.
      let keep = exponential(-2 * .pi * 60 / sampleRate)
      let gain = (1 - keep * keep).squareRoot()
      for frame in 0..<frames {
        rumble = keep * rumble + gain * noise.next()
        output[frame] = rumble
      }
    }
  }

  private mutating func apply(_ filter: Filter, _ frames: Int, _ workspace: Workspace) {
    var cutoff = filterCutoff
    if filter.envelopeAmount != 0 {
      cutoff *= exponential2(
        filter.envelopeAmount * filterEnvelope.skip(frames, scratch: workspace.levels))
    }
    let coefficients = StateVariableFilter.Coefficients(
      kind: filter.kind, cutoff: cutoff / sampleRate, resonance: filter.resonance)
    if isStereo {
      stateFilter.process(workspace.left, workspace.right, frames, coefficients)
    } else {
      stateFilter.process(workspace.left, frames, coefficients)
    }
  }
}
