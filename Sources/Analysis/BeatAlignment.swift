internal import Arithmetic
internal import Groundwork
public import Music

/// Where the beats and bars of a piece are, beside where its ticks say they are.
///
/// Music that was recorded or traced from sound is often written at a fixed tempo whose beats have no phase: every onset is late by
/// the same part of a beat, and the bar lines fall anywhere. A `BeatAlignment` finds by how much: the phase that puts
/// the onsets on sixteenths and triplets, section by section where the beat jumps or drifts, and then the place of the bar
/// line, from the bass and from changes of harmony.
///
/// A piece that is in time stays as it is. It is moved only where that puts at least 15 % more of its onsets on
/// the grid and 80 % of them at least; where bass and harmony contradict its bar lines by a large margin; or, if it states no bars
/// but counts beats (1/4), to where its bars begin. Drums alone are never moved.
public struct BeatAlignment: Sendable, Hashable {
  /// Why a piece is moved, or is not.
  public enum Reason: String, Sendable, Hashable, Codable {
    /// Its onsets are on the grid as they are.
    case inTime
    /// It has too few notes to tell.
    case tooFewNotes
    /// No shift would put enough of its onsets on the grid: it is played freely.
    case noSteadyBeat
    /// Its beats are late or early by a part of a beat.
    case beats
    /// Its beats are in place, and its bar lines are not.
    case bars
  }

  /// Ticks in a quarter note.
  public let ticksPerQuarter: Int
  /// Why the piece is moved, or is not.
  public let reason: Reason
  /// The part of the onsets on a sixteenth or on a triplet of eighths, within half of a twelfth of a quarter note, as the piece is: 0...1.
  public let shareBefore: Double
  /// The same after the shift; equal to `shareBefore` where there is none.
  public let shareAfter: Double
  /// How probable the bar lines are after the shift, by notes alone, beside all other places for them: 0...1.
  public let downbeatConfidence: Double
  /// The time signature by which bar lines were sought; 4/4 for a piece that counts beats (1/4) alone.
  public let timeSignature: TimeSignature

  private let delays: SectionDelays

  /// Whether the piece is moved.
  public var isNeeded: Bool { reason == .beats || reason == .bars }

  /// How many ticks later the piece begins after the alignment; negative if it begins earlier, 0 if it is not moved.
  public var shift: Int { -delays.sections[0].delay }

  /// In how many sections the piece is moved, each by its own shift: 1 if all of it is moved alike.
  public var sectionCount: Int { delays.sections.count }

  /// By what part of a quarter note the onsets are late as the piece is, −0.5 ..< 0.5; negative where they are early.
  public var lateness: Double {
    let half = ticksPerQuarter / 2
    return Double((-shift + half).modulo(ticksPerQuarter) - half) / Double(ticksPerQuarter)
  }

  /// The tick to which the alignment moves a tick of the piece as it is; below 0 for what comes before the new beginning.
  /// Never before that of an earlier one.
  public func alignedTick(_ tick: Int) -> Int { delays.place(of: tick) }

  /// The tick of the piece as it is that `alignedTick` moves to `tick`, for ticks after the last section's beginning.
  public func originalTick(_ tick: Int) -> Int {
    tick + (delays.sections.last?.delay ?? 0)
  }

  /// Finds the beats and bars of a score.
  /// - Parameters:
  ///   - score: The piece as it was read.
  ///   - timeSignature: The bars to seek; nil for those that the score states.
  public init(of score: Score, timeSignature: TimeSignature? = nil) {
    let finder = AlignmentFinder(score, timeSignature: timeSignature)
    let found = finder.find()
    ticksPerQuarter = score.ticksPerQuarter
    self.timeSignature = finder.timeSignature
    reason = found.reason
    delays = found.delays
    shareBefore = finder.shareBefore
    shareAfter = isMoving(found.reason) ? finder.beats.share(onGridWith: found.delays) : shareBefore
    downbeatConfidence = found.confidence
  }
}

private func isMoving(_ reason: BeatAlignment.Reason) -> Bool { reason == .beats || reason == .bars }

/// Finds how a score is to be moved.
private struct AlignmentFinder {
  struct Finding {
    var reason: BeatAlignment.Reason
    var delays = SectionDelays(0)
    var confidence = 0.0
  }

  let timeSignature: TimeSignature
  let beats: BeatPhase
  let shareBefore: Double
  private let score: Score
  private let onsetCount: Int
  private let hasPitches: Bool
  /// Whether more sounds than one voice, whose bass and harmony would be guesses.
  private let hasHarmony: Bool
  private let firstOnset: Int
  private let statesBars: Bool
  /// Whether several time signatures hold one after the other, so that bar lines cannot be moved as one.
  private let hasSeveralMetres: Bool

