internal import Music
internal import Tokenization

/// Finds out whether a bar can be written to its end so that all limits hold, by writing it in the simplest way: what parts have to
/// play as short notes one after the other, and where time may not be left empty, one part as notes that fill it without a gap.
///
/// What it finds is a way, so that an id after which it finds one leads to no dead end: the first id of that way can be taken, and the
/// rest of it is found again after it. It may miss ways, and then forbids an id that could have been taken.
struct BarCompletion: Sendable {
  let rules: CellRules
  let parts: [PartRules]
  /// What each part gets of the bar; nil where that is open.
  var shares: BarShares?

  /// A part that can still play.
  struct OpenPart {
    var draft: CellDraft
    /// How many more notes it has to play and may play.
    var least: Int
    var most: Int
  }

  /// Whether a bar can be completed.
  /// - Parameters:
  ///   - state: What has been written.
  ///   - draft: The pitched cell that is being written; nil between cells.
  ///   - next: The first part whose cell has not begun.
  ///   - silence: The fewest and most silent steps of the bar.
  func isPossible(_ state: BarState, _ draft: CellDraft?, next: Int, silence: ClosedRange<Int>) -> Bool {
    var voices = state.voices
    var planned = 0
    var open: [OpenPart] = []
    let drafts =
      (draft.map { [$0] } ?? [])
      + parts.indices[min(next, parts.count)...].lazy.filter { !parts[$0].isDrum }.map { CellDraft(part: $0) }
    for draft in drafts {
      if parts[draft.part].leads, let rhythm = state.frame.rhythm {
        guard let count = follow(rhythm, draft, state, &voices) else { return false }
        planned += count
      } else {
        open.append(openPart(draft, state))
      }
    }
    if needsSound(state), planned == 0, open.allSatisfy({ $0.least == 0 }) {
      guard let last = open.indices.last else { return false }
      open[last].least = 1
    }
    guard open.allSatisfy({ $0.least <= $0.most && canEnd($0.draft, state) }) else { return false }
    let least = open.reduce(planned) { $0 + $1.least }
    guard state.total + least <= rules.density.upperBound else { return false }
    let low = isFreeOfLeast(state.frame) ? 0 : rules.density.lowerBound
    let missing = max(0, low - state.total - least)
    return rules.covers
      ? cover(open, voices, state, least: least, missing: missing, silence)
      : place(open, voices, state, missing: missing, silence)
  }

  /// Whether the last bar is silent so far, which no piece may end with.
  func needsSound(_ state: BarState) -> Bool {
    state.frame.isLast && state.total == 0 && !state.voices.contains { $0 > 0 }
  }

  /// Whether a bar need not have the fewest notes: one that has nothing but the last note or chord.
  func isFreeOfLeast(_ frame: BarFrame) -> Bool { frame.isLast && rules.endsOnBarLine }

  // MARK: Obligations

  func openPart(_ draft: CellDraft, _ state: BarState) -> OpenPart {
    let part = draft.part, most = most(part, state.frame)
    return OpenPart(
      draft: draft, least: max(least(part, state), draft.mustPlay ? 1 : 0),
      most: max(0, min(most - state.counts[part], mostTotal(part) - state.total)))
  }

  /// How many more notes a part has to play in the bar.
  func least(_ part: Int, _ state: BarState) -> Int {
    let frame = state.frame, count = state.counts[part]
    if parts[part].isDrum { return 0 }
    if parts[part].leads, let rhythm = frame.rhythm { return rhythm.count - count }
    var least = max(0, leastNotes(part, frame) - count)
    if parts[part].leads { least = max(least, leastFirstNotes(state)) }
    if frame.isLast, rules.limits.lastNote != nil, parts[part].leads, count == 0 { least = max(least, 1) }
    if frame.isLast, part == chordPart { least = max(least, missingClasses(state).nonzeroBitCount) }
    return mustSound(part, state) ? max(least, 1) : least
  }

  /// The fewest and most notes of a part in a bar.
  func leastNotes(_ part: Int, _ frame: BarFrame) -> Int {
    isFreeOfLeast(frame) ? 0 : max(parts[part].density.lowerBound, shares?.least[part] ?? 0)
  }
  func most(_ part: Int, _ frame: BarFrame) -> Int {
    let isLastNote = frame.isLast && rules.limits.lastNote != nil && parts[part].leads
    return min(parts[part].density.upperBound, isLastNote ? 1 : .max, shares?.most[part] ?? .max)
  }
  /// How many notes the bar may have once a part is written.
  func mostTotal(_ part: Int) -> Int { max(0, rules.density.upperBound - (shares?.laterNotes[part] ?? 0)) }

