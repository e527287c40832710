public import Music

/// What a piece has to hold, as a musician asks for it. Every limit that is not given leaves the choice to the model.
///
///     var limits = Limits()
///     limits.key = try Scale("D dorian")
///     limits.lastNote = .pitchClass(2)
///     let held = try limits.held(by: model.tokenizer, bars: 16)
///
/// Limits are held while a piece is composed: what would break one is never chosen, nor what leaves no way to hold all of them. Drums
/// are no concern of limits on pitches, voices, lengths, rests and notes a bar.
public struct Limits: Sendable, Hashable {
  /// Time signatures with the number of bars that each holds for; nil for one that holds to the end.
  public struct TimeSignatureRun: Sendable, Hashable {
    /// The time signature.
    public var timeSignature: TimeSignature
    /// For how many bars it holds; nil to the end, which only the last may have.
    public var bars: Int?

    /// A time signature for some bars.
    public init(_ timeSignature: TimeSignature, bars: Int? = nil) {
      self.timeSignature = timeSignature
      self.bars = bars
    }
  }

  /// A part by what it does.
  public struct PartName: Sendable, Hashable, CustomStringConvertible {
    /// What it does.
    public var role: PartRole
    /// Which of the parts that do so, from 1; nil for all of them.
    public var number: Int?

    /// A part, or all of a role.
    public init(_ role: PartRole, number: Int? = nil) {
      self.role = role
      self.number = number
    }

    /// Reads `melody`, `chords`, `bass`, `other` or `drums`, with a number where there are several: `melody 2`.
    public init?(_ text: some StringProtocol) {
      let words = text.lowercased().split(separator: " ")
      guard let first = words.first, words.count <= 2, let role = PartRole(rawValue: String(first)) else {
        return nil
      }
      self.role = role
      guard words.count == 2 else { return }
      guard let number = Int(words[1]), number > 0 else { return nil }
      self.number = number
    }

    /// As it is read.
    public var description: String { role.rawValue + (number.map { " \($0)" } ?? "") }
  }

  /// A limit of one part, or of all.
  public struct ForPart<Value: Sendable & Hashable>: Sendable, Hashable {
    /// Whose limit it is; nil for the whole piece.
    public var part: PartName?
    /// The limit.
    public var value: Value

    /// A limit.
    public init(_ value: Value, part: PartName? = nil) {
      self.part = part
      self.value = value
    }
  }

  /// The note that a piece ends on.
  public enum LastNote: Sendable, Hashable {
    /// A note of this pitch class, 0 (C) to 11 (B), in any octave.
    case pitchClass(Int)
    /// A note of this pitch.
    case pitch(Pitch)
  }

  /// A line that the leading part follows.
  public struct Contour: Sendable, Hashable {
    /// Its heights, MIDI key numbers, evenly spread from the beginning of the piece to its end; at least one.
    public var heights: [Double]
    /// How far the part may be from it, in semitones.
    public var tolerance: Double
    /// The tolerance where nobody asked for another: a fourth.
    public static let usualTolerance = 5.0

    /// A line through these heights.
    public init(heights: [Double], tolerance: Double = Contour.usualTolerance) {
      precondition(!heights.isEmpty, "a contour needs a height")
      self.heights = heights
      self.tolerance = tolerance
    }

    /// The height at a share of the piece, 0...1.
    public func height(at share: Double) -> Double {
      let place = min(max(share, 0), 1) * Double(heights.count - 1)
      let index = min(Int(place), heights.count - 1), next = min(index + 1, heights.count - 1)
      return heights[index] + (place - Double(index)) * (heights[next] - heights[index])
    }
  }

  /// How long the piece lasts, in seconds.
  public var seconds: Double?
  /// The tempo in quarter notes a minute, which `seconds` is reckoned with.
  public var tempo: Double?
  /// The time signatures in order; empty leaves them to the model.
  public var timeSignatures: [TimeSignatureRun] = []
  /// The key, and the scale that all pitched notes are of.
  public var key: Scale?
  /// The greatest share of the notes that need not be of the scale, 0...1.
  public var chromaticShare = 0.0
  /// The pitches, of the piece and of parts.
  public var ranges: [ForPart<ClosedRange<Pitch>>] = []
  /// The instruments: one part for each, and no others.
  public var instruments: [ForPart<InstrumentName>] = []
  /// The fewest and most voices that sound together, at all times at which any does.
  public var voices: ClosedRange<Int>?
  /// The shortest and longest note.
  public var noteLengths: ClosedRange<NoteLength>?
  /// How many notes begin in a bar, of the piece and of parts.
  public var densities: [ForPart<ClosedRange<Int>>] = []
  /// The least and greatest share of the time in which nothing sounds, 0...1.
  public var rests: ClosedRange<Double>?
  /// The pitches with which the leading part begins, one after the other.
  public var firstNotes: [Pitch] = []
  /// The last note of the leading part, which begins on the last bar line.
  public var lastNote: LastNote?
  /// The chord that the piece ends with: all notes of the last bar are of it and begin on the bar line.
  public var lastChord: ChordSymbol?
  /// Chords that are repeated over the piece: the notes that begin on strong beats are of them, and all notes of parts that play chords
  /// or bass.
  public var chords: ChordProgression?
  /// A rhythm that the leading part plays, bar by bar, repeated over the piece.
  public var rhythm: RhythmPattern?
  /// A line that the leading part follows.
  public var contour: Contour?

