extension Instrument {
  /// Reads one instrument of a file.
  init(reading object: JSONObject, family: InstrumentFamily) throws(InstrumentError) {
    try object.allowOnly([
      "name", "like", "programs", "keys", "pitched", "level", "pan", "keyPan", "reverb", "chokeGroup",
      "velocityExponent",
      "vibrato", "tremolo", "rotary", "layers",
    ])
    let isDrum = family == .drums
    name = object.instrument
    self.family = family
    programs = isDrum ? [] : try object.integers("programs", in: 0...127)
    drumKeys = isDrum ? try object.integers("keys", in: 0...127) : []
    guard object.has(isDrum ? "keys" : "programs") else {
      throw object.error(isDrum ? "keys" : "programs", "is missing")
    }
    guard !object.has(isDrum ? "programs" : "keys") else {
      throw object.error(
        isDrum ? "programs" : "keys", isDrum ? "drums have keys" : "only the family drums has keys")
    }
    isPitched = try object.boolean("pitched", default: !isDrum)
    level = try object.number("level", in: -60...24, default: 0)
    pan = try object.number("pan", in: -1...1, default: 0)
    keyPan = try object.number("keyPan", in: -1...1, default: 0)
    reverbSend = try object.number("reverb", in: 0...4, default: 1)
    chokeGroup = try object.integer("chokeGroup", in: 0...127, default: 0)
    let common = LayerDefaults(
      velocityExponent: try object.number("velocityExponent", in: 0...6, default: 2),
      vibrato: try object.object("vibrato").map(Vibrato.init(reading:)) ?? .none,
      tremolo: try object.object("tremolo").map(Tremolo.init(reading:)) ?? .none,
      isOneShot: isDrum, isRotary: try object.boolean("rotary", default: false))
    layers = []
    for layer in try object.objects("layers") { layers.append(try Layer(reading: layer, defaults: common)) }
    guard (1...Layer.maximumCount).contains(layers.count) else {
      throw object.error("layers", "there are \(layers.count); an instrument has 1 to \(Layer.maximumCount)")
    }
  }
}

/// Settings of an instrument for those of its layers that have none of their own.
struct LayerDefaults {
  var velocityExponent: Float
  var vibrato: Vibrato
  var tremolo: Tremolo
  var isOneShot: Bool
  var isRotary: Bool
}

extension Optional where Wrapped == JSONObject {
  /// `map` with this module's error.
  func map<Value>(
    _ read: (JSONObject) throws(InstrumentError) -> Value
  ) throws(InstrumentError) -> Value? {
    switch self {
    case .none: nil
    case .some(let object): try read(object)
    }
  }
}

extension Layer {
  /// How many layers an instrument can have.
  static let maximumCount = 6

  init(reading object: JSONObject, defaults: LayerDefaults) throws(InstrumentError) {
    try object.allowOnly(
      SoundSource.keys + [
        "gain", "pan", "ratio", "detune", "frequency", "unison", "envelope", "filter", "pitchSweep",
        "vibrato", "tremolo", "velocityExponent", "oneShot", "tracking", "swell", "rotary",
      ])
    source = try SoundSource(reading: object)
    gain = try object.number("gain", in: -80...24, default: 0)
    pan = try object.number("pan", in: -1...1, default: 0)
    let detune = try object.number("detune", in: -100...100, default: 0)
    ratio = try object.number("ratio", in: 0.01...32, default: 1) * power(2, detune / 1200)
    tracking = try object.number("tracking", in: -1...2, default: 1)
    frequency = try object.number("frequency", in: 1...20_000, default: 0)
    unison = try object.object("unison").map(Unison.init(reading:)) ?? .single
    envelope = try object.object("envelope").map(Envelope.init(reading:)) ?? .organ
    filter = try object.object("filter").map(Filter.init(reading:))
    pitchSweep = try object.object("pitchSweep").map(PitchSweep.init(reading:)) ?? .none
    vibrato = try object.object("vibrato").map(Vibrato.init(reading:)) ?? defaults.vibrato
    tremolo = try object.object("tremolo").map(Tremolo.init(reading:)) ?? defaults.tremolo
    swell = try object.number("swell", in: 0...20, default: 0)
    velocityExponent = try object.number("velocityExponent", in: 0...6, default: defaults.velocityExponent)
    isOneShot = try object.boolean("oneShot", default: defaults.isOneShot)
    isRotary = try object.boolean("rotary", default: defaults.isRotary && source.isTone)
    if isRotary, !source.isTone {
      throw object.error("rotary", "only a tone can be heard from a rotary speaker")
    }
    if isOneShot, envelope.sustain > 0, !source.diesAway {
      throw object.error("envelope.sustain", "must be 0 for a one-shot sound, which no key release ends")
    }
    if unison.pairs > 0 {
      guard source.hasCopies else { throw object.error("unison", "only a wave or a tone can have unison") }
    }
  }
}

