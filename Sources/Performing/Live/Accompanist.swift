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
  /// Whether a model that knows such parts is asked, bar by bar, what it would play; otherwise all goes by a rule.
  public var asksModel: Bool
  /// How loud it is, 0...2; 1 is a little softer than a player who plays mezzo-forte.
  public var loudness: Double

  /// An accompaniment of all parts.
  public init(
    timeSignature: TimeSignature = .common, parts: Set<PartRole> = [.chords, .bass, .drums],
    chordProgram: Int = 24, bassProgram: Int = 32, asksModel: Bool = true, loudness: Double = 1
  ) {
    self.timeSignature = timeSignature
    self.parts = parts
    self.chordProgram = chordProgram
    self.bassProgram = bassProgram
    self.asksModel = asksModel
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
  /// What a model expects in a bar.
  private var expected: ExpectedBar?
  /// Notes of the model's that are to begin before the next eighth note.
  private var planned: [PlannedStroke] = []
  /// How many bars had their bass or drums from a model.
  private(set) var modelBars = 0

  private struct PlannedStroke {
    var beat: Double
    var end: Double
    var channel: Int
    var pitch: Int
    var velocity: Int
  }

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
  public var nextBeat: Double { min(placeBeat, planned.first?.beat ?? .infinity) }
  /// The next eighth note, in quarter notes.
  private var placeBeat: Double { Double(nextPlace) / 2 }
  /// The beat at which the next of its notes ends; nil where none sounds.
  var nextEnd: Double? { sounding.values.min() }
  /// Whether it rests, because nothing was played for a while.
  public var isResting: Bool { placeBeat - lastInput > Double(Self.patience * pattern.length) / 2 }

  /// Takes what a model expects in a bar. Its chords weigh in beside what is heard, its bass is played where the chord is the one that it
  /// was written to, and its drums are played as they are. Without it all goes by the rule.
  mutating func expect(_ bar: ExpectedBar) { expected = bar }

  /// How many quarter notes a bar has.
  var quartersPerBar: Double { Double(pattern.length) / 2 }
  /// How many eighth notes a bar has.
  var placesPerBar: Int { pattern.length }

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
      if let stroke = planned.first, stroke.beat < placeBeat {
        planned.removeFirst()
        strike(
          stroke.pitch, stroke.velocity, stroke.channel, at: stroke.beat, until: stroke.end, &events)
      } else {
        play(&events)
        nextPlace += 1
      }
    }
    return events + ended(by: beat)
  }

  /// The ends of all that sounds.
  public mutating func silence(at beat: Double) -> [BeatEvent] {
    defer { sounding.removeAll() }
    planned = []
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
    let beat = placeBeat
    let expected = expected?.bar == (nextPlace - place) / pattern.length ? expected : nil
    harmony.expect(expected, at: place, of: Double(nextPlace - place) / 2)
    harmony.listen(at: beat, positionInBar: Double(place) / 2, beatLength: Double(pattern.beat) / 2)
    guard !isResting else {
      struckChord = nil
      return
    }
    if place == 0, expected?.bass != nil || expected?.drums != nil { modelBars += 1 }
    if settings.parts.contains(.drums), let drums = expected?.drums {
      plan(drums, Self.drumChannel, place, &events)
    } else if settings.parts.contains(.drums) {
      for stroke in pattern.drums[place] {
        strike(stroke.key, stroke.velocity, Self.drumChannel, at: beat, until: beat + 0.25, &events)
      }
    }
    guard let chord = harmony.chord else { return }
    let hasChanged = chord.root != struckChord?.root || chord.quality != struckChord?.quality
    let toBar = Double(pattern.length - place) / 2
    if settings.parts.contains(.bass), let notes = expected?.bass,
      expected?.bassChord(at: place)?.root == chord.root, !hasChanged || notes.begin(at: place)
    {
      plan(notes, Self.bassChannel, place, &events)
    } else if settings.parts.contains(.bass) {
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

  /// Plays what begins at an eighth note, and plans what begins before the next one.
  private mutating func plan(
    _ strokes: [ExpectedBar.Stroke], _ channel: Int, _ place: Int, _ events: inout [BeatEvent]
  ) {
    let start = placeBeat - Double(place) / 2
    let isBass = channel == Self.bassChannel
    for stroke in strokes where Int((2 * stroke.beat).rounded(.down)) == place {
      let beat = start + stroke.beat
      let end = beat + (isBass ? stroke.length : max(stroke.length, 0.25))
      if beat > placeBeat {
        planned.append(
          PlannedStroke(
            beat: beat, end: end, channel: channel, pitch: stroke.pitch, velocity: stroke.velocity))
      } else {
        if isBass { self.end(channel, at: beat, &events) }
        strike(stroke.pitch, stroke.velocity, channel, at: beat, until: end, &events)
      }
    }
    planned.sort { ($0.beat, $0.channel, $0.pitch) < ($1.beat, $1.channel, $1.pitch) }
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

extension [ExpectedBar.Stroke] {
  /// Whether a note begins at an eighth note of the bar.
  fileprivate func begin(at place: Int) -> Bool { contains { 2 * $0.beat == Double(place) } }
}
