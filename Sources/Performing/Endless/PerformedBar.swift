public import Music

/// A bar as it is performed: its notes on the channels that play them, and how fast it goes.
///
/// Times are ticks from its bar line, so that a bar can be played wherever the music has come to.
public struct PerformedBar: Sendable, Hashable {
  /// The number of the bar in the performance, from 0.
  public var number: Int
  /// The number of the piece in the performance, from 0.
  public var piece: Int
  /// The number of the bar in its piece, from 0.
  public var numberInPiece: Int
  /// The seed that the piece came from; nil where it was not composed.
  public var seed: UInt64?
  /// Its time signature.
  public var timeSignature: TimeSignature
  /// Ticks in a quarter note, 1...32,767.
  public var ticksPerQuarter: Int
  /// From its bar line to the next one, in ticks.
  public var length: Int
  /// The tempos, the first at tick 0.
  public var tempos: [TempoChange]
  /// How fast it is played, 1 being the tempo of the piece: what `tempos` were multiplied by.
  public var tempoFactor = 1.0
  /// The parts that notes are of. Those that rest in this bar may be among them.
  public var parts: [PerformedPart]
  /// The notes that begin in it, by onset. They may end after it.
  public var notes: [PerformedNote]

  /// A bar.
  public init(
    number: Int = 0, piece: Int = 0, numberInPiece: Int = 0, seed: UInt64? = nil,
    timeSignature: TimeSignature = .common, ticksPerQuarter: Int, length: Int,
    tempos: [TempoChange] = [.standard], parts: [PerformedPart] = [], notes: [PerformedNote] = []
  ) {
    self.number = number
    self.piece = piece
    self.numberInPiece = numberInPiece
    self.seed = seed
    self.timeSignature = timeSignature
    self.ticksPerQuarter = ticksPerQuarter
    self.length = length
    self.tempos = tempos
    self.parts = parts
    self.notes = notes
  }

  /// The way between its ticks and seconds from its bar line.
  public var timeMap: TimeMap { TimeMap(ticksPerQuarter: ticksPerQuarter, tempos: tempos) }
  /// How long it lasts, in seconds.
  public var seconds: Double { timeMap.seconds(at: length) }
  /// The tempo on its bar line, in quarter notes a minute.
  public var quartersPerMinute: Double { (tempos.first ?? .standard).quartersPerMinute }
}

/// A note of a bar.
public struct PerformedNote: Sendable, Hashable {
  /// Which of the bar's parts plays it.
  public var part: Int
  /// The note; its onset is in ticks from the bar line.
  public var note: Note

  /// A note of a part.
  public init(part: Int, note: Note) {
    self.part = part
    self.note = note
  }
}

/// A part, and how it sounds.
public struct PerformedPart: Sendable, Hashable {
  /// What it is called; may be empty.
  public var name: String
  /// What it does in the piece; nil if nobody said so.
  public var role: PartRole?
  /// The MIDI channel that it is played on, 0...15; drums have 9.
  public var channel: Int
  /// The General MIDI program, 0...127; of drums the kit.
  public var program: Int
  /// Whether its pitches are drums.
  public var isDrum: Bool
  /// Its place between left (0) and right (127); 64 is the middle.
  public var pan: Int

  /// A part.
  public init(
    name: String = "", role: PartRole? = nil, channel: Int, program: Int, isDrum: Bool = false, pan: Int = 64
  ) {
    self.name = name
    self.role = role
    self.channel = channel
    self.program = program
    self.isDrum = isDrum
    self.pan = pan
  }

  /// The channel of drums.
  public static let drumChannel = 9
}

extension PerformedBar {
  /// How many ticks it has by its time signature; some bars are shorter.
  var nominalLength: Int { 4 * ticksPerQuarter * timeSignature.numerator / timeSignature.denominator }

  /// Lets it begin with the beat of its first note, as a piece with a pickup does.
  mutating func dropRestAtBeginning() {
    guard let first = notes.first?.note.onset else { return }
    let beat = max(1, 4 * ticksPerQuarter / timeSignature.denominator)
    let rest = first / beat * beat
    guard rest > 0, rest < length else { return }
    length -= rest
    for index in notes.indices { notes[index].note.onset -= rest }
    let tempo = tempos.last { $0.tick <= rest } ?? .standard
    tempos =
      [TempoChange(tick: 0, microsecondsPerQuarter: tempo.microsecondsPerQuarter)]
      + tempos.filter { $0.tick > rest }.map {
        TempoChange(tick: $0.tick - rest, microsecondsPerQuarter: $0.microsecondsPerQuarter)
      }
  }

  /// The bar by itself.
  public var score: Score { Score(performed: [self]) }
}

extension Score {
  /// Bars one after another, as they are performed: a track for each part of a name, a channel and a program.
  /// - Parameter bars: Bars of the same ticks in a quarter note.
  public init(performed bars: [PerformedBar]) {
    self.init(ticksPerQuarter: bars.first?.ticksPerQuarter ?? 480)
    var places: [PerformedPart: Int] = [:]
    for bar in bars {
      let start = length
      for performed in bar.notes {
        let part = bar.parts[performed.part]
        let place = places[part] ?? tracks.count
        if place == tracks.count {
          places[part] = place
          tracks.append(
            Track(
              name: part.name, program: part.program, isDrum: part.isDrum, role: part.role,
              channel: part.channel,
              controlChanges: part.pan == 64 ? [] : [ControlChange(tick: 0, controller: 10, value: part.pan)])
          )
        }
        var note = performed.note
        note.onset += start
        tracks[place].notes.append(note)
      }
      for tempo in bar.tempos where tempos.last?.microsecondsPerQuarter != tempo.microsecondsPerQuarter {
        tempos.append(
          TempoChange(tick: start + tempo.tick, microsecondsPerQuarter: tempo.microsecondsPerQuarter))
      }
      if timeSignatures.last?.timeSignature != bar.timeSignature {
        timeSignatures.append(TimeSignatureChange(tick: start, timeSignature: bar.timeSignature))
      }
      length = start + bar.length
    }
    for index in tracks.indices { tracks[index].notes.sort() }
  }
}