extension Unison {
  init(reading object: JSONObject) throws(InstrumentError) {
    try object.allowOnly(["pairs", "detune", "spread"])
    pairs = try object.integer("pairs", in: 1...Self.maximumPairs, default: 1)
    detune = try object.number("detune", in: 0...100, default: 4)
    spread = try object.number("spread", in: 0...1, default: 0)
  }
}

extension Envelope {
  init(reading object: JSONObject) throws(InstrumentError) {
    try object.allowOnly(["delay", "attack", "hold", "decay", "sustain", "release", "keyScaling"])
    delay = try object.number("delay", in: 0...10, default: 0)
    attack = try object.number("attack", in: 0...20, default: 0.002)
    hold = try object.number("hold", in: 0...20, default: 0)
    decay = try object.number("decay", in: 0.001...120, default: 1)
    sustain = try object.number("sustain", in: 0...1, default: 1)
    release = try object.number("release", in: 0.005...30, default: 0.1)
    keyScaling = try object.number("keyScaling", in: -2...2, default: 0)
  }
}

extension Filter {
  init(reading object: JSONObject) throws(InstrumentError) {
    try object.allowOnly([
      "kind", "cutoff", "resonance", "keyTracking", "velocityTracking", "envelopeAmount", "envelope",
    ])
    kind = try object.choice("kind", default: .lowpass)
    cutoff = try object.number("cutoff", in: 10...20_000)
    resonance = try object.number("resonance", in: 0.3...40, default: 0.707)
    keyTracking = try object.number("keyTracking", in: -1...2, default: 0)
    velocityTracking = try object.number("velocityTracking", in: 0...8, default: 0)
    envelopeAmount = try object.number("envelopeAmount", in: -10...10, default: 0)
    envelope = try object.object("envelope").map(Envelope.init(reading:)) ?? .organ
  }
}

extension PitchSweep {
  init(reading object: JSONObject) throws(InstrumentError) {
    try object.allowOnly(["semitones", "time"])
    semitones = try object.number("semitones", in: -60...60)
    time = try object.number("time", in: 0.001...10)
  }
}

extension Vibrato {
  init(reading object: JSONObject) throws(InstrumentError) {
    try object.allowOnly(["rate", "depth", "delay", "fade"])
    rate = try object.number("rate", in: 0.01...40, default: 5.5)
    depth = try object.number("depth", in: 0...1200)
    delay = try object.number("delay", in: 0...10, default: 0.3)
    fade = try object.number("fade", in: 0.001...10, default: 0.4)
  }
}

extension Tremolo {
  init(reading object: JSONObject) throws(InstrumentError) {
    try object.allowOnly(["shape", "rate", "depth"])
    shape = try object.choice("shape", default: .sine)
    rate = try object.number("rate", in: 0.01...60, default: 5)
    depth = try object.number("depth", in: 0...1)
  }
}
