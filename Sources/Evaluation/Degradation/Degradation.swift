package import Music

/// A kind of error in a piece: one of the eight of the MIDI Degradation Toolkit (McLeod, Owers and Yoshii 2020).
package enum Degradation: String, Sendable, Hashable, Codable, CaseIterable {
  /// A note gets another pitch.
  case pitchShift
  /// A note is moved in time, with its duration.
  case timeShift
  /// A note begins earlier or later, and ends where it did.
  case onsetShift
  /// A note ends earlier or later.
  case offsetShift
  /// There is a note that was not there.
  case addNote
  /// A note is missing.
  case removeNote
  /// A note is struck again while it sounds.
  case splitNote
  /// A note and the next one of its pitch, right after it, become one.
  case joinNotes

  /// How errors are made. Times are in quarter notes; the toolkit's are in milliseconds, and are those at 120 quarter notes a minute.
  public struct Options: Sendable, Hashable {
    /// All times are multiples of this, so that no error vanishes on a tokenizer's grid.
    public var step: Double
    /// By how much a note is moved, lengthened or shortened.
    public var shift: ClosedRange<Double>
    /// The shortest note that is left, or added.
    public var shortestNote: Double
    /// The longest note that is added.
    public var longestNote: Double
    /// The pitches that notes are moved to, or added at.
    public var pitches: ClosedRange<Int>
    /// By how many semitones a pitch is moved at most; nil for any pitch of `pitches`, as in the toolkit.
    public var pitchReach: Int?

    /// Options.
    /// - Parameters:
    ///   - step: All times are multiples of this, above 0.
    ///   - shift: By how much a note is moved, lengthened or shortened: the toolkit's least of 50 milliseconds, and a half note.
    ///   - shortestNote: The shortest note that is left, or added.
    ///   - longestNote: The longest note that is added.
    ///   - pitches: The pitches that notes are moved to, or added at: by default those of a piano.
    ///   - pitchReach: By how many semitones a pitch is moved at most; nil for any.
    public init(
      step: Double = 1.0 / 12, shift: ClosedRange<Double> = 0.1...2, shortestNote: Double = 0.1,
      longestNote: Double = 2, pitches: ClosedRange<Int> = 21...108, pitchReach: Int? = nil
    ) {
      precondition(step > 0, "a step of \(step) quarter notes is none")
      self.step = step
      self.shift = shift
      self.shortestNote = shortestNote
      self.longestNote = longestNote
      self.pitches = pitches
      self.pitchReach = pitchReach
    }
  }

  /// A score with an error.
  public struct Result: Sendable, Hashable {
    /// The score.
    public var score: Score
    /// The index of the track in which the error is.
    public var track: Int
    /// The note that is wrong, as it is in `score`; nil where one is missing.
    public var note: Note?
    /// The tick at which something is wrong.
    public var tick: Int
  }

  /// Plants an error of this kind at random, in a part that is no drum part. No note overlaps with another of its pitch in its
  /// part afterwards, and none that was there before leaves the piece.
  /// - Parameters:
  ///   - score: The piece.
  ///   - ticks: Where the note begins that is chosen, or after which the added one does; nil for anywhere.
  ///   - options: How errors are made.
  ///   - random: What chooses.
  /// - Returns: The piece with the error; nil if no note was found in forty tries that it can be planted at.
  public func planted(
    in score: Score, at ticks: Range<Int>? = nil, options: Options = Options(),
    using random: inout some RandomNumberGenerator
  ) -> Result? {
    let range = ticks ?? 0..<max(score.lastNoteEnd, 1)
    let places = score.tracks.indices.flatMap { track in
      score.tracks[track].isDrum
        ? []
        : score.tracks[track].notes.indices.filter { range.contains(score.tracks[track].notes[$0].onset) }
          .map { (track: track, note: $0) }
    }
    guard !places.isEmpty else { return nil }
    let grid = Grid(options, ticksPerQuarter: score.ticksPerQuarter)
    for _ in 0..<40 {
      let place = places[Int.random(in: places.indices, using: &random)]
      let track = TrackWithError(
        notes: score.tracks[place.track].notes, grid: grid, options: options, end: score.lastNoteEnd)
      guard let (notes, wrong, tick) = track.changed(by: self, at: place.note, within: range, &random) else {
        continue
      }
      var result = score
      result.tracks[place.track].notes = notes.sorted()
      guard result.noteCount > 0 else { continue }
      return Result(score: result, track: place.track, note: wrong, tick: tick)
    }
    return nil
  }

  /// The options in ticks.
  struct Grid {
    var step: Int
    var shift: ClosedRange<Int>
    var shortest: Int
    var longest: Int

    init(_ options: Options, ticksPerQuarter: Int) {
      let step = max(1, Int((options.step * Double(ticksPerQuarter)).rounded()))
      func steps(_ quarters: Double, _ rule: FloatingPointRoundingRule) -> Int {
        max(1, Int((quarters * Double(ticksPerQuarter) / Double(step)).rounded(rule)))
      }
      self.step = step
      let least = steps(options.shift.lowerBound, .up)
      shift = least...max(least, steps(options.shift.upperBound, .down))
      shortest = steps(options.shortestNote, .up)
      longest = max(shortest, steps(options.longestNote, .down))
    }
  }
}

