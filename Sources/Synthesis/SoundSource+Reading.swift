extension SoundSource {
  /// The keys of a layer that say where its samples come from; it has exactly one of them.
  static let keys = ["wave", "tone", "fm", "noise", "string", "modes"]

  /// Whether it decays by itself.
  var diesAway: Bool {
    switch self {
    case .string, .modes: true
    case .wave, .tone, .frequencyModulation, .noise, .coloredNoise: false
    }
  }

  /// Whether it can have unison.
  var hasCopies: Bool {
    switch self {
    case .wave, .tone: true
    case .string, .modes, .frequencyModulation, .noise, .coloredNoise: false
    }
  }

  /// Whether it is a tone.
  var isTone: Bool { if case .tone = self { true } else { false } }

  init(reading layer: JSONObject) throws(InstrumentError) {
    let present = Self.keys.filter(layer.has)
    guard present.count == 1 else {
      throw layer.error(
        present.last ?? "wave",
        "a layer has exactly one of \(Self.keys.joined(separator: ", ")); here are \(present.count)")
    }
    if let object = try layer.object("wave") {
      self = .wave(try Waveform(reading: object))
    } else if let object = try layer.object("fm") {
      self = .frequencyModulation(try FrequencyModulation(reading: object))
    } else if let object = try layer.object("tone") {
      self = .tone(try Tone(reading: object))
    } else if let object = try layer.object("noise") {
      if object.has("frequencies") {
        self = .coloredNoise(try ColoredNoise(reading: object))
      } else {
        try object.allowOnly(["color"])
        self = .noise(try object.choice("color", default: .white))
      }
    } else if let object = try layer.object("string") {
      self = .string(try PluckedString(reading: object))
    } else if let object = try layer.object("modes") {
      self = .modes(try Modes(reading: object))
    } else {
      throw layer.error(present[0], "must be an object")
    }
  }
}

extension Waveform {
  private enum Shape: String, CaseIterable { case sine, triangle, saw, square, pulse, harmonics }

  init(reading object: JSONObject) throws(InstrumentError) {
    try object.allowOnly(["shape", "width", "harmonics", "count", "slope", "even"])
    if object.has("harmonics") {
      let amplitudes = try object.numbers("harmonics", in: -1...1)
      guard (1...Wavetable.maximumHarmonics).contains(amplitudes.count),
        amplitudes.contains(where: { abs($0) >= 1e-6 })
      else { throw object.error("harmonics", "must hold an amplitude of at least 0.000001") }
      self = .harmonics(amplitudes)
    } else if object.has("slope") {
      let slope = try object.number("slope", in: -48...0)
      let even = try object.number("even", in: 0...2, default: 1)
      let count = try object.integer("count", in: 1...Wavetable.maximumHarmonics, default: 64)
      self = .harmonics(
        (1...count).map { power(Float($0), slope / decibelsPerDoubling) * ($0.isMultiple(of: 2) ? even : 1) })
    } else {
      switch try object.choice("shape", default: Shape.sine) {
      case .sine: self = .harmonics([1])
      case .triangle: self = .triangle
      case .saw: self = .saw
      case .square: self = .pulse(width: 0.5)
      case .pulse: self = .pulse(width: try object.number("width", in: 0.01...0.99))
      case .harmonics: throw object.error("harmonics", "is missing")
      }
    }
  }
}

extension FrequencyModulation {
  init(reading object: JSONObject) throws(InstrumentError) {
    try object.allowOnly([
      "carrier", "modulator", "index", "feedback", "velocityTracking", "keyScaling", "envelope",
    ])
    carrier = try object.number("carrier", in: 0.01...32, default: 1)
    modulator = try object.number("modulator", in: 0.01...32, default: 1)
    index = try object.number("index", in: 0...30)
    feedback = try object.number("feedback", in: 0...3, default: 0)
    velocityTracking = try object.number("velocityTracking", in: 0...8, default: 1)
    keyScaling = try object.number("keyScaling", in: -2...2, default: 0.3)
    envelope = try object.object("envelope").map(Envelope.init(reading:)) ?? .organ
  }
}

extension ColoredNoise {
  init(reading object: JSONObject) throws(InstrumentError) {
    try object.allowOnly(["frequencies", "levels", "keyTracking", "stereo", "shimmer"])
    curve = try SpectralCurve(points: object)
    keyTracking = try object.number("keyTracking", in: -1...2, default: 0)
    isStereo = try object.boolean("stereo", default: false)
    shimmer = try object.number("shimmer", in: 0...4, default: 0)
  }
}

