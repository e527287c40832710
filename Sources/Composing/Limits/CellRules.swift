internal import Music
internal import Tokenization

/// The limits in the terms of a tokenizer of cells: steps, sets of keys, bars of the new music.
struct CellRules: Sendable {
  let limits: Limits
  let stepsPerQuarter: Int
  /// The steps of the longest bar and the longest note.
  let room: Int
  /// How many bars were given, and how many follow them; nil where the piece announces it.
  let givenBars: Int
  let newBars: Int?
  /// The time signatures by index, and their lengths in steps.
  let signatures: [TimeSignature]
  let barLengths: [Int]
  /// The indices of the time signatures bar by bar; the last holds on. Empty leaves it to the model.
  let plan: [Int]
  /// The shortest and longest note in steps.
  let durations: ClosedRange<Int>
  /// The most and fewest voices where any sound.
  let fewestVoices: Int
  let mostVoices: Int
  /// The notes of the scale, and of the last note.
  let scale: PitchSet
  let lastNote: PitchSet
  let lastChord: PitchSet
  /// The rhythm of the leading part in steps, bar by bar; empty leaves it to the model.
  let rhythm: [[RhythmPattern.Note]]
  /// The chords of each bar, as sets.
  let chords: [[PitchSet]]
  /// The fewest and most notes of all parts in a bar.
  let density: ClosedRange<Int>
  /// The keys that the piece may have, by their tonics; empty leaves it to the model.
  let keys: [(tonic: Int, isMinor: Bool)]
  /// Whether all parts have to play, because the piece states them.
  let statesParts: Bool
  /// Whether all new bars have the time signature of the first of them where the plan leaves it open, since what is known of later bars counts
  /// on their length.
  private(set) var keepsTimeSignature = false

  init(
    _ limits: Limits, view: CellsView, plan: [Int], rhythm: [[RhythmPattern.Note]], givenBars: Int,
    newBars: Int?
  ) {
    self.limits = limits
    self.plan = plan
    self.rhythm = rhythm
    self.givenBars = givenBars
    self.newBars = newBars
    stepsPerQuarter = view.stepsPerQuarter
    signatures = view.timeSignatures
    barLengths = view.barLengths
    let longest = view.longestDuration
    room = (view.barLengths.max() ?? 0) + longest
    durations =
      limits.noteLengths.map {
        let shortest = max(1, $0.lowerBound.unitsRoundedUp(perQuarter: view.stepsPerQuarter))
        let most = min(longest, $0.upperBound.unitsRoundedDown(perQuarter: view.stepsPerQuarter))
        return min(shortest, max(1, most))...max(1, most)
      } ?? 1...longest
    fewestVoices = limits.voices?.lowerBound ?? 0
    mostVoices = min(limits.voices?.upperBound ?? 200, 200)
    scale = limits.key.map { PitchSet(classes: $0.pitchClasses) } ?? .all
    lastNote =
      switch limits.lastNote {
      case .pitch(let pitch): PitchSet(pitch.key...pitch.key)
      case .pitchClass(let pitchClass): PitchSet(classes: 1 << UInt16(pitchClass))
      case nil: .all
      }
    lastChord = limits.lastChord.map { PitchSet(classes: $0.pitchClasses) } ?? .all
    chords = limits.chords?.bars.map { $0.map { PitchSet(classes: $0.pitchClasses) } } ?? []
    density = limits.densities.first { $0.part == nil }?.value ?? 0...Int.max
    statesParts = view.fixedParts == nil
    keys = limits.homeKeys
    keepsTimeSignature = looksAhead
  }

  /// Whether there are limits for which it matters what comes later.
  var looksAhead: Bool {
    limits.voices != nil || !limits.densities.isEmpty || limits.rests != nil || !limits.firstNotes.isEmpty
      || endsOnBarLine || !rhythm.isEmpty || limits.noteLengths != nil || limits.contour != nil || statesParts
      || !limits.instruments.isEmpty
  }
  /// Whether there are limits on what parts do together, so that what one plays leaves less to the others.
  var dividesBars: Bool { limits.voices != nil || density != 0...Int.max }

  /// The rules without these limits, and without those on how much time is silent, how many notes a part has and how high it is.
  func relaxed(_ view: CellsView) -> CellRules {
    let limits = [Limits.Item.voices, .densities, .rests, .ranges].reduce(limits) { $0.without($1) }
    var rules = CellRules(
      limits, view: view, plan: plan, rhythm: rhythm, givenBars: givenBars, newBars: newBars)
    // The bars of both pieces are as long.
    rules.keepsTimeSignature = keepsTimeSignature
    return rules
  }

