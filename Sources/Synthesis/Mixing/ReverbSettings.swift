/// The room that the instruments play in, and how much of it is heard.
public struct ReverbSettings: Sendable, Hashable {
  /// The kind of room.
  public var preset: ReverbPreset
  /// How much reverberation there is, 0...4; 1 is the preset's own amount.
  public var amount: Double
  /// Seconds to −60 dB in the middle of the spectrum; nil is the preset's own.
  public var decay: Double?

  /// The decays that can be asked for, in seconds.
  public static let decays = 0.1...20.0
  /// The amounts that can be asked for.
  public static let amounts = 0.0...4.0

  /// By default a concert hall.
  public init(_ preset: ReverbPreset = .hall, amount: Double = 1, decay: Double? = nil) {
    self.preset = preset
    self.amount = amount
    self.decay = decay
  }

  /// The decay in seconds that results.
  var usedDecay: Float {
    decay.map { Float(min(max($0, Self.decays.lowerBound), Self.decays.upperBound)) }
      ?? max(preset.decay, 0.1)
  }
}

/// A reverb: the kind of room that the instruments play in.
public enum ReverbPreset: String, Sendable, Hashable, CaseIterable {
  /// None: dry.
  case off
  /// A furnished room: 0.5 s.
  case room
  /// A concert hall: 1.7 s.
  case hall
  /// A church: 3.5 s.
  case church

  /// Seconds to −60 dB, in the middle of the spectrum; 0 for none.
  public var decay: Float {
    switch self {
    case .off: 0
    case .room: 0.5
    case .hall: 1.7
    case .church: 3.5
    }
  }

  /// A factor on the delays of the network.
  var size: Float {
    switch self {
    case .off, .room: 0.42
    case .hall: 1
    case .church: 1.35
    }
  }

  /// A factor on the delays of the allpasses.
  var diffusionSize: Float {
    switch self {
    case .off, .room: 0.7
    case .hall: 1
    case .church: 1.3
    }
  }

  /// The decay at low frequencies, by the nominal one.
  var lowDecay: Float { 1.04 }

  /// The decay at high frequencies, by the nominal one: air and walls absorb more there.
  var highDecay: Float {
    switch self {
    case .off, .room: 0.5
    case .hall: 0.32
    case .church: 0.2
    }
  }

  /// The frequency in hertz where the decay is between both.
  var crossover: Float {
    switch self {
    case .off, .room: 6500
    case .hall: 7000
    case .church: 7000
    }
  }

  /// Seconds until the network is fed.
  var lateDelay: Float {
    switch self {
    case .off, .room: 0.002
    case .hall: 0.012
    case .church: 0.02
    }
  }

  /// The amplitude of the reverberation of a steady sound, by that of the sound.
  var level: Float {
    switch self {
    case .off: 0
    case .room: 0.28
    case .hall: 0.36
    case .church: 0.44
    }
  }

  /// Which share of its energy is in the early reflections.
  var earlyShare: Float {
    switch self {
    case .off, .room: 0.4
    case .hall: 0.22
    case .church: 0.12
    }
  }

  /// The room whose first reflections are heard.
  var room: EarlyReflections.Room {
    switch self {
    case .off, .room:
      .init(
        size: [6.3, 7.9, 2.9], source: [3.0, 6.1, 1.3], halfWidth: 1.1, listener: [3.3, 3.2, 1.5],
        reflection: 0.8)
    case .hall:
      .init(
        size: [23, 41, 15], source: [11.2, 33, 1.6], halfWidth: 3.5, listener: [12.1, 19, 1.6],
        reflection: 0.88)
    case .church:
      .init(
        size: [19, 52, 21], source: [9.2, 40, 1.8], halfWidth: 3, listener: [10.3, 23, 1.6],
        reflection: 0.93)
    }
  }
}
