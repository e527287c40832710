public import Music

/// How what was played in is read.
public struct PhraseReader: Sendable, Hashable {
  /// Where the beat comes from.
  public enum Beat: Sendable, Hashable {
    /// It is found in the onsets alone.
    case followed
    /// A tempo in quarter notes a minute that the player keeps to by and large; beats are found in the onsets.
    case tempo(Double)
    /// Beats that are given, by a MIDI clock or an accompaniment that was heard.
    case map(BeatMap)
  }

  /// Where the beat comes from.
  public var beat: Beat
  /// The bars.
  public var timeSignature: TimeSignature
  /// How many quarter notes of the first bar come before the first note where the beat is not given: a bar less the upbeat. Nil where
  /// the first note is on the bar line, or shortly after it.
  public var firstBeat: Double?
  /// The General MIDI program that the notes are written with; nil for none.
  public var program: Int?

  /// A reader.
  public init(
    beat: Beat = .followed, timeSignature: TimeSignature = .common, firstBeat: Double? = nil,
    program: Int? = nil
  ) {
    self.beat = beat
    self.timeSignature = timeSignature
    self.firstBeat = firstBeat
    self.program = program
  }

  /// Ticks in a quarter note of what is read.
  public static let ticksPerQuarter = 480

  /// Quarter notes in a bar.
  public var quartersPerBar: Double {
    4 * Double(timeSignature.numerator) / Double(timeSignature.denominator)
  }
}

/// A phrase in beats and bars.
public struct PhraseReading: Sendable, Hashable {
  /// The notes, one track for each channel; the first bar line is at tick 0.
  public var score: Score
  /// How many bars they fill, at least 1.
  public var barCount: Int
  /// Where the beats were; beat 0 is the first bar line of the score.
  public var beats: BeatMap
  /// The number of the bar, counted in `beats`, that is the first of the score; 0 where the beat was not given.
  public var firstBar: Int
}

extension PhraseReader {
  /// Onsets that are nearer to each other than this many seconds begin together.
  private static let chordSpread = 0.035
  /// A key that goes up when this share of the time to the next onset has passed is taken to be held until then.
  private static let legatoShare = 0.5

  /// Reads a phrase; nil where it has no notes.
  /// - Parameters:
  ///   - phrase: What was played.
  ///   - end: When notes end that are still held.
  public func read(_ phrase: CapturedPhrase, heldUntil end: PerformanceTime) -> PhraseReading? {
    guard let origin = phrase.notes.first?.onset else { return nil }
    let notes = phrase.notes
    let groups = Self.groups(notes)
    let onsets = groups.map { notes[$0.lowerBound].onset.seconds(since: origin) }
    var beats: [Double]
    var periods: [Double]
    switch beat {
    case .map(let map):
      beats = groups.map { map.beat(at: notes[$0.lowerBound].onset) }
      periods = Array(repeating: map.period, count: beats.count)
    case .followed, .tempo:
      var known: Double?
      if case .tempo(let tempo) = beat { known = 60 / max(tempo, 20) }
      let tracked = TempoTracker.track(onsets, period: known, start: firstBeat)
      beats = tracked.beats
      periods = tracked.periods
    }
    let barTwelfths = max(1, Int((12 * quartersPerBar).rounded()))
    var places = RhythmQuantizer.places(beats, periods: periods)
    let firstBar = Self.floorDivide(places[0], barTwelfths)
    places = places.map { $0 - firstBar * barTwelfths }
    let map = beatMap(groups.map { notes[$0.lowerBound].onset }, places, periods, firstBar)
    let ends = notes.map { note in
      Int((12 * map.beat(at: max(note.onset, note.end ?? end))).rounded())
    }
    let read = Self.durations(notes, groups: groups, places: places, ends: ends, barTwelfths: barTwelfths)
    return reading(read, lastPlace: places[places.count - 1], barTwelfths, map, firstBar)
  }

  private static func floorDivide(_ value: Int, _ divisor: Int) -> Int {
    value >= 0 ? value / divisor : -((divisor - 1 - value) / divisor)
  }

  /// Notes that begin together, as ranges of indices.
  private static func groups(_ notes: [HeardNote]) -> [Range<Int>] {
    var groups: [Range<Int>] = []
    for index in notes.indices {
      if let last = groups.last,
        notes[index].onset.seconds(since: notes[last.lowerBound].onset) < chordSpread
      {
        groups[groups.count - 1] = last.lowerBound..<index + 1
      } else {
        groups.append(index..<index + 1)
      }
    }
    return groups
  }