  /// Whether pitches outside the scale are forbidden or counted.
  var chromaticIsLimited: Bool { limits.key != nil && limits.chromaticShare < 1 }
  /// Whether parts that come before the leading one leave it a voice, lest it has nothing to sing with.
  var reservesVoice: Bool {
    guard let voices = limits.voices, rhythm.isEmpty else { return false }
    return voices.upperBound > 1
      ? voices.lowerBound < voices.upperBound : !statesParts && limits.instruments.isEmpty
  }
  var endsOnBarLine: Bool { limits.lastNote != nil || limits.lastChord != nil }
  /// Whether time may not be left empty, or not with too few voices.
  var covers: Bool { (limits.rests?.upperBound ?? 1) < 1 || fewestVoices > 1 }
  var limitsSilence: Bool { (limits.rests?.upperBound ?? 1) < 1 }

  /// The index of the time signature of a new bar; `free` where the plan leaves it open.
  func signature(ofBar number: Int, free: Int) -> Int {
    plan.isEmpty ? free : plan[min(number, plan.count - 1)]
  }
}

extension Limits {
  /// The keys in which what is asked for is at home: the one that was asked for, else those that chords, the end or the beginning
  /// suggest. A model that chose another would write music that fits neither.
  fileprivate var homeKeys: [(tonic: Int, isMinor: Bool)] {
    if let key { return [(key.tonic, key.isMinor)] }
    if let chords { return [Self.home(of: chords)] }
    if let lastChord {
      return [(lastChord.root, lastChord.intervals.contains(3) && !lastChord.intervals.contains(4))]
    }
    switch lastNote {
    case .pitchClass(let tonic): return [(tonic, false), (tonic, true)]
    case .pitch(let pitch): return [(pitch.pitchClass, false), (pitch.pitchClass, true)]
    case nil: break
    }
    guard !firstNotes.isEmpty else { return [] }
    return (0..<12).flatMap { tonic in
      [Scale.Kind.major, .minor].filter { kind in
        firstNotes.allSatisfy { Scale(tonic: tonic, kind: kind).contains(pitch: $0.key) }
      }.map { (tonic, $0 == .minor) }
    }
  }
}

extension Limits {
  /// The key of chords: the one whose scale has most of their notes, by the time that they last; of equal ones that on whose tonic the
  /// chords end or begin. In minor the leading note counts half.
  private static func home(of chords: ChordProgression) -> (tonic: Int, isMinor: Bool) {
    let symbols = Array(chords.bars.joined())
    var weights = [Double](repeating: 0, count: 12)
    for bar in chords.bars {
      for chord in bar {
        for interval in chord.intervals { weights[(chord.root + interval) % 12] += 1 / Double(bar.count) }
      }
    }
    func isTonic(_ chord: ChordSymbol?, _ tonic: Int, _ isMinor: Bool) -> Bool {
      chord?.root == tonic && chord?.intervals.contains(isMinor ? 3 : 4) == true
    }
    func fit(_ tonic: Int, _ isMinor: Bool) -> Double {
      let notes = (isMinor ? Scale.Kind.naturalMinor : .major).intervals
      let own = notes.reduce(isMinor ? 0.5 * weights[(tonic + 11) % 12] : 0) {
        $0 + weights[(tonic + $1) % 12]
      }
      // No more than a tie-break: a chord on the tonic at the end or the beginning.
      let isLast = isTonic(symbols.last, tonic, isMinor), isFirst = isTonic(symbols.first, tonic, isMinor)
      return own + weights.reduce(0, +) * ((isLast ? 0.06 : 0) + (isFirst ? 0.04 : 0))
    }
    let keys = [false, true].flatMap { isMinor in (0..<12).map { (tonic: $0, isMinor: isMinor) } }
    return keys.max { fit($0.tonic, $0.isMinor) < fit($1.tonic, $1.isMinor) } ?? (0, false)
  }
}

/// What holds for one part of an ensemble.
struct PartRules: Sendable {
  let role: PartRole
  let isDrum: Bool
  /// Whether limits on the leading part are its.
  let leads: Bool
  let range: PitchSet
  let density: ClosedRange<Int>
  /// How many notes it can be relied upon to play together.
  let mostTogether: Int
  /// Whether all its notes are of the chords that were asked for.
  let followsChords: Bool

