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
  /// Seconds to −60 dB of the reverb, in the middle of the spectrum; nil is the preset's own.
  public var reverbDecay: Double?
  /// How much of the chorus is heard, 1 being the usual amount and 0 none.
  public var chorusAmount: Double
  /// Whether the sound is limited to −1 dBFS, as it has to be where it is heard at once. Otherwise it is the mix, of any amplitude and
  /// without `gain`, as `Mastering.write` takes it.
  public var isLimited: Bool
  /// Whether parts get places between left and right where the score gives none.
  public var placesParts: Bool
  /// Whether each part comes out by itself: left and right of the first, of the second, and so on, each with the reverb and the
  /// chorus of its own, and not limited. Their sum is the mix.
  public var separatesParts: Bool
  /// How many notes can sound at once; further ones replace the faintest. A note of a SoundFont may need several voices, two where it is in
  /// stereo: it is one note nonetheless. There are four voices for each note; where those run out, notes lack layers or are not heard.
  public var maximumVoices: Int
  /// Where in the score the sound begins.
  public var start: RenderStart
  /// How notes are played where the score does not say; nil plays them exactly as they are written.
  public var expression: Expression?
  /// How the notes of an octave are tuned against each other; nil is equal temperament.
  public var temperament: Temperament?
  /// How samples are read between their frames.
  public var interpolation: SampleInterpolation
  /// How many threads render; the samples do not depend on it. For playing, one: it waits for nobody.
  public var threadCount: Int

  /// The sample rates that can be rendered, in Hz.
  public static let sampleRates = 8000...192_000
  /// How many notes a rendering may have at once.
  public static let voiceCounts = 1...1024

  /// By default 44,100 Hz, in a concert hall.
  public init(
    sampleRate: Int = 44_100, gain: Double = 0, reverb: ReverbPreset = .hall, reverbAmount: Double = 1,
    maximumVoices: Int = 96, start: RenderStart = .beginning, expression: Expression? = nil,
    reverbDecay: Double? = nil, chorusAmount: Double = 1, isLimited: Bool = true, placesParts: Bool = false,
    separatesParts: Bool = false, temperament: Temperament? = nil, interpolation: SampleInterpolation = .sinc,
    threadCount: Int = 1
  ) {
    self.sampleRate = sampleRate
    self.gain = gain
    self.reverb = reverb
    self.reverbAmount = reverbAmount
    self.maximumVoices = maximumVoices
    self.start = start
    self.expression = expression
    self.reverbDecay = reverbDecay
    self.chorusAmount = chorusAmount
    self.isLimited = isLimited
    self.placesParts = placesParts
    self.separatesParts = separatesParts
    self.temperament = temperament
    self.interpolation = interpolation
    self.threadCount = threadCount
  }

  /// The reverb that all of this is.
  var reverbSettings: ReverbSettings {
    ReverbSettings(reverb, amount: reverbAmount, decay: reverbDecay)
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