  private func beatMap(
    _ times: [PerformanceTime], _ places: [Int], _ periods: [Double], _ firstBar: Int
  ) -> BeatMap {
    if case .map(let given) = beat {
      var map = BeatMap(
        at: given.anchors[0].time, beat: given.anchors[0].beat - Double(firstBar) * quartersPerBar,
        period: given.period)
      for anchor in given.anchors.dropFirst() {
        map.append(BeatMap.Anchor(time: anchor.time, beat: anchor.beat - Double(firstBar) * quartersPerBar))
      }
      return map
    }
    var map = BeatMap(at: times[0], beat: Double(places[0]) / 12, period: periods[0])
    for (time, place) in zip(times, places).dropFirst() {
      map.append(BeatMap.Anchor(time: time, beat: Double(place) / 12))
    }
    map.setPeriod(Self.period(map) ?? periods[periods.count - 1])
    return map
  }

  /// The tempo of the last eight beats, from the first of their onsets to the last.
  private static func period(_ map: BeatMap) -> Double? {
    guard let last = map.anchors.last,
      let first = map.anchors.first(where: { $0.beat >= last.beat - 8 }), last.beat - first.beat >= 1
    else { return nil }
    return last.time.seconds(since: first.time) / (last.beat - first.beat)
  }

  /// A note in twelfths of a beat.
  private struct PlacedNote {
    var note: HeardNote
    var onset: Int
    var end: Int
  }

  /// How long notes are written: what is played detached but about as long as to the next onset is held until then, as it would
  /// be notated.
  private static func durations(
    _ notes: [HeardNote], groups: [Range<Int>], places: [Int], ends: [Int], barTwelfths: Int
  ) -> [PlacedNote] {
    var placed: [PlacedNote] = []
    for (group, range) in groups.enumerated() {
      let onset = places[group]
      for index in range {
        let next = groups.indices.dropFirst(group + 1).first {
          groups[$0].contains { notes[$0].channel == notes[index].channel }
        }
        var end = ends[index]
        if let next = next.map({ places[$0] }), next - onset <= barTwelfths {
          let share = Double(end - onset) / Double(next - onset)
          // What reaches a little beyond the next onset is legato, and what is held on is another voice.
          if share >= legatoShare, end < next + 3 { end = next }
        }
        // Ends are heard less exactly than onsets: a sixteenth is enough, or a third of a beat where the note is that long.
        let length = end - onset
        if length > 3, length != 4, length != 8 { end = onset + (length + 1) / 3 * 3 }
        let longest = 4 * barTwelfths
        placed.append(
          PlacedNote(note: notes[index], onset: onset, end: min(max(end, onset + 1), onset + longest)))
      }
    }
    return placed
  }

  private func reading(
    _ notes: [PlacedNote], lastPlace: Int, _ barTwelfths: Int, _ map: BeatMap, _ firstBar: Int
  ) -> PhraseReading {
    let scale = Self.ticksPerQuarter / 12
    var score = Score(ticksPerQuarter: Self.ticksPerQuarter)
    score.tempos = [TempoChange(tick: 0, microsecondsPerQuarter: Int((map.period * 1e6).rounded()))]
    score.timeSignatures = [TimeSignatureChange(tick: 0, timeSignature: timeSignature)]
    let end = notes.map(\.end).max() ?? 1
    // A last note that is held over by less than half a bar does not open another one.
    let barCount = max(lastPlace / barTwelfths + 1, (end - barTwelfths / 2 - 1) / barTwelfths + 1, 1)
    for channel in Set(notes.map(\.note.channel)).sorted() {
      var track = Track(
        program: channel == 9 ? nil : program, isDrum: channel == 9, role: channel == 9 ? .drums : nil,
        channel: channel)
      track.notes =
        notes.filter { $0.note.channel == channel }.map {
          Note(
            onset: $0.onset * scale, duration: (min($0.end, barCount * barTwelfths) - $0.onset) * scale,
            pitch: $0.note.pitch, velocity: $0.note.velocity)
        }.sorted().withoutOverlaps
      score.tracks.append(track)
    }
    if score.tracks.count == 1, !score.tracks[0].isDrum, score.tracks[0].notes.areOneVoice {
      score.tracks[0].role = .melody
    }
    score.length = barCount * barTwelfths * scale
    return PhraseReading(score: score, barCount: barCount, beats: map, firstBar: firstBar)
  }
}

extension [Note] {
  /// Notes in order, of which each ends before the next of its pitch begins; of two in one place the longer stays.
  fileprivate var withoutOverlaps: [Note] {
    var result: [Note] = []
    var last: [Int: Int] = [:]
    for note in self {
      if let before = last[note.pitch] {
        if result[before].onset == note.onset {
          result[before].duration = Swift.max(result[before].duration, note.duration)
          continue
        }
        result[before].duration = Swift.min(result[before].duration, note.onset - result[before].onset)
      }
      last[note.pitch] = result.count
      result.append(note)
    }
    return result
  }

  /// Whether hardly any notes sound together.
  fileprivate var areOneVoice: Bool {
    let together = zip(self, dropFirst()).count { $0.end > $1.onset }
    return 10 * together <= count
  }
}