  /// The rules of an ensemble.
  static func ensemble(
    _ parts: [CellsConfiguration.Part], _ limits: Limits, pitches: ClosedRange<Int>
  ) -> [PartRules] {
    let leading =
      parts.firstIndex { $0.role == .melody } ?? parts.lastIndex { $0.role != .drums }
    return parts.enumerated().map { index, part in
      let number = parts[...index].count { $0.role == part.role }
      func applies(_ name: Limits.PartName?) -> Bool {
        guard let name else { return true }
        return name.role == part.role && (name.number == nil || name.number == number)
      }
      var range = PitchSet(pitches)
      for limit in limits.ranges where applies(limit.part) {
        range = range.intersection(PitchSet(limit.value.lowerBound.key...limit.value.upperBound.key))
      }
      var density = 0...Int.max
      for limit in limits.densities where limit.part != nil && applies(limit.part) {
        let low = max(density.lowerBound, limit.value.lowerBound)
        density = low...max(low, min(density.upperBound, limit.value.upperBound))
      }
      return PartRules(
        role: part.role, isDrum: part.role == .drums, leads: index == leading, range: range,
        density: density, mostTogether: [.chords: 6, .other: 4][part.role] ?? 1,
        followsChords: part.role == .chords || part.role == .bass)
    }
  }
}

/// A bar of the new music: what is asked of it.
struct BarFrame: Sendable {
  /// Its number among the new bars, from 0, and how many there are; nil where that is open.
  let number: Int
  let barCount: Int?
  let length: Int
  /// Where each chord begins, and its notes.
  let chords: [(start: Int, notes: PitchSet)]
  /// Whether each step is a strong beat or the beginning of a chord; empty without chords.
  let strong: [Bool]
  /// The latest step, from this bar line, at which a note may end.
  var latestEnd: Int
  /// The rhythm of the leading part, if one was asked for.
  let rhythm: [RhythmPattern.Note]?
  /// The fewest silent steps that the bar can be written with, and how many all later ones need.
  var leastSilence = 0
  var laterSilence = 0
  /// How many steps all new bars have, and those up to some bars after this one; 0 where the number of bars is open.
  var totalSteps = 0
  var stepsAhead = 0

  var isLast: Bool { barCount == number + 1 }

  init(_ rules: CellRules, number: Int, barCount: Int?, free: Int) {
    self.number = number
    self.barCount = barCount
    let signature = rules.signature(ofBar: number, free: free)
    length = rules.barLengths[signature]
    let isLast = barCount == number + 1
    if rules.chords.isEmpty {
      (chords, strong) = ([], [])
    } else {
      let notes = rules.chords[number % rules.chords.count], meter = rules.signatures[signature]
      let starts = ChordProgression.starts(count: notes.count, length: length, beats: meter.beatCount)
      chords = zip(starts, notes).map { (start: $0, notes: $1) }
      var strong = [Bool](repeating: false, count: length)
      for step in starts + meter.strongBeats(length: length) where step < length { strong[step] = true }
      self.strong = strong
    }
    let isRhythmic = !rules.rhythm.isEmpty && !(isLast && rules.endsOnBarLine)
    rhythm = isRhythmic ? rules.rhythm[number % rules.rhythm.count] : nil
    latestEnd = Self.latestEnd(rules, number: number, barCount: barCount, free: free)
  }

  /// Notes end with the piece, and the grammar takes all later bars to be as long as the current one when it asks whether they do.
  private static func latestEnd(_ rules: CellRules, number: Int, barCount: Int?, free: Int) -> Int {
    func length(_ bar: Int) -> Int { rules.barLengths[rules.signature(ofBar: bar, free: free)] }
    let own = length(number)
    guard let barCount else { return rules.looksAhead ? 2 * own : .max }
    guard number + 1 < barCount else { return own }
    var latest = rules.looksAhead ? own + length(number + 1) : Int.max
    var (bar, start) = (number, 0)
    while bar < barCount, start < latest, start <= 2 * 4_096 {
      latest = min(latest, start + length(bar) * (barCount - bar))
      start += length(bar)
      bar += 1
      if bar == barCount - 1, rules.endsOnBarLine { latest = min(latest, start) }
    }
    if bar == barCount { latest = min(latest, start) }
    return latest
  }

  /// The notes of the chord at a step; nil where there are no chords.
  func chord(at step: Int) -> PitchSet? { chords.last { $0.start <= step }?.notes }
}