  /// No limits.
  public init() {}

  /// Whether nothing is asked for.
  public var isEmpty: Bool { self == Limits() }
}

/// A rhythm bar by bar.
public struct RhythmPattern: Sendable, Hashable, CustomStringConvertible {
  /// A note: where it begins in its bar and how long it is, in quarter notes as fractions with this lower number.
  public struct Note: Sendable, Hashable {
    /// Where it begins, from the bar line.
    public var onset: Int
    /// How long it is.
    public var duration: Int

    /// A note.
    public init(onset: Int, duration: Int) {
      self.onset = onset
      self.duration = duration
    }
  }

  /// Units in a quarter note.
  public static let unitsPerQuarter = 96
  /// The notes of each bar, in order; at least one bar has some.
  public let bars: [[Note]]
  /// What it came from, in words.
  public let description: String

  /// A rhythm.
  /// - Parameters:
  ///   - bars: The notes of each bar, in order, times in units.
  ///   - description: What it came from, in words.
  public init(bars: [[Note]], description: String) {
    self.bars = bars
    self.description = description
  }

  /// Reads the lengths of notes one after the other, `r` before those of rests, and `|` for bar lines: `1/4 1/8 1/8 | 1/2 r1/4`. A bar
  /// begins at its bar line, however long the notes before are.
  /// - Throws: `MusicTextError` with the place of what cannot be read.
  public init(_ text: String) throws(MusicTextError) {
    let example = "lengths such as \"1/4 1/8 1/8 | 1/2 r1/4\""
    var bars: [[Note]] = [[]]
    var time = 0
    for word in text.replacingBars().split(separator: " ") {
      if word == "|" {
        bars.append([])
        time = 0
        continue
      }
      let isRest = word.hasPrefix("r")
      guard let length = NoteLength(isRest ? word.dropFirst() : word),
        let units = length.exactUnits(perQuarter: Self.unitsPerQuarter)
      else {
        let place = text.firstRange(of: String(word))
        let position = place.map { text.distance(from: text.startIndex, to: $0.lowerBound) + 1 } ?? 1
        throw .unexpected(
          kind: "rhythm", text: text, found: String(word), position: position, expected: example)
      }
      if !isRest { bars[bars.count - 1].append(Note(onset: time, duration: units)) }
      time += units
    }
    if bars.count > 1, bars[bars.count - 1].isEmpty { bars.removeLast() }
    guard bars.contains(where: { !$0.isEmpty }) else { throw .empty(kind: "rhythm", expected: example) }
    self.bars = bars
    description = text
  }

  /// The rhythm of the highest part of a score that is no drums: of the melody where there is one.
  /// - Parameters:
  ///   - score: The score.
  ///   - description: What it came from, in words.
  /// - Returns: Nil for a score without pitched notes.
  public init?(of score: Score, description: String) {
    guard let part = score.leadingTrack else { return nil }
    func units(_ ticks: Int) -> Int {
      // Sixteenths and triplets lie on twelfths of a quarter note.
      let twelfths = (Double(ticks) * 12 / Double(score.ticksPerQuarter)).rounded()
      return Int(twelfths) * Self.unitsPerQuarter / 12
    }
    var bars: [[Note]] = []
    for bar in score.bars {
      var notes: [Note] = []
      for note in part.notes where (bar.start..<bar.end).contains(note.onset) {
        let onset = units(note.onset - bar.start)
        if notes.last?.onset == onset { continue }
        notes.append(Note(onset: onset, duration: max(units(note.duration), Self.unitsPerQuarter / 12)))
      }
      bars.append(notes)
    }
    while bars.last?.isEmpty == true { bars.removeLast() }
    guard !bars.isEmpty else { return nil }
    self.init(bars: bars, description: description)
  }
}

extension Limits.Contour {
  /// The line of the highest part of a score that is no drums: of the melody where there is one.
  /// - Parameter score: The score.
  /// - Returns: Nil for a score without pitched notes.
  public init?(of score: Score) {
    guard let part = score.leadingTrack, let last = part.notes.last else { return nil }
    let end = max(last.onset, 1), points = 64
    var next = 0
    var heights: [Double] = []
    for point in 0...points {
      let tick = end * point / points
      while next + 1 < part.notes.count, part.notes[next + 1].onset <= tick { next += 1 }
      let onset = part.notes[next].onset
      let together = part.notes[...next].reversed().prefix { $0.onset == onset }.map(\.pitch)
      heights.append(Double(together.max() ?? part.notes[next].pitch))
    }
    self.init(heights: heights)
  }
}

extension Score {
  /// The part that leads: the melody, else the one that is highest on average.
  fileprivate var leadingTrack: Track? {
    let pitched = tracks.filter { !$0.isDrum && !$0.notes.isEmpty }
    func height(_ track: Track) -> Double {
      Double(track.notes.reduce(0) { $0 + $1.pitch }) / Double(track.notes.count)
    }
    return pitched.first { $0.role == .melody } ?? pitched.max { height($0) < height($1) }
  }
}

extension String {
  /// The text with spaces around its bar lines.
  fileprivate func replacingBars() -> String {
    split(separator: "|", omittingEmptySubsequences: false).joined(separator: " | ")
  }
}
