public import Music

/// How a piece is played that says nothing of how it is to be played.
///
/// Where all notes are equally loud, a player still gives the beats their weight, shapes a phrase, lets its end go, lets the tune
/// come through and takes time at the end. This does the same in a small measure: no note becomes louder or softer by more than
/// `velocityLimit`, and only the last bars slow down. It touches only tracks whose own dynamics are flat: those that have one velocity
/// throughout, or one in each bar. What it does depends on the score alone.
///
/// The rules are a small selection of those that were found by measuring performances and by synthesis with listening tests
/// (Friberg, Bresin & Sundberg 2006, "Overview of the KTH rule system for musical performance"): accents by metrical position, phrase
/// arch, final ritard.
public struct Expression: Sendable, Hashable {
  /// How much of all that there is: 0 is none, 1 the usual measure.
  public var amount: Double

  /// The most by which a velocity changes at the usual measure.
  public static let velocityLimit = 10
  /// By how much the tempo has fallen at the very end, at the usual measure.
  public static let ritardando = 0.12
  /// Louder notes are taken to be as loud as this, from which the largest accent leads to 127.
  static let loudestBase = 119
  /// How many bars a phrase is taken to have.
  static let phraseBars = 4
  /// A shorter piece ends as it is.
  static let barsForRitardando = 8

  /// An expression of this measure, 0...1.
  public init(amount: Double = 1) { self.amount = amount }

  /// The score with the velocities and the tempos of a performance.
  public func performed(_ score: Score) -> Score {
    guard amount > 0 else { return score }
    let meter = Meter(score)
    let flat = score.tracks.map { Self.isFlat($0, meter) }
    guard flat.contains(true) else { return score }
    var result = score
    let melody = Self.melody(of: score)
    for index in score.tracks.indices where flat[index] {
      result.tracks[index].notes = shaped(score.tracks[index], meter, Self.part(index, melody, score))
    }
    let notes = score.noteCount
    let flatNotes = score.tracks.indices.reduce(0) { $0 + (flat[$1] ? score.tracks[$1].notes.count : 0) }
    if melody != nil, 10 * flatNotes >= 9 * notes { slowDown(&result, meter) }
    return result
  }

  // MARK: What there is

  /// Whether a track's velocities say nothing: in nine of ten bars with several notes these are equally loud, and nothing else shapes
  /// the loudness.
  static func isFlat(_ track: Track, _ meter: Meter) -> Bool {
    guard !track.notes.isEmpty else { return false }
    let shaping: Set<Int> = [2, 7, 11]
    guard Set(track.controlChanges.lazy.filter { shaping.contains($0.controller) }.map(\.tick)).count < 3
    else { return false }
    var bars = 0
    var flatBars = 0
    var first = track.notes.startIndex
    while first < track.notes.endIndex {
      let bar = meter.bar(of: track.notes[first].onset)
      let rest = track.notes[first...].prefix { meter.bar(of: $0.onset) == bar }
      if rest.count > 1 {
        bars += 1
        if rest.allSatisfy({ $0.velocity == track.notes[first].velocity }) { flatBars += 1 }
      }
      first = rest.endIndex
    }
    // Bars of one note each: a line with as many levels as notes is played, not written.
    if bars == 0 { return Set(track.notes.lazy.map(\.velocity)).count <= max(1, track.notes.count / 4) }
    return 10 * flatBars >= 9 * bars
  }

  /// The track that has the tune: the one that says so, else the highest of those that mostly play one note at a time, else the only
  /// one with a pitch. Nil if there are only drums.
  static func melody(of score: Score) -> Int? {
    let pitched = score.tracks.indices.filter { !score.tracks[$0].isDrum && !score.tracks[$0].notes.isEmpty }
    if let said = pitched.first(where: { score.tracks[$0].role == .melody }) { return said }
    let candidates = pitched.filter { index in
      let role = score.tracks[index].role
      return (role == nil || role == .other) && score.tracks[index].notesPerOnset < 1.3
    }
    let highest = candidates.max { score.tracks[$0].meanPitch < score.tracks[$1].meanPitch }
    return highest ?? pitched.max { score.tracks[$0].meanPitch < score.tracks[$1].meanPitch }
  }

  /// What a track is beside the others.
  enum Part { case melody, accompaniment, whole }

  /// A track that is alone, or as good as alone, has the tune and its accompaniment in one.
  private static func part(_ index: Int, _ melody: Int?, _ score: Score) -> Part {
    guard let melody, !score.tracks[index].isDrum else { return .accompaniment }
    guard index == melody else { return .accompaniment }
    return score.tracks[index].notesPerOnset >= 1.3 ? .whole : .melody
  }
}

extension Track {
  /// How many notes begin at one time, on average; 0 without notes.
  fileprivate var notesPerOnset: Double {
    Double(notes.count) / Double(max(1, Set(notes.lazy.map(\.onset)).count))
  }

  /// 0 without notes.
  fileprivate var meanPitch: Double {
    Double(notes.reduce(0) { $0 + $1.pitch }) / Double(max(1, notes.count))
  }
}

// MARK: - Loudness

extension Expression {
  /// The notes of a track, each as loud as its place suggests.
  private func shaped(_ track: Track, _ meter: Meter, _ part: Part) -> [Note] {
    var highest: [Int: Int] = [:]
    if part == .whole {
      for note in track.notes { highest[note.onset] = max(highest[note.onset] ?? 0, note.pitch) }
    }
    return track.notes.map { note in
      var change = meter.accent(at: note.onset) + (track.isDrum ? 0 : meter.arc(at: note.onset))
      switch part {
      case .melody: change += 2.5
      case .accompaniment: change -= track.isDrum ? 0 : 2
      case .whole: change += highest[note.onset] == note.pitch ? 2 : -2
      }
      // Where there is no room above, accents stand out from softer notes around them.
      let base = min(note.velocity, Self.loudestBase)
      let velocity = base + Int((change * amount).rounded())
      let lowest = max(1, note.velocity - Self.velocityLimit)
      return Note(
        onset: note.onset, duration: note.duration, pitch: note.pitch,
        velocity: min(max(velocity, lowest), note.velocity + Self.velocityLimit, 127))
    }
  }
}

// MARK: - Time

extension Expression {
  /// Slows down over the last two bars of a piece that keeps its tempo there, step by step to the last note.
  private func slowDown(_ score: inout Score, _ meter: Meter) {
    guard let last = score.tracks.flatMap(\.notes).map(\.onset).max() else { return }
    let bar = meter.bar(of: last)
    guard bar + 1 >= Self.barsForRitardando else { return }
    let start = meter.start(ofBar: bar - 1)
    guard start < last, !score.tempos.contains(where: { $0.tick > start }) else { return }
    let tempo = score.tempos.last { $0.tick <= start } ?? .standard
    let step = max(1, score.ticksPerQuarter / 2)
    for tick in stride(from: start + step, through: last, by: step) {
      // The tempo falls slowly at first, as when somebody runs and comes to rest (Friberg & Sundberg 1999).
      let way = Double(tick - start) / Double(last - start)
      let factor = 1 - Self.ritardando * amount * way * way
      let microseconds = (Double(max(1, tempo.microsecondsPerQuarter)) / factor).rounded()
      score.tempos.append(TempoChange(tick: tick, microsecondsPerQuarter: Int(microseconds)))
    }
  }
}