  /// Below this a grid has no places for sixteenths and triplets.
  private static let fewestTicks = 12
  private static let fewestOnsets = 32
  /// By how much of the onsets a shift must pay, and how many must be on the grid after it.
  private static let leastGain = 0.15
  private static let leastShare = 0.8
  /// How much more probable another place of the bar line must be, as a logarithm, for bars that are stated to move off the beats.
  private static let leastMargin = 4.0
  /// How probable it must be for bars to move by whole beats.
  private static let leastConfidence = 0.97
  /// What each beat between the stated bar line and another place takes from its score.
  private static let distanceCost = 0.4
  /// A tune's bar lines are sought in the first so many sixteenths; no piece has more.
  private static let mostSteps = 1 << 17

  init(_ score: Score, timeSignature: TimeSignature?) {
    self.score = score
    let onsets = score.tracks.flatMap { $0.notes.map(\.onset) }.filter { $0 >= 0 && $0 < Int.max >> 16 }
      .sorted()
    onsetCount = onsets.count
    firstOnset = onsets.first ?? 0
    let pitched = score.tracks.filter { !$0.isDrum }.flatMap(\.notes)
    hasHarmony = 4 * pitched.count >= 5 * Set(pitched.map(\.onset)).count
    hasPitches = score.tracks.contains { !$0.isDrum && !$0.notes.isEmpty }
    beats = BeatPhase(onsets: onsets, ticksPerQuarter: score.ticksPerQuarter)
    shareBefore = beats.share(onGridWith: SectionDelays(0))
    let stated = score.timeSignatures.map(\.timeSignature)
    let beatsOnly = TimeSignature(1, 4)
    statesBars = timeSignature != nil || stated.isEmpty || stated.contains { $0 != beatsOnly }
    hasSeveralMetres =
      timeSignature == nil && Set(stated.filter { $0 != stated.last }).count > 0
      && score.timeSignatures.contains { $0.tick > 0 && $0.timeSignature != stated.first }
    let metre = timeSignature ?? stated.last ?? .common
    self.timeSignature = timeSignature == nil && !statesBars ? .common : metre
  }

  func find() -> Finding {
    guard onsetCount >= Self.fewestOnsets, score.ticksPerQuarter >= Self.fewestTicks else {
      return Finding(reason: .tooFewNotes)
    }
    // Drums play to a click, and without pitches there is nothing that tells where a bar begins.
    if hasPitches {
      var delays = SectionDelays(beats.delay())
      var share = beats.share(onGridWith: delays)
      if share < 0.95 {
        let sections = beats.delays()
        let better = beats.share(onGridWith: sections)
        if better >= share + 0.05, !beginsInTime(sections) { (delays, share) = (sections, better) }
      }
      if share >= Self.leastShare, pays(delays, share) { return bars(behind: delays, reason: .beats) }
    }
    guard shareBefore >= Self.leastShare else { return Finding(reason: .noSteadyBeat) }
    return inTime()
  }

  /// Whether enough more onsets are on the grid; a late beat may by chance be a triplet of another, but then the sixteenths are not.
  private func pays(_ delays: SectionDelays, _ share: Double) -> Bool {
    if share >= shareBefore + Self.leastGain { return true }
    let before = beats.share(onGridWith: SectionDelays(0), countingTriplets: false)
    let after = beats.share(onGridWith: delays, countingTriplets: false)
    return share >= shareBefore && after >= before + 3 * Self.leastGain
  }

  /// Whether the bars that a piece states hold at its beginning: then it is written by them, and what leaves the grid later
  /// is an error in one place, or a tuplet.
  private func beginsInTime(_ delays: SectionDelays) -> Bool {
    let sixteenth = score.ticksPerQuarter / 4
    let late = (delays.sections[0].delay + sixteenth / 2).modulo(sixteenth) - sixteenth / 2
    return statesBars && 2 * BeatPhase.stepsPerQuarter * abs(late) <= score.ticksPerQuarter
  }

  /// A piece whose onsets are on the grid.
  private func inTime() -> Finding {
    let asItIs = SectionDelays(0)
    // What is within the tolerance of the grid is made exact where bars move at all.
    let sixteenth = score.ticksPerQuarter / 4
    let late = (beats.delay() + sixteenth / 2).modulo(sixteenth) - sixteenth / 2
    let exact = SectionDelays(abs(late) <= score.ticksPerQuarter / 24 ? late : 0)
    if !statesBars { return bars(behind: exact, reason: .bars) }
    guard let phase = downbeats(asItIs), !hasSeveralMetres else { return Finding(reason: .inTime) }
    guard isContradicted(phase) else {
      return Finding(reason: .inTime, confidence: confidence(of: 0, phase))
    }
    return bars(behind: exact, reason: .bars)
  }

