/// How a score is turned into samples.
public struct RenderOptions: Sendable, Hashable {
  /// Frames a second, 8,000...192,000.
  public var sampleRate: Int
  /// Gain of the whole in decibels, before the limiter.
  public var gain: Double
  /// The room that the instruments play in.
  public var reverb: ReverbPreset
  /// How much of the room is heard, 1 being the preset's own amount.
  public var reverbAmount: Double
  /// How many notes can sound at once; further ones take the place of the faintest.
  public var maximumVoices: Int

  /// The options of a good recording: 44,100 Hz, in a hall.
  public init(
    sampleRate: Int = 44_100, gain: Double = 0, reverb: ReverbPreset = .hall, reverbAmount: Double = 1,
    maximumVoices: Int = 96
  ) {
    self.sampleRate = sampleRate
    self.gain = gain
    self.reverb = reverb
    self.reverbAmount = reverbAmount
    self.maximumVoices = maximumVoices
  }
}

/// A room.
public enum ReverbPreset: String, Sendable, Hashable, CaseIterable {
  /// None: dry.
  case off
  /// A furnished room: 0.5 s.
  case room
  /// A concert hall: 1.7 s.
  case hall
  /// A church: 3.5 s.
  case church

  /// Seconds to −60 dB, in the middle of the spectrum.
  var decay: Float {
    switch self {
    case .off: 0
    case .room: 0.5
    case .hall: 1.7
    case .church: 3.5
    }
  }

  /// How long its walls are away: a factor on the delays.
  var size: Float {
    switch self {
    case .off, .room: 0.45
    case .hall: 1
    case .church: 1.4
    }
  }

  /// Where its walls begin to swallow, in hertz.
  var damping: Float {
    switch self {
    case .off, .room: 4500
    case .hall: 5000
    case .church: 4000
    }
  }

  /// How loud it answers.
  var level: Float {
    switch self {
    case .off: 0
    case .room: 0.16
    case .hall: 0.15
    case .church: 0.17
    }
  }
}
