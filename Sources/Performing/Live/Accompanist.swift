public import Music
public import Synthesis

/// What an accompaniment consists of.
public struct AccompanimentSettings: Sendable, Hashable {
  /// The bars.
  public var timeSignature: TimeSignature
  /// Which parts play: chords, bass, drums.
  public var parts: Set<PartRole>
  /// The General MIDI program of the chords, and of the bass.
  public var chordProgram: Int
  /// The General MIDI program of the bass.
  public var bassProgram: Int
  /// How loud it is, 0...2; 1 is a little softer than a player who plays mezzo-forte.
  public var loudness: Double

  /// An accompaniment of all parts.
  public init(
    timeSignature: TimeSignature = .common, parts: Set<PartRole> = [.chords, .bass, .drums],
    chordProgram: Int = 24, bassProgram: Int = 32, loudness: Double = 1
  ) {
    self.timeSignature = timeSignature
    self.parts = parts
    self.chordProgram = chordProgram
    self.bassProgram = bassProgram
    self.loudness = loudness
  }
}

/// A message at a beat of a performance.
public struct BeatEvent: Sendable, Hashable {
  /// The beat, in quarter notes.
  public var beat: Double
  /// The channel, 0...15.
  public var channel: Int
  /// The message.
  public var message: ChannelMessage

  /// A message.
  public init(beat: Double, channel: Int, message: ChannelMessage) {
    self.beat = beat
    self.channel = channel
    self.message = message
  }
}

/// Plays chords, bass and drums to a player, on the beats of a grid.
///
/// It listens at every eighth note (`HarmonyFollower`) and lets bass and chords go where the player is: with the pattern of the bar
/// (`AccompanimentPattern`), and at once where the chord has changed. Chords rest while the player plays chords in full. It is a value;
/// the same notes at the same beats are accompanied in the same way.
public struct Accompanist: Sendable {
  /// What it plays.
  public let settings: AccompanimentSettings
  /// The channels of the parts.
  public static let (chordChannel, bassChannel, drumChannel) = (1, 2, 9)

  private let pattern: AccompanimentPattern
  private var harmony = HarmonyFollower()
  private var voicing = ChordVoicing()
  private var bass = BassLine()
  /// The next eighth note, counted from beat 0.
  private var nextPlace: Int
  /// When each note ends that sounds, by channel and key.
  private var sounding: [Int: Double] = [:]
  private var lastInput = -Double.infinity
  private var struckChord: HeardChord?

  /// After this many bars without a note from the player it falls silent.
  static let patience = 2

  /// An accompanist who begins at a beat, which is rounded up to an eighth note.
  public init(_ settings: AccompanimentSettings = AccompanimentSettings(), from beat: Double = 0) {
    self.settings = settings
    pattern = AccompanimentPattern(settings.timeSignature)
    nextPlace = Int((2 * beat).rounded(.up))
  }

  /// The chord that is on; nil before any was heard.
  public var chord: HeardChord? { harmony.chord }
  /// The beat at which it plays next, in quarter notes.
  public var nextBeat: Double { Double(nextPlace) / 2 }
  /// The beat at which the next of its notes ends; nil where none sounds.
  var nextEnd: Double? { sounding.values.min() }
  /// Whether it rests, because nothing was played for a while.
  public var isResting: Bool { nextBeat - lastInput > Double(Self.patience * pattern.length) / 2 }

  /// The chords that a model expects at the next moments, with their probabilities, which weigh in beside what is heard.
  mutating func expect(_ chords: [HeardChord: Double]) { harmony.expected = chords }

  /// What the messages are that set its channels up.
  public var opening: [BeatEvent] {
    var events: [BeatEvent] = []
    if settings.parts.contains(.chords) {
      events.append(
        BeatEvent(beat: nextBeat, channel: Self.chordChannel, message: .program(settings.chordProgram)))
    }
    if settings.parts.contains(.bass) {
      events.append(
        BeatEvent(beat: nextBeat, channel: Self.bassChannel, message: .program(settings.bassProgram)))
    }
    return events
  }

