public import Music
public import Synthesis

/// What a model does with what a player plays in.
public enum LiveMode: String, Sendable, Hashable, CaseIterable {
  /// It answers each phrase with one of its own.
  case answer
  /// It plays chords, bass and drums to it.
  case accompany
  /// It goes on where the player leaves off, until the player plays again.
  case continuation
}

/// Where the tempo of a live performance comes from.
public enum LiveTempo: Sendable, Hashable {
  /// The player's onsets.
  case followed
  /// It is given, in quarter notes a minute; the player keeps to it by and large.
  case given(Double)
  /// Beats come from outside, as a MIDI clock: see `LivePerformer.follow(_:)`.
  case clock

  /// The tempo, in quarter notes a minute, where it is given.
  public var given: Double? { if case .given(let tempo) = self { tempo } else { nil } }
}

/// What is asked of a live performance.
public struct LiveSettings: Sendable {
  /// What the model does.
  public var mode: LiveMode
  /// Where the tempo comes from.
  public var tempo: LiveTempo
  /// The bars.
  public var timeSignature: TimeSignature
  /// A phrase is over when nothing was played for this many beats (quarter notes); the answer comes on the next beat. 0.25...16.
  public var pause: Double
  /// How many bars a call has, where the answer comes at a bar line and not after a pause; nil for a pause. 1...64.
  public var turnBars: Int?
  /// How many quarter notes of the first bar come before the player's first note, where that is not the first of the bar.
  public var firstBeat: Double?
  /// The General MIDI program of the answers; nil for the player's own.
  public var program: Int?
  /// How answers are composed.
  public var answers: AnswerSettings
  /// How an accompaniment plays.
  public var accompaniment: AccompanimentSettings

  /// The pauses that can be asked for.
  public static let pauses = 0.25...16.0
  /// The lengths of a call, in bars, that can be asked for.
  public static let turnLengths = 1...AnswerSettings.mostBars
  /// A continuation has at most so many bars, unless `answers.bars` says otherwise.
  public static let continuationBars = 256

  /// Settings.
  public init(
    mode: LiveMode = .answer, tempo: LiveTempo = .followed, timeSignature: TimeSignature = .common,
    pause: Double = 1, turnBars: Int? = nil, firstBeat: Double? = nil, program: Int? = nil,
    answers: AnswerSettings = AnswerSettings(seed: 1),
    accompaniment: AccompanimentSettings = AccompanimentSettings()
  ) {
    self.mode = mode
    self.tempo = tempo
    self.timeSignature = timeSignature
    self.pause = min(max(pause, Self.pauses.lowerBound), Self.pauses.upperBound)
    self.turnBars = turnBars.map { min(max($0, Self.turnLengths.lowerBound), Self.turnLengths.upperBound) }
    self.firstBeat = firstBeat
    self.program = program
    self.answers = answers
    self.answers.timeSignature = timeSignature
    self.accompaniment = accompaniment
    self.accompaniment.timeSignature = timeSignature
  }

  /// The tempo that is given; nil for one that is found.
  var quartersPerMinute: Double? { if case .given(let tempo) = tempo { tempo } else { nil } }

  /// Quarter notes in a bar.
  public var quartersPerBar: Double {
    4 * Double(timeSignature.numerator) / Double(timeSignature.denominator)
  }
}

/// A change of a live performance while it goes on.
public enum LiveChange: Sendable, Hashable {
  /// How bold the answers that follow are: the sampling temperature, above 0.
  case temperature(Double)
  /// How many bars the answers that follow have; nil for as many as their calls.
  case bars(Int?)
  /// After how many beats of silence a phrase is over.
  case pause(Double)
  /// What is played now is ended.
  case silence
  /// What was played before is forgotten.
  case reset
  /// The performance ends.
  case stop
}

/// A message that a live performance sends.
public struct LiveEvent: Sendable, Hashable {
  /// When it is due.
  public var time: PerformanceTime
  /// The channel, 0...15.
  public var channel: Int
  /// The message.
  public var message: ChannelMessage
  /// Whether it is the first note of an answer, from whose moment to whose being sent latency is measured.
  public var opensAnswer = false

  /// A message.
  public init(time: PerformanceTime, channel: Int, message: ChannelMessage, opensAnswer: Bool = false) {
    self.time = time
    self.channel = channel
    self.message = message
    self.opensAnswer = opensAnswer
  }
}

/// What has happened in a live performance.
public struct LiveReport: Sendable, Hashable {
  /// How many notes the player played.
  public var heardNotes = 0
  /// How many phrases were answered or continued.
  public var answers = 0
  /// How many notes were played in answer, or in accompaniment.
  public var playedNotes = 0
  /// How many phrases could not be answered, because the model's tokens cannot express them.
  public var failures = 0
  /// How many notes of answers were ready too late to be played at all.
  public var missedNotes = 0
  /// Which parts of an accompaniment the model writes: the others go by a rule. Chords are its harmony.
  public var modelRoles: Set<PartRole> = []
  /// About how many bars of an accompaniment the model was asked.
  public var askedBars = 0
  /// In how many bars what the model expects was there at the bar line.
  public var answeredBars = 0
  /// The tempo that was last heard, in quarter notes a minute; nil before any was.
  public var quartersPerMinute: Double?
  /// The key that was last heard, as its name; nil before any was.
  public var key: String?

  /// Nothing yet.
  public init() {}
}