  /// How many of the first notes have to come in this bar, so that each later bar needs no more than one.
  func leastFirstNotes(_ state: BarState) -> Int {
    let pending = rules.limits.firstNotes.count - state.leadingNotes
    guard pending > 0 else { return 0 }
    let hasPlayed = parts.indices.contains { parts[$0].leads && state.counts[$0] > 0 }
    guard let barCount = state.frame.barCount else { return hasPlayed ? 0 : 1 }
    let barsAfter = barCount - state.frame.number - 1 - (rules.endsOnBarLine ? 1 : 0)
    return max(hasPlayed ? 0 : 1, pending - max(0, barsAfter))
  }

  /// Whether a part has to play now, since there are no more bars than parts that have not.
  func mustSound(_ part: Int, _ state: BarState) -> Bool {
    guard let barCount = state.frame.barCount, mustSound(part), !state.hasSounded[part] else { return false }
    let silentParts = (part..<parts.count).count {
      !parts[$0].isDrum && mustSound($0) && !state.hasSounded[$0]
    }
    return silentParts >= barCount - state.frame.number
  }

  /// Whether a part has to play somewhere: because its instrument or something else was asked of it. Parts that a piece merely states may be
  /// silent; a single note before the end would be no part either.
  func mustSound(_ part: Int) -> Bool {
    !rules.limits.instruments.isEmpty
      || (parts[part].leads && rules.limits.contour != nil)
  }

  /// The part that plays the last chord: one that plays chords, else the leading one.
  var chordPart: Int? {
    guard rules.limits.lastChord != nil else { return nil }
    return parts.firstIndex { $0.mostTogether > 1 } ?? parts.firstIndex { $0.leads }
  }

  /// The pitch classes of the last chord that its part has not played yet, as bits: for a part that plays one note the bass alone, and
  /// where it has fewer voices than the chord has notes the bass and the next ones above, and nothing where the only voice is the tune's.
  func missingClasses(_ state: BarState) -> UInt16 {
    guard let part = chordPart, let chord = rules.limits.lastChord else { return 0 }
    let voices = parts[part].mostTogether > 1 ? mostVoicesAlone(part) : 1
    var needed: UInt16 = 0
    for step in 0..<12 where needed.nonzeroBitCount < voices {
      let bit: UInt16 = 1 << UInt16((chord.bass + step) % 12)
      if step == 0 || chord.essentialPitchClasses & bit != 0 { needed |= bit }
    }
    if voices >= chord.essentialPitchClasses.nonzeroBitCount { needed = chord.essentialPitchClasses }
    return state.sounding.lazy.filter { $0.part == part && $0.end > 0 }
      .reduce(needed) { $0 & ~(1 << UInt16($1.pitch % 12)) }
  }

  /// The pitches after which the rest of the last chord can follow, its bass first.
  func lastChordPitches(_ pitches: PitchSet, _ state: BarState) -> PitchSet {
    guard let chord = rules.limits.lastChord, let part = chordPart else { return pitches }
    let missing = missingClasses(state), isFirst = state.counts[part] == 0
    var result = PitchSet.none
    for key in 0..<128 where pitches.contains(key) && (!isFirst || key % 12 == chord.bass) {
      let rest = missing & ~(1 << UInt16(key % 12))
      let above = pitches.above(key)
      let canFollow = (0..<12).allSatisfy {
        rest >> UInt16($0) & 1 == 0 || !above.intersection(PitchSet(classes: 1 << UInt16($0))).isEmpty
      }
      if canFollow { result.insert(key) }
    }
    return result
  }

  /// Whether the part that plays the last chord can complete it.
  func canEnd(_ draft: CellDraft, _ state: BarState) -> Bool {
    guard state.frame.isLast, draft.part == chordPart, missingClasses(state) != 0 else { return true }
    var pitches = pitches(draft.part, at: 0, state.frame, ordinal: state.leadingNotes)
    pitches.subtract(state.sounding(part: draft.part, from: 0))
    return !lastChordPitches(pitches.above(draft.lastPitch), state).isEmpty
  }

  /// Whether all notes of a part in a bar begin on the bar line.
  func beginsOnBarLine(_ part: Int, _ frame: BarFrame) -> Bool {
    frame.isLast && ((rules.limits.lastNote != nil && parts[part].leads) || rules.limits.lastChord != nil)
  }

  // MARK: Pitches

  /// The pitches of the scale that a note of a part can have which begins at a step.
  /// - Parameters:
  ///   - ordinal: How many notes the leading part has had before.
  ///   - isStrict: Whether notes outside the scale are left out.
  func pitches(
    _ part: Int, at step: Int, _ frame: BarFrame, ordinal: Int, isStrict: Bool = true
  ) -> PitchSet {
    let own = parts[part], limits = rules.limits
    if own.leads, ordinal < limits.firstNotes.count {
      let key = limits.firstNotes[ordinal].key
      return own.range.intersection(PitchSet(key...key))
    }
    if step > 0, beginsOnBarLine(part, frame) { return .none }
    var pitches = isStrict ? own.range.intersection(rules.scale) : own.range
    if frame.isLast, limits.lastChord != nil {
      pitches = pitches.intersection(rules.lastChord)
    } else if !frame.chords.isEmpty, own.followsChords || frame.strong[min(step, frame.strong.count - 1)],
      let chord = frame.chord(at: step)
    {
      pitches = pitches.intersection(chord)
    }
    guard own.leads else { return pitches }
    if frame.isLast, limits.lastNote != nil { pitches = pitches.intersection(rules.lastNote) }
    if let contour = limits.contour, let barCount = frame.barCount {
      let share = (Double(frame.number) + Double(step) / Double(frame.length)) / Double(barCount)
      let height = contour.height(at: share)
      let low = Int((height - contour.tolerance).rounded(.up)),
        high = Int((height + contour.tolerance).rounded(.down))
      pitches = pitches.intersection(low <= high ? PitchSet(low...high) : .none)
    }
    return pitches
  }

