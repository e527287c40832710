internal import Music

/// A note on the grid on which scores are measured.
struct MeasuredNote: Hashable {
  /// When it begins, in steps since the beginning.
  var onset: Int
  /// When it ends; later than the onset.
  var end: Int
  var pitch: Int
  var velocity: Int
  /// The index of its track.
  var part: Int
  /// The bar in which it begins.
  var bar: Int

  var duration: Int { end - onset }
  var pitchClass: Int { pitch % 12 }
}

/// A bar on the grid.
struct MeasuredBar: Hashable {
  var start: Int
  var end: Int
  /// The felt beat, in steps: the note value of the lower number, three of it in compound time.
  var beat: Int
  /// Whether the beat is felt in three.
  var isCompound: Bool

  var length: Int { end - start }
}

/// A score on a grid of twelfths of a quarter note, with what most descriptors ask of it.
struct MeasuredScore {
  static let stepsPerQuarter = 12
  /// How many bars are measured.
  static let barLimit = 1_024

  let score: Score
  let roles: [PartRole]
  /// To the one in which the last note sounds.
  let bars: [MeasuredBar]
  /// The notes with a pitch, by onset and pitch.
  let notes: [MeasuredNote]
  let drums: [MeasuredNote]
  /// The melody, by onset, one note at a time.
  let melody: [MeasuredNote]
  /// The pitched notes that are not of the melody's parts; empty where the melody was taken out of a single part.
  let accompaniment: [MeasuredNote]
  /// Which notes, drums and melody notes begin in each bar.
  let notesOfBar: [Range<Int>]
  let drumsOfBar: [Range<Int>]
  let melodyOfBar: [Range<Int>]
  /// As the score states it, or as it is detected; nil where no note has a pitch.
  let key: PieceKey?
  /// The highest correlation with a profile of Krumhansl and Kessler; NaN where all pitch classes are alike.
  let keyClarity: Double
  /// The chord of each beat.
  private(set) var chords: [BeatChord] = []

  init(_ score: Score) {
    self.score = score
    roles = score.partRoles
    let grid = StepGrid(score)
    bars = grid.bars
    var pitched: [MeasuredNote] = []
    var drums: [MeasuredNote] = []
    for (part, track) in score.tracks.enumerated() {
      for note in track.notes {
        guard let measured = grid.note(note, part: part) else { continue }
        if track.isDrum { drums.append(measured) } else { pitched.append(measured) }
      }
    }
    pitched.sortByOnset()
    drums.sortByOnset()
    notes = pitched
    self.drums = drums
    let roles = self.roles
    let hasMelody = pitched.contains { roles[$0.part] == .melody }
    let candidates = pitched.indices.filter { !hasMelody || roles[pitched[$0].part] == .melody }
    let line = pitched.highestLine(among: candidates)
    melody = line.notes
    let melodyParts = Set(melody.lazy.map(\.part))
    let isOnePart = hasMelody && melodyParts.count == 1
    // Where several parts are melodic, as in a chorale, or one part plays all, whatever is not on top accompanies.
    accompaniment = zip(pitched, line.isOnTop).compactMap { note, isOnTop in
      (isOnePart ? melodyParts.contains(note.part) : isOnTop) ? nil : note
    }
    notesOfBar = notes.rangesOfBars(bars.count)
    drumsOfBar = drums.rangesOfBars(bars.count)
    melodyOfBar = melody.rangesOfBars(bars.count)
    key = pitched.isEmpty ? nil : score.key
    var weights = [Double](repeating: 0, count: 12)
    for note in pitched { weights[note.pitchClass] += Double(note.duration) }
    keyClarity = KeyEstimate(pitchClassWeights: weights)?.correlation ?? .nan
    chords = findChords()
  }

  /// The end of the last note, in steps.
  var end: Int { max(notes.lazy.map(\.end).max() ?? 0, drums.lazy.map(\.end).max() ?? 0) }

  /// The pitches of the estimated key's scale as a set of bits by pitch class; harmonic minor's leading tone is not in it.
  var scale: UInt16? { key.map { Scales.major[$0.isMinor ? ($0.tonic + 3) % 12 : $0.tonic] } }

  /// The key's triad on the first degree, as bits.
  var tonicTriad: UInt16? {
    key.map {
      1 << UInt16($0.tonic) | 1 << UInt16(($0.tonic + ($0.isMinor ? 3 : 4)) % 12) | 1
        << UInt16(($0.tonic + 7) % 12)
    }
  }

  /// The tonics of the scale that most notes fit; nil where no note has a pitch.
  var tonics: ScaleTonics? {
    guard !notes.isEmpty else { return nil }
    var counts = [Double](repeating: 0, count: 12)
    for note in notes { counts[note.pitchClass] += 1 }
    return ScaleTonics(major: Scales.best(counts))
  }

  func melody(inBar bar: Int) -> ArraySlice<MeasuredNote> { melody[melodyOfBar[bar]] }
  func notes(inBar bar: Int) -> ArraySlice<MeasuredNote> { notes[notesOfBar[bar]] }
  func drums(inBar bar: Int) -> ArraySlice<MeasuredNote> { drums[drumsOfBar[bar]] }
}

