/// An instrument ready to be played: its waves computed, its lists in plain memory.
final class Patch {
  let layers: UnsafePointer<PatchLayer>
  let layerCount: Int
  let chokeGroup: Int
  let reverbSend: Float
  let keyPan: Float
  let isSustained: Bool
  /// The longest release of its layers at middle C, in seconds.
  let longestRelease: Float
  private let arena = Arena()
  private let wavetables: [Wavetable]
  private var toneTables: [ToneTables] = []
  private var noiseTables: [NoiseTable] = []

  /// What the audio thread needs of it, valid as long as the patch lives.
  var view: PatchView {
    PatchView(
      layers: layers, layerCount: layerCount, chokeGroup: chokeGroup, reverbSend: reverbSend, keyPan: keyPan,
      isSustained: isSustained)
  }

  /// - Parameter wavetables: Waves that were computed before; new ones are added.
  init(_ instrument: Instrument, sampleRate: Float, wavetables cache: inout [Waveform: Wavetable]) {
    let level = decibels(instrument.level)
    let parts = instrument.layers.flatMap { layer -> [(layer: Layer, rotor: RotarySpeaker.Part?)] in
      layer.isRotary ? [(layer, .drum), (layer, .horn)] : [(layer, nil)]
    }
    let memory = arena.allocate(parts.count, of: PatchLayer.silent)
    var used: [Wavetable] = []
    for (index, part) in parts.enumerated() {
      let layer = part.layer
      let source: PatchSource
      switch layer.source {
      case .wave(let waveform):
        let table = cache[waveform] ?? Wavetable(waveform)
        cache[waveform] = table
        used.append(table)
        source = .wave(samples: table.samples, levelCount: table.levelCount)
      case .frequencyModulation(let settings): source = .frequencyModulation(settings)
      case .tone(let tone):
        let tables = ToneTables(tone, part: part.rotor, sampleRate: sampleRate)
        toneTables.append(tables)
        source = .tone(TonePatch(tone, tables))
      case .noise(let color): source = .noise(color)
      case .coloredNoise(let noise):
        let table = NoiseTable(noise.curve, shimmer: noise.shimmer, sampleRate: sampleRate)
        noiseTables.append(table)
        source = .coloredNoise(
          NoisePatch(samples: table.samples, keyTracking: noise.keyTracking, isStereo: noise.isStereo))
      case .string(let string): source = .string(string)
      case .modes(let modes): source = .modes(ModeTable(modes, arena: arena))
      }
      memory[index] = PatchLayer(
        layer, source: source, rotor: part.rotor, level: level, pan: instrument.pan)
    }
    layers = UnsafePointer(memory)
    layerCount = parts.count
    isSustained =
      instrument.layers.contains(where: \.sustains)
      && !instrument.layers.contains(where: \.source.diesAway)
    chokeGroup = instrument.chokeGroup
    reverbSend = instrument.reverbSend
    keyPan = instrument.keyPan
    longestRelease = instrument.layers.map(\.envelope.release).max() ?? 0
    wavetables = used
  }
}

/// A patch without reference counting, so that the audio thread may copy it.
struct PatchView: BitwiseCopyable {
  var layers: UnsafePointer<PatchLayer>
  var layerCount: Int
  var chokeGroup: Int
  var reverbSend: Float
  var keyPan: Float
  /// Whether its notes last as long as their keys are down, so that they can be slurred.
  var isSustained: Bool
}

/// A layer without reference counting, so that the audio thread may copy it.
struct PatchLayer {
  var source: PatchSource
  /// Amplitude, the instrument's level included.
  var gain: Float
  var pan: Float
  var ratio: Float
  var tracking: Float
  var frequency: Float
  var unison: Unison
  var envelope: Envelope
  var filter: Filter?
  var pitchSweep: PitchSweep
  var vibrato: Vibrato
  var tremolo: Tremolo
  var swell: Float
  var velocityExponent: Float
  var isOneShot: Bool
  /// The part of a rotary speaker that it is heard from.
  var rotor: RotarySpeaker.Part?

  /// A layer that plays nothing.
  static var silent: PatchLayer {
    PatchLayer(
      Layer(
        source: .noise(.white), gain: 0, pan: 0, ratio: 1, tracking: 1, frequency: 0, unison: .single,
        envelope: .organ,
        filter: nil, pitchSweep: .none, vibrato: .none, tremolo: .none, swell: 0, velocityExponent: 1,
        isOneShot: false, isRotary: false),
      source: .noise(.white), rotor: nil, level: 0, pan: 0)
  }

  init(_ layer: Layer, source: PatchSource, rotor: RotarySpeaker.Part?, level: Float, pan: Float) {
    self.source = source
    gain = level * decibels(layer.gain)
    self.pan = pan + layer.pan
    ratio = layer.ratio
    tracking = layer.tracking
    frequency = layer.frequency
    unison = layer.unison
    envelope = layer.envelope
    filter = layer.filter
    pitchSweep = layer.pitchSweep
    vibrato = layer.vibrato
    tremolo = layer.tremolo
    swell = layer.swell
    velocityExponent = layer.velocityExponent
    isOneShot = layer.isOneShot
    self.rotor = rotor
  }
}

/// Where a layer's samples come from, by pointers instead of arrays.
enum PatchSource {
  case wave(samples: UnsafePointer<Float>, levelCount: Int)
  case frequencyModulation(FrequencyModulation)
  case tone(TonePatch)
  case noise(NoiseColor)
  case coloredNoise(NoisePatch)
  case string(PluckedString)
  case modes(ModeTable)
}

extension Layer {
  /// Whether it is a pitch that lasts as long as its key is down.
  fileprivate var sustains: Bool {
    switch source {
    case .wave, .tone, .frequencyModulation: envelope.sustain > 0.05 && !isOneShot
    case .noise, .coloredNoise, .string, .modes: false
    }
  }
}
