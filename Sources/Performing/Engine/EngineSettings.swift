public import Synthesis

/// How a performance sounds, and how far it is planned ahead.
public struct EngineSettings: Sendable {
  /// Sample rate, room, voices, tuning. Of no effect are `gain`, `isLimited`, `start`, `expression`, `separatesParts` and `threadCount`.
  public var render: RenderOptions
  /// How loud it becomes.
  public var level: LevelTarget
  /// Decibels on top of that.
  public var gain: Double
  /// The gain in decibels to begin with; nil estimates it from the first bar.
  public var initialGain: Double?
  /// How far the limiter looks ahead, in seconds: all sound is later by as much.
  public var limiterLookAhead: Double
  /// How many bars wait to be played while one sounds. It grows by itself where composing is too slow.
  public var barsAhead: Int
  /// Whether the sound waits for a bar that is not there yet, as it has to where it goes to a file; otherwise what sounds dies away
  /// meanwhile, and the bar follows when it is there.
  public var waitsForBars: Bool

  /// The most bars that wait, however slow composing is.
  public static let mostBarsAhead = 16

  /// Settings; by default for a sound card.
  public init(
    render: RenderOptions = RenderOptions(), level: LevelTarget = .measured, gain: Double = 0,
    initialGain: Double? = nil, limiterLookAhead: Double = 0.005, barsAhead: Int = 1,
    waitsForBars: Bool = false
  ) {
    self.render = render
    self.level = level
    self.gain = gain
    self.initialGain = initialGain
    self.limiterLookAhead = limiterLookAhead
    self.barsAhead = barsAhead
    self.waitsForBars = waitsForBars
  }
}

/// What listens to a performance: recorders, and outputs of MIDI. It is called by the thread that renders, and returns soon.
public protocol PerformanceListener: AnyObject, Sendable {
  /// A bar will sound.
  /// - Parameters:
  ///   - bar: The bar.
  ///   - frame: The frame of the sound at which its bar line is.
  func willPlay(_ bar: PerformedBar, atFrame frame: Int)
  /// A message that belongs to no bar takes effect.
  /// - Parameters:
  ///   - message: The message.
  ///   - channel: Its channel, 0...15.
  ///   - frame: The frame of the sound.
  func willPlay(_ message: ChannelMessage, channel: Int, atFrame frame: Int)
  /// Interleaved stereo samples go out.
  func didRender(_ samples: Span<Float>)
}

extension PerformanceListener {
  /// Nothing.
  public func willPlay(_ bar: PerformedBar, atFrame frame: Int) {}
  /// Nothing.
  public func willPlay(_ message: ChannelMessage, channel: Int, atFrame frame: Int) {}
  /// Nothing.
  public func didRender(_ samples: Span<Float>) {}
}

/// Where a performance is.
public struct PerformedPlace: Sendable, Hashable {
  /// The bar that sounds.
  public var bar: PerformedBar
  /// The frame of its bar line.
  public var startFrame: Int
  /// The tick in the bar.
  public var tick: Int
  /// The beat of the bar, from 0; beats are of the time signature's lower number.
  public var beat: Int
}

/// How a performance has gone so far.
public struct EngineStatistics: Sendable, Hashable {
  /// How many bars were begun.
  public internal(set) var barCount = 0
  /// How many notes.
  public internal(set) var noteCount = 0
  /// How often a bar was not there in time.
  public internal(set) var starvedCount = 0
  /// For how many seconds in all there was nothing to play.
  public internal(set) var starvedSeconds = 0.0
  /// How many bars wait at most, now.
  public internal(set) var barsAhead = 1
  /// How many messages were lost because too many came at once.
  public internal(set) var lostCount = 0
  /// How often sounds were prepared while it played.
  public internal(set) var preparationCount = 0
  /// The gain now, in decibels.
  public internal(set) var gain = 0.0

  /// Nothing yet.
  public init() {}
}