/// The two pitch classes that may be the tonic of one scale.
struct ScaleTonics {
  var major: Int

  var minor: Int { (major + 9) % 12 }

  func contains(_ pitchClass: Int) -> Bool { pitchClass == major || pitchClass == minor }
}

/// Scales as sets of bits, the pitch class C the lowest.
enum Scales {
  /// The twelve major scales by tonic; each is also the natural minor scale three semitones lower.
  static let major: [UInt16] = (0..<12).map { tonic in
    [0, 2, 4, 5, 7, 9, 11].reduce(0) { $0 | 1 << UInt16((tonic + $1) % 12) }
  }

  /// The major tonic of the scale that has most notes, the lowest of equals.
  static func best(_ counts: [Double]) -> Int {
    var best = 0
    for tonic in 1..<12 where share(counts, of: major[tonic]) > share(counts, of: major[best]) {
      best = tonic
    }
    return best
  }

  /// The share of the notes, counted by pitch class, that the best of these scales has; NaN without notes.
  static func bestShare(_ counts: [Double]) -> Double {
    let total = counts.reduce(0, +)
    guard total > 0 else { return .nan }
    return (major.lazy.map { share(counts, of: $0) }.max() ?? 0) / total
  }

  /// The sum of the counts of a scale's pitch classes.
  static func share(_ counts: [Double], of scale: UInt16) -> Double {
    var sum = 0.0
    for index in 0..<12 where scale >> UInt16(index) & 1 == 1 { sum += counts[index] }
    return sum
  }
}

/// The way from ticks to steps and bars.
private struct StepGrid {
  let ticksPerQuarter: Int
  let bars: [MeasuredBar]

  /// No file holds later ticks; beyond this, products could overflow.
  static let lastTick = 1 << 48

  init(_ score: Score) {
    ticksPerQuarter = score.ticksPerQuarter
    let all = score.bars
    var bars: [MeasuredBar] = []
    let end = score.lastNoteEnd
    for index in 0..<min(all.count, MeasuredScore.barLimit) {
      let bar = all[index]
      if bar.start >= end || bar.end > Self.lastTick { break }
      let isCompound = bar.timeSignature.isCompound
      let beat = 4 * MeasuredScore.stepsPerQuarter * (isCompound ? 3 : 1) / bar.timeSignature.denominator
      let start = Self.step(bar.start, ticksPerQuarter)
      let stop = max(start + 1, Self.step(bar.end, ticksPerQuarter))
      bars.append(MeasuredBar(start: start, end: stop, beat: max(1, beat), isCompound: isCompound))
    }
    self.bars = bars
  }

  func note(_ note: Note, part: Int) -> MeasuredNote? {
    guard let last = bars.last, note.onset >= 0, note.onset < Self.lastTick,
      (0..<Self.lastTick).contains(note.duration), (0...127).contains(note.pitch)
    else { return nil }
    let onset = Self.step(note.onset, ticksPerQuarter)
    guard onset < last.end else { return nil }
    let end = min(last.end, max(onset + 1, Self.step(note.end, ticksPerQuarter)))
    return MeasuredNote(
      onset: onset, end: end, pitch: note.pitch, velocity: note.velocity, part: part, bar: bar(of: onset))
  }

  private func bar(of step: Int) -> Int {
    var low = 0
    var high = bars.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if bars[middle].start <= step { low = middle } else { high = middle }
    }
    return low
  }

  private static func step(_ tick: Int, _ ticksPerQuarter: Int) -> Int {
    (tick * MeasuredScore.stepsPerQuarter * 2 + ticksPerQuarter) / (2 * ticksPerQuarter)
  }
}

extension [MeasuredNote] {
  fileprivate mutating func sortByOnset() {
    sort { ($0.onset, $0.pitch, $0.end, $0.part) < ($1.onset, $1.pitch, $1.end, $1.part) }
  }

  /// Of the notes at these indices the highest of each onset, unless a higher one that began before sounds on; each ends where
  /// the next begins. And for each note of the array whether it is one of them.
  fileprivate func highestLine(among indices: [Int]) -> (notes: [MeasuredNote], isOnTop: [Bool]) {
    var line: [MeasuredNote] = []
    var isOnTop = [Bool](repeating: false, count: count)
    for (place, index) in indices.enumerated() {
      let note = self[index]
      if place + 1 < indices.count, self[indices[place + 1]].onset == note.onset { continue }
      if let last = line.last, last.end > note.onset {
        if last.pitch > note.pitch { continue }
        line[line.count - 1].end = note.onset
      }
      line.append(note)
      isOnTop[index] = true
    }
    return (line, isOnTop)
  }

  /// Which of these notes, by onset, begin in each of the bars.
  fileprivate func rangesOfBars(_ barCount: Int) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    ranges.reserveCapacity(barCount)
    var start = 0
    for bar in 0..<barCount {
      var end = start
      while end < count, self[end].bar <= bar { end += 1 }
      ranges.append(start..<end)
      start = end
    }
    return ranges
  }
}