/// The notes of a track, and how each kind of error changes them.
private struct TrackWithError {
  typealias Change = (notes: [Note], wrong: Note?, tick: Int)

  let notes: [Note]
  let grid: Degradation.Grid
  let options: Degradation.Options
  /// The end of the piece.
  let end: Int

  func changed(
    by kind: Degradation, at index: Int, within range: Range<Int>, _ random: inout some RandomNumberGenerator
  ) -> Change? {
    let note = notes[index]
    switch kind {
    case .pitchShift: return replacing(index, by: repitched(note, &random))
    case .timeShift:
      let shift = shift(&random)
      return replacing(index, by: with(note, start: note.onset + shift, end: note.end + shift))
    case .onsetShift:
      return replacing(index, by: with(note, start: note.onset + shift(&random), end: note.end))
    case .offsetShift:
      return replacing(index, by: with(note, start: note.onset, end: note.end + shift(&random)))
    case .addNote: return adding(like: note, within: range, &random)
    case .removeNote:
      var rest = notes
      rest.remove(at: index)
      return (rest, nil, note.onset)
    case .splitNote: return splitting(index, &random)
    case .joinNotes: return joining(index)
    }
  }

  private func shift(_ random: inout some RandomNumberGenerator) -> Int {
    let shift = Int.random(in: grid.shift, using: &random) * grid.step
    return Bool.random(using: &random) ? shift : -shift
  }

  private func repitched(_ note: Note, _ random: inout some RandomNumberGenerator) -> Note {
    var note = note
    let reach =
      options.pitchReach.map { max(0, note.pitch - $0)...min(127, note.pitch + $0) } ?? options.pitches
    note.pitch = Int.random(in: reach.clamped(to: options.pitches), using: &random)
    return note
  }

  private func with(_ note: Note, start: Int, end: Int) -> Note? {
    guard start >= 0, end <= self.end, end - start >= grid.shortest * grid.step else { return nil }
    return Note(onset: start, duration: end - start, pitch: note.pitch, velocity: note.velocity)
  }

  /// The notes with another in the place of one; nil if it is the same, or where another of its pitch sounds.
  private func replacing(_ index: Int, by note: Note?) -> Change? {
    guard let note, note != notes[index], isFree(note, besides: index) else { return nil }
    var changed = notes
    changed[index] = note
    return (changed, note, note.onset)
  }

  private func isFree(_ note: Note, besides index: Int?) -> Bool {
    !notes.indices.contains {
      $0 != index && notes[$0].pitch == note.pitch && notes[$0].onset < note.end && notes[$0].end > note.onset
    }
  }

  private func adding(
    like model: Note, within range: Range<Int>, _ random: inout some RandomNumberGenerator
  ) -> Change? {
    let steps = max(1, (min(range.upperBound, end) - range.lowerBound) / grid.step)
    let start = range.lowerBound + Int.random(in: 0..<steps, using: &random) * grid.step
    let length = Int.random(in: grid.shortest...grid.longest, using: &random) * grid.step
    var note = repitched(model, &random)
    (note.onset, note.duration) = (start, min(length, end - start))
    guard note.duration >= grid.shortest * grid.step, isFree(note, besides: nil) else { return nil }
    return (notes + [note], note, note.onset)
  }

  private func splitting(_ index: Int, _ random: inout some RandomNumberGenerator) -> Change? {
    let note = notes[index]
    let last = note.duration / grid.step - grid.shortest
    guard last >= grid.shortest else { return nil }
    let first = Int.random(in: grid.shortest...last, using: &random) * grid.step
    var changed = notes
    changed[index].duration = first
    let second = Note(
      onset: note.onset + first, duration: note.duration - first, pitch: note.pitch, velocity: note.velocity)
    changed.append(second)
    return (changed, second, second.onset)
  }

  private func joining(_ index: Int) -> Change? {
    let note = notes[index]
    // The toolkit joins over gaps of up to 50 milliseconds.
    let next = notes.indices.first {
      notes[$0].pitch == note.pitch && (note.end...note.end + grid.step).contains(notes[$0].onset)
        && notes[$0].onset > note.onset
    }
    guard let next else { return nil }
    var changed = notes
    changed[index].duration = notes[next].end - note.onset
    let (joined, tick) = (changed[index], notes[next].onset)
    changed.remove(at: next)
    return (changed, joined, tick)
  }
}
