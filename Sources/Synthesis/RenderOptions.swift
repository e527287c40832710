public import Music

/// How a score is turned into samples.
public struct RenderOptions: Sendable, Hashable {
  /// Frames a second, one of `sampleRates`.
  public var sampleRate: Int
  /// Gain of the whole in decibels, before the limiter.
  public var gain: Double
  /// The room that the instruments play in.
  public var reverb: ReverbPreset
  /// How much reverb there is, 1 being the preset's own amount.
  public var reverbAmount: Double
  /// How many notes can sound at once; further ones replace the faintest.
  public var maximumVoices: Int
  /// Where in the score the sound begins.
  public var start: RenderStart
  /// How notes are played where the score does not say; nil plays them exactly as they are written.
  public var expression: Expression?
  /// How samples are read between their frames.
  public var interpolation: SampleInterpolation
  /// How many threads render; the samples do not depend on it. For playing, one: it waits for nobody.
  public var threadCount: Int

  /// The sample rates that can be rendered, in Hz.
  public static let sampleRates = 8000...192_000
  /// How many voices a rendering may have.
  public static let voiceCounts = 1...1024

  /// By default 44,100 Hz, in a concert hall.
  public init(
    sampleRate: Int = 44_100, gain: Double = 0, reverb: ReverbPreset = .hall, reverbAmount: Double = 1,
    maximumVoices: Int = 96, start: RenderStart = .beginning, expression: Expression? = nil,
    interpolation: SampleInterpolation = .sinc, threadCount: Int = 1
  ) {
    self.sampleRate = sampleRate
    self.gain = gain
    self.reverb = reverb
    self.reverbAmount = reverbAmount
    self.maximumVoices = maximumVoices
    self.start = start
    self.expression = expression
    self.interpolation = interpolation
    self.threadCount = threadCount
  }
}

/// Where in a score a rendering begins.
public enum RenderStart: Sendable, Hashable, CaseIterable {
  /// At tick 0, however long nothing sounds.
  case beginning
  /// With the bar of the first note, but no more than a beat before that note: a pickup is not preceded by a silent bar.
  case firstNote

  /// The tick at which a rendering of `score` begins.
  public func tick(in score: Score) -> Int {
    guard self == .firstNote,
      let onset = score.tracks.lazy.flatMap(\.notes).map(\.onset).min(), onset > 0
    else { return 0 }
    let bars = score.bars
    guard !bars.isEmpty else { return 0 }
    let bar = bars[min(bars.index(of: onset), bars.count - 1)]
    let written = 4 * score.ticksPerQuarter / bar.timeSignature.denominator
    let beat = bar.timeSignature.isCompound ? 3 * written : written
    return max(0, bar.start, onset - beat)
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

  /// Seconds to −60 dB, in the middle of the spectrum.
  var decay: Float {
    switch self {
    case .off: 0
    case .room: 0.5
    case .hall: 1.7
    case .church: 3.5
    }
  }

  /// The size of the room: a factor on the delays.
  var size: Float {
    switch self {
    case .off, .room: 0.45
    case .hall: 1
    case .church: 1.4
    }
  }

  /// The frequency in hertz above which the walls absorb.
  var damping: Float {
    switch self {
    case .off, .room: 4500
    case .hall: 5000
    case .church: 4000
    }
  }

  /// The level of the reverb.
  var level: Float {
    switch self {
    case .off: 0
    case .room: 0.16
    case .hall: 0.15
    case .church: 0.17
    }
  }
}