  /// Takes note of what the player does.
  public mutating func take(_ message: ChannelMessage, channel: Int, at beat: Double) {
    guard channel != Self.drumChannel else { return }
    switch message {
    case .noteOn(let key, let velocity, _) where velocity > 0:
      harmony.press(key & 127, channel: channel, at: beat)
      lastInput = max(lastInput, beat)
    case .noteOn(let key, _, _), .noteOff(let key, _):
      harmony.lift(key & 127, channel: channel, at: beat)
    default: break
    }
  }

  /// What is to be played up to a beat, which is not before those of earlier calls.
  public mutating func perform(until beat: Double) -> [BeatEvent] {
    var events: [BeatEvent] = []
    while nextBeat <= beat {
      events += ended(by: nextBeat)
      play(&events)
      nextPlace += 1
    }
    return events + ended(by: beat)
  }

  /// The ends of all that sounds.
  public mutating func silence(at beat: Double) -> [BeatEvent] {
    defer { sounding.removeAll() }
    return sounding.keys.sorted().map {
      BeatEvent(beat: beat, channel: $0 >> 7, message: .noteOff(key: $0 & 127))
    }
  }

  private mutating func ended(by beat: Double) -> [BeatEvent] {
    let over = sounding.filter { $0.value <= beat }.sorted { ($0.value, $0.key) < ($1.value, $1.key) }
    for (place, _) in over { sounding[place] = nil }
    return over.map { BeatEvent(beat: $0.value, channel: $0.key >> 7, message: .noteOff(key: $0.key & 127)) }
  }

  private mutating func play(_ events: inout [BeatEvent]) {
    let place = (nextPlace % pattern.length + pattern.length) % pattern.length
    let beat = nextBeat
    harmony.listen(at: beat, positionInBar: Double(place) / 2, beatLength: Double(pattern.beat) / 2)
    guard !isResting else {
      struckChord = nil
      return
    }
    if settings.parts.contains(.drums) {
      for stroke in pattern.drums[place] {
        strike(stroke.key, stroke.velocity, Self.drumChannel, at: beat, until: beat + 0.25, &events)
      }
    }
    guard let chord = harmony.chord else { return }
    let hasChanged = chord.root != struckChord?.root || chord.quality != struckChord?.quality
    let toBar = Double(pattern.length - place) / 2
    if settings.parts.contains(.bass) {
      let isRoot = hasChanged || pattern.roots.contains(place)
      if isRoot || pattern.fifths.contains(place) {
        let next = pattern.fifths.union(pattern.roots).filter { $0 > place }.min() ?? pattern.length
        end(Self.bassChannel, at: beat, &events)
        let pitch = bass.move(to: isRoot ? chord.root : chord.pitchClasses[2])
        strike(
          pitch, place == 0 ? 84 : 74, Self.bassChannel, at: beat, until: beat + Double(next - place) / 2,
          &events)
      }
    }
    if settings.parts.contains(.chords) {
      if hasChanged { end(Self.chordChannel, at: beat, &events) }
      if harmony.pitchClassCount(at: beat) < 3, hasChanged || pattern.chords.contains(place) {
        voicing.move(to: chord)
        end(Self.chordChannel, at: beat, &events)
        let length = min(toBar, hasChanged ? 1 : 0.75)
        for pitch in voicing.pitches {
          strike(pitch, hasChanged ? 66 : 58, Self.chordChannel, at: beat, until: beat + length, &events)
        }
      }
    }
    struckChord = chord
  }

  private mutating func strike(
    _ pitch: Int, _ velocity: Int, _ channel: Int, at beat: Double, until end: Double,
    _ events: inout [BeatEvent]
  ) {
    let place = channel << 7 | pitch
    if sounding[place] != nil {
      events.append(BeatEvent(beat: beat, channel: channel, message: .noteOff(key: pitch)))
    }
    let loudness = min(max(Int((Double(velocity) * settings.loudness).rounded()), 1), 127)
    events.append(BeatEvent(beat: beat, channel: channel, message: .noteOn(key: pitch, velocity: loudness)))
    sounding[place] = end
  }

  private mutating func end(_ channel: Int, at beat: Double, _ events: inout [BeatEvent]) {
    for place in sounding.keys.sorted() where place >> 7 == channel {
      sounding[place] = nil
      events.append(BeatEvent(beat: beat, channel: channel, message: .noteOff(key: place & 127)))
    }
  }
}