  /// Whether the notes contradict the bar lines that the piece states: where these would have to move by less than a beat, by a large
  /// margin over all that move by beats; where by beats, only if nearly all speaks for one place. In compound time
  /// tunes with a pickup look as if they began elsewhere, and are believed.
  private func isContradicted(_ phase: DownbeatPhase) -> Bool {
    guard hasHarmony else { return false }
    let best = (0..<phase.count).max { phase[$0] < phase[$1] } ?? 0
    let unit = min(4, max(1, 16 / timeSignature.denominator))
    guard best % unit == 0 else {
      let bestOnBeat = stride(from: 0, to: phase.count, by: unit).map { phase[$0] }.max() ?? 0
      return phase[best] - bestOnBeat >= Self.leastMargin
    }
    return !timeSignature.isCompound && phase[best] - phase[0] >= Self.leastMargin
      && confidence(of: best, phase) >= Self.leastConfidence
  }

  /// The bar lines for beats of these delays.
  private func bars(behind delays: SectionDelays, reason: BeatAlignment.Reason) -> Finding {
    let start = delays.sections[0].delay
    guard let phase = downbeats(delays) else {
      let half = score.ticksPerQuarter / 2
      let nearest = (start + half).modulo(score.ticksPerQuarter) - half
      return finding(delays.moved(by: nearest - start), reason, confidence: 0)
    }
    var places = Array(-(phase.count - 1) / 2...phase.count / 2)
    if hasSeveralMetres { places.removeAll { 2 * abs(delay(of: $0, from: start)) > score.ticksPerQuarter } }
    let best = places.max { value(of: $0, phase, start) < value(of: $1, phase, start) } ?? 0
    return finding(
      delays.moved(by: delay(of: best, from: start) - start), reason, confidence: confidence(of: best, phase))
  }

  private func finding(
    _ delays: SectionDelays, _ reason: BeatAlignment.Reason, confidence: Double
  ) -> Finding {
    let bar = 4 * score.ticksPerQuarter * timeSignature.numerator / timeSignature.denominator
    // What would begin before the beginning moves a bar back.
    let before = max(0, delays[firstOnset] - firstOnset)
    let bars = bar > 0 ? (before + bar - 1) / bar : 0
    let delays = delays.moved(by: -bars * bar)
    // Bar lines are not worth notes that leave the grid.
    if reason == .bars, beats.share(onGridWith: delays) < shareBefore - Self.leastGain / 3 {
      return Finding(reason: .inTime, confidence: confidence)
    }
    if delays.sections.allSatisfy({ abs($0.delay) <= score.ticksPerQuarter / 24 }), reason == .bars {
      return Finding(reason: .inTime, confidence: confidence)
    }
    if delays == SectionDelays(0) { return Finding(reason: .inTime, confidence: confidence) }
    return Finding(reason: reason, delays: delays, confidence: confidence)
  }

  /// The delay of the first bar line if it is at a sixteenth, counted from the first beat; the nearest to 0.
  private func delay(of place: Int, from start: Int) -> Int {
    let bar = 4 * score.ticksPerQuarter * timeSignature.numerator / timeSignature.denominator
    let delay = start + place * score.ticksPerQuarter / 4
    return (delay + bar / 2).modulo(bar) - bar / 2
  }

  private func value(of place: Int, _ phase: DownbeatPhase, _ start: Int) -> Double {
    let distance = Double(abs(delay(of: place, from: start))) / Double(score.ticksPerQuarter)
    return phase[place] - Self.distanceCost * distance
  }

  private func confidence(of place: Int, _ phase: DownbeatPhase) -> Double {
    1 / (0..<phase.count).reduce(0.0) { $0 + exponential(phase[$1] - phase[place]) }
  }

  /// What the notes say about bar lines, if the beats have these delays; nil where bars have no whole number of sixteenths, or
  /// there are too few notes.
  private func downbeats(_ delays: SectionDelays) -> DownbeatPhase? {
    let sixteenths = 16 * timeSignature.numerator
    guard sixteenths % timeSignature.denominator == 0,
      (2...64).contains(sixteenths / timeSignature.denominator)
    else { return nil }
    var notes = score.tracks.filter { !$0.isDrum }.flatMap(\.notes)
      .filter { $0.onset >= 0 && $0.onset < Int.max >> 16 }
    notes.sort()
    var latest = Int.min
    var steps = notes.map { note in
      let ticks = 8 * (note.onset - delays[note.onset]) + score.ticksPerQuarter
      // Where the beat jumps back, what follows does not come before what was.
      latest = max(latest, ticks.flooredQuotient(by: 2 * score.ticksPerQuarter))
      return latest
    }
    let last = (steps.first ?? 0) + Self.mostSteps
    let end = steps.partitioningIndex { $0 >= last }
    notes.removeSubrange(end...)
    steps.removeSubrange(end...)
    guard notes.count >= DownbeatPhase.fewestNotes else { return nil }
    return DownbeatPhase(
      notes: notes, steps: steps, ticksPerStep: Double(score.ticksPerQuarter) / 4,
      timeSignature: timeSignature)
  }
}
