/// A value that another program sets or asks for.
public enum RemoteValue: Sendable, Hashable {
  /// A finite number.
  case number(Double)
  /// A text, such as a key or the name of an instrument.
  case text(String)
}

/// What another program asks for through OSC, beside notes, which come in as messages.
public enum RemoteAction: Sendable, Hashable {
  /// A parameter gets a value: `temperature`, `density`, `tempo`, `key` or whatever whoever plays knows.
  case set(parameter: String, to: RemoteValue)
  /// A parameter is asked for.
  case get(parameter: String)
  /// Play from the beginning.
  case start
  /// Stop.
  case stop
  /// Hold, and stay at this place.
  case pause
  /// Go on from this place.
  case resume
  /// Go to a bar, counted from 1.
  case bar(Int)
  /// Forget what was played.
  case reset
  /// A bar that was played elsewhere, as MIDI-GPT's users send it.
  case played(RemoteBar)
  /// The next event of the music is asked for, as Notochord's users do; `isFed` where it then counts as played.
  case nextEvent(isFed: Bool)
}

/// A bar of notes whose times are parts of the bar.
public struct RemoteBar: Sendable, Hashable {
  /// A note.
  public struct Note: Sendable, Hashable {
    /// The track that plays it.
    public var track: Int
    /// The key, 0...127.
    public var key: Int
    /// The velocity, 1...127.
    public var velocity: Int
    /// Where it begins, as a part of the bar, 0..<1.
    public var onset: Double
    /// How long it is, as a part of the bar.
    public var duration: Double

    /// A note.
    /// - Parameters:
    ///   - track: the track that plays it.
    ///   - key: the key, 0...127.
    ///   - velocity: the velocity, 1...127.
    ///   - onset: where it begins, as a part of the bar.
    ///   - duration: how long it is, as a part of the bar.
    public init(track: Int, key: Int, velocity: Int, onset: Double, duration: Double) {
      self.track = track
      self.key = key
      self.velocity = velocity
      self.onset = onset
      self.duration = duration
    }
  }

  /// The bar's number, as its sender counts.
  public var index: Int
  /// The time signature.
  public var numerator: Int
  /// The time signature.
  public var denominator: Int
  /// Its notes.
  public var notes: [Note]

  /// A bar.
  /// - Parameters:
  ///   - index: the bar's number.
  ///   - numerator: beats in the bar.
  ///   - denominator: the note value of a beat.
  ///   - notes: its notes.
  public init(index: Int, numerator: Int, denominator: Int, notes: [Note]) {
    self.index = index
    self.numerator = numerator
    self.denominator = denominator
    self.notes = notes
  }
}

/// An event of composed music, as Notochord describes it.
public struct RemoteEvent: Sendable, Hashable {
  /// The General MIDI program, 0...127; that of a drum kit where `isDrums`.
  public var program: Int
  /// Whether a drum kit plays it.
  public var isDrums: Bool
  /// The key, 0...127.
  public var key: Int
  /// Seconds since the event before.
  public var seconds: Double
  /// The velocity, 0...127; 0 ends the note.
  public var velocity: Int
  /// How probable it is that the piece ends with this event, 0...1.
  public var endProbability: Double

  /// An event.
  /// - Parameters:
  ///   - program: the General MIDI program, 0...127.
  ///   - isDrums: whether a drum kit plays it.
  ///   - key: the key, 0...127.
  ///   - seconds: seconds since the event before.
  ///   - velocity: the velocity, 0...127.
  ///   - endProbability: how probable it is that the piece ends here.
  public init(
    program: Int, isDrums: Bool, key: Int, seconds: Double, velocity: Int, endProbability: Double = 0
  ) {
    self.program = program
    self.isDrums = isDrums
    self.key = key
    self.seconds = seconds
    self.velocity = velocity
    self.endProbability = endProbability
  }
}

/// What became of a request.
public enum RemoteAnswer: Sendable, Hashable {
  /// It was done.
  case done
  /// The value that was asked for.
  case value(RemoteValue)
  /// The event that was asked for.
  case event(RemoteEvent)
  /// It was not done; the words go back to whoever asked.
  case refused(String)
}

/// Does what another program asks for: called on the server's thread, with the moment that it is due. It must return soon; whatever
/// takes time is to be handed to another thread.
public typealias RemoteHandler = @Sendable (_ action: RemoteAction, _ time: PerformanceTime) -> RemoteAnswer