  /// How many notes of a part can begin together at a step.
  func room(_ part: Int, at step: Int, _ state: BarState, ordinal: Int) -> Int {
    var pitches = pitches(part, at: step, state.frame, ordinal: ordinal)
    pitches.subtract(state.sounding(part: part, from: step))
    if parts[part].leads, ordinal < rules.limits.firstNotes.count { return min(1, pitches.count) }
    return min(pitches.count, parts[part].mostTogether)
  }

  /// Whether a note may join the last one of a part: not the first notes that were asked for, nor the last.
  func canJoin(_ part: Int, _ state: BarState) -> Bool {
    guard parts[part].leads else { return true }
    let isFirst = !rules.limits.firstNotes.isEmpty && state.leadingNotes <= rules.limits.firstNotes.count
    return !isFirst && !(state.frame.isLast && rules.limits.lastNote != nil) && state.frame.rhythm == nil
  }

  /// The latest end of a note of a part: with the bar while first notes are to come after it, whose pitch it could have.
  func latestEnd(_ part: Int, _ frame: BarFrame, ordinal: Int) -> Int {
    parts[part].leads && ordinal + 1 < rules.limits.firstNotes.count
      ? min(frame.latestEnd, frame.length) : frame.latestEnd
  }

  /// How many notes can join the last one of a cell.
  func roomAbove(_ draft: CellDraft, _ state: BarState) -> Int {
    let part = draft.part
    guard draft.lastOnset >= 0, parts[part].mostTogether > 1, canJoin(part, state) else { return 0 }
    var pitches = pitches(part, at: draft.lastOnset, state.frame, ordinal: state.leadingNotes)
    pitches.subtract(state.sounding(part: part, from: draft.lastOnset))
    return pitches.above(draft.lastPitch).count
  }

  // MARK: A rhythm

  /// Lets the leading part play the rest of its rhythm.
  /// - Returns: How many notes that are; nil where it cannot.
  func follow(
    _ rhythm: [RhythmPattern.Note], _ draft: CellDraft, _ state: BarState, _ voices: inout [UInt8]
  ) -> Int? {
    let rest = rhythm.filter { $0.onset > draft.lastOnset }
    let count = state.counts[draft.part] + rest.count
    guard count >= leastNotes(draft.part, state.frame), count <= most(draft.part, state.frame) else {
      return nil
    }
    if draft.mustPlay, rest.isEmpty { return nil }
    if let onset = draft.fixedOnset, onset != rest.first?.onset { return nil }
    if let duration = draft.fixedDuration, duration != rest.first?.duration { return nil }
    var ordinal = state.leadingNotes
    for note in rest {
      guard note.onset < state.frame.length, rules.durations.contains(note.duration),
        note.onset + note.duration <= min(latestEnd(draft.part, state.frame, ordinal: ordinal), voices.count),
        room(draft.part, at: note.onset, state, ordinal: ordinal) > 0,
        add(1, note.onset, note.duration, &voices, draft.part)
      else { return nil }
      ordinal += 1
    }
    return rest.count
  }

  /// Adds voices where there is room for them.
  func add(
    _ count: Int, _ onset: Int, _ duration: Int, _ voices: inout [UInt8], _ part: Int
  ) -> Bool {
    guard fits(count, onset, duration, voices, part) else { return false }
    for step in onset..<onset + duration { voices[step] &+= UInt8(count) }
    return true
  }

  func fits(_ count: Int, _ onset: Int, _ duration: Int, _ voices: [UInt8], _ part: Int) -> Bool {
    guard onset + duration <= voices.count else { return false }
    let most = mostVoices(part)
    for step in onset..<onset + duration where Int(voices[step]) + count > most { return false }
    return true
  }

  /// The most voices where a part plays: parts that are written before the leading one leave it a voice.
  func mostVoices(_ part: Int) -> Int {
    if let later = shares?.laterVoices { return rules.mostVoices - later[part] }
    return mostVoicesAlone(part)
  }

  /// The same where the bar is not divided.
  private func mostVoicesAlone(_ part: Int) -> Int {
    guard rules.reservesVoice, !parts[part].leads, parts[part...].contains(where: \.leads) else {
      return rules.mostVoices
    }
    return rules.mostVoices - 1
  }
}