extension PluckedString {
  init(reading object: JSONObject) throws(InstrumentError) {
    try object.allowOnly([
      "decay", "keyScaling", "brightness", "pickPosition", "pickNoise", "pickCutoff", "velocityTracking",
    ])
    decay = try object.number("decay", in: 0.01...120)
    keyScaling = try object.number("keyScaling", in: -2...2, default: 0.5)
    brightness = try object.number("brightness", in: 0...1, default: 0.5)
    pickPosition = try object.number("pickPosition", in: 0.01...0.5, default: 0.13)
    pickNoise = try object.number("pickNoise", in: 0...1, default: 0.2)
    pickCutoff = try object.number("pickCutoff", in: 50...20_000, default: 4000)
    velocityTracking = try object.number("velocityTracking", in: 0...8, default: 2)
  }
}

extension Modes {
  init(reading object: JSONObject) throws(InstrumentError) {
    let shared = ["inharmonicity", "cutoff", "velocityTracking", "keyScaling", "body", "softness"]
    if object.has("ratios") {
      try object.allowOnly(shared + ["ratios", "levels", "decays"])
      modes = try Self.listed(object)
    } else {
      try object.allowOnly(
        shared + [
          "count", "slope", "even", "harmonics", "strikePosition", "decay", "decaySlope", "aftersound",
        ])
      modes = try Self.series(object)
    }
    inharmonicity = try object.number("inharmonicity", in: 0...0.1, default: 0)
    cutoff = try object.number("cutoff", in: 0...20_000, default: 0)
    velocityTracking = try object.number("velocityTracking", in: 0...8, default: 0)
    keyScaling = try object.number("keyScaling", in: -2...2, default: 0.5)
    body = try object.object("body").map(SpectralCurve.init(reading:))
    softness = try object.number("softness", in: 0...24, default: 0)
  }

  /// Modes one by one: ratios, levels in decibels, decays in seconds.
  private static func listed(_ object: JSONObject) throws(InstrumentError) -> [Mode] {
    let ratios = try object.numbers("ratios", in: 0.05...64)
    let levels = try object.numbers("levels", in: -80...24)
    let decays = try object.numbers("decays", in: 0.005...120)
    guard (1...maximumCount).contains(ratios.count) else {
      throw object.error("ratios", "there are \(ratios.count); 1 to \(maximumCount) are allowed")
    }
    for (key, count) in [("levels", levels.count), ("decays", decays.count)] where count != ratios.count {
      throw object.error(key, "there are \(count) for \(ratios.count) ratios")
    }
    return ratios.indices.map {
      Mode(ratio: ratios[$0], amplitude: decibels(levels[$0]), decay: decays[$0])
    }
  }

  /// A harmonic series that is struck at one place, where mode n is missing if it has a node there; or one of listed levels.
  private static func series(_ object: JSONObject) throws(InstrumentError) -> [Mode] {
    let slope = try object.number("slope", in: -96...6, default: -6)
    let even = try object.number("even", in: 0...2, default: 1)
    let strike = try object.number("strikePosition", in: 0.01...0.5, default: 0.12)
    let decay = try object.number("decay", in: 0.01...120)
    let decaySlope = try object.number("decaySlope", in: -4...1, default: -0.5)
    let listed = object.has("harmonics") ? try object.numbers("harmonics", in: -90...40) : []
    let aftersound = try object.object("aftersound").map(Aftersound.init(reading:))
    let largest = maximumCount - (aftersound?.count ?? 0)
    let count = try object.integer("count", in: 1...largest, default: 16)
    guard listed.count <= count else {
      throw object.error("harmonics", "there are \(listed.count) for a count of \(count)")
    }
    let modes = (1...count).map { n in
      let amplitude =
        if n <= listed.count {
          decibels(listed[n - 1])
        } else if let last = listed.last {
          decibels(last + slope * logarithm2(Float(n) / Float(listed.count)))
        } else {
          power(Float(n), slope / decibelsPerDoubling) * (n.isMultiple(of: 2) ? even : 1)
            * sine(.pi * Float(n) * strike)
        }
      return Mode(
        ratio: Float(n), amplitude: amplitude, decay: max(0.005, decay * power(Float(n), decaySlope)))
    }
    return modes + (aftersound.map { $0.modes(after: modes) } ?? [])
  }
}

/// The second polarization of a string: fainter, a little out of tune with the first, and slower to decay (Weinreich 1977).
private struct Aftersound {
  var count: Int
  var level: Float
  var decay: Float
  var detune: Float

  init(reading object: JSONObject) throws(InstrumentError) {
    try object.allowOnly(["count", "level", "decay", "detune"])
    count = try object.integer("count", in: 1...32, default: 8)
    level = try object.number("level", in: -60...0)
    decay = try object.number("decay", in: 1...20, default: 3)
    detune = try object.number("detune", in: -20...20, default: 0.5)
  }

  func modes(after modes: [Modes.Mode]) -> [Modes.Mode] {
    modes.prefix(count).map {
      Modes.Mode(
        ratio: $0.ratio * power(2, detune / 1200), amplitude: $0.amplitude * decibels(level),
        decay: $0.decay * decay)
    }
  }
}
