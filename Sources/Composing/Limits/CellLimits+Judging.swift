internal import Music
internal import Tokenization

/// Whether a way to the end remains after an id.
extension CellLimits {
  func isPossible(after id: Int32) -> Bool {
    let kind = fixed.kinds[Int(id)], value = view.value(of: id)
    if view.barCount == 0 { return isHeaderPossible(after: id, kind, value) }
    guard let state else { return true }
    switch kind {
    case .timeSignature: return isTimeSignaturePossible(value, state)
    case .end: return closes(state) && isPossible(state, nil, next: completion.parts.count) && endsWell(state)
    case .bar: return closes(state) && isPossible(state, nil, next: completion.parts.count)
    case .rest, .notes, .same, .rhythm: return isCellPossible(kind, value, state)
    case .velocity:
      let isInDrums = view.part < completion.parts.count && completion.parts[view.part].isDrum
      let spells = [.notes, .position, .note].contains(view.situation)
      return isInDrums && spells ? true : isCellPossible(.notes, value, state)
    case .position, .duration, .pitch, .and: return isNotePossible(kind, value, state)
    default: return true
    }
  }

  /// Whether the bar can be completed.
  func isPossible(_ state: BarState, _ draft: CellDraft?, next: Int) -> Bool {
    guard rules.looksAhead else { return true }
    let silence = state.silence(rules)
    return completion.isPossible(state, draft, next: next, silence: silence) && isNextBarPossible(state)
  }

  /// Whether what sounds over the bar line leaves a way for the next bar.
  private func isNextBarPossible(_ state: BarState) -> Bool {
    guard state.hasOverhang, !state.frame.isLast, rules.looksAhead else { return true }
    let frame = frame(state.frame.number + 1)
    var next = state.next(frame)
    let pending = rules.limits.firstNotes.count - next.leadingNotes
    if pending > 0, let bars = frame.barCount {
      let least = max(0, pending - max(0, bars - frame.number - 1))
      next.leadingNotes = rules.limits.firstNotes.count - min(pending, max(1, least))
    }
    next.silent = state.silent + state.silence(rules).lowerBound
    let most = rules.limitsSilence ? frame.leastSilence : frame.length
    var completion = completion
    completion.shares = nil
    return completion.isPossible(
      next, nil, next: 0,
      silence: min(next.silence(rules).lowerBound, frame.length)...max(most, next.silence(rules).lowerBound))
  }

  /// Whether the cell that ends before the next id has all that it has to.
  private func closes(_ state: BarState) -> Bool {
    guard view.situation == .note, view.part < completion.parts.count else { return true }
    return completion.least(view.part, state) == 0
  }

  /// What only the whole piece can tell.
  private func endsWell(_ state: BarState) -> Bool {
    guard state.leadingNotes >= rules.limits.firstNotes.count else { return false }
    guard let rests = rules.limits.rests else { return true }
    let steps = Double(state.elapsed + state.frame.length), silent = Double(state.silent + state.silence)
    return silent >= rests.lowerBound * steps - 1e-9 && silent <= rests.upperBound * steps + 1e-9
  }

  private func isTimeSignaturePossible(_ index: Int, _ state: BarState) -> Bool {
    guard rules.plan.isEmpty, rules.keepsTimeSignature else { return true }
    return PieceOutline(judging ?? completion, barCount: newBars, free: index) != nil
  }

  // MARK: Cells

  private func isCellPossible(_ kind: CellsView.Kind, _ value: Int, _ state: BarState) -> Bool {
    let part = upcomingPart
    guard part < completion.parts.count, closes(state) else { return false }
    if completion.parts[part].isDrum {
      var state = state
      if kind != .rest { state.hasSounded[part] = true }
      return isPossible(state, nil, next: part + 1) && (kind != .rest || !mustDrumsSound(part, state))
    }
    switch kind {
    case .rest: return completion.least(part, state) == 0 && isPossible(state, nil, next: part + 1)
    case .same:
      guard let copied = adding(source(part, lag: value), part: part, to: state) else { return false }
      return completion.least(part, copied) == 0 && isPossible(copied, nil, next: part + 1)
    case .rhythm:
      let notes = source(part, lag: value)
      guard var copied = addingTimes(notes, part: part, to: state) else { return false }
      if completion.parts[part].leads { copied.leadingNotes += notes.count }
      return completion.least(part, copied) == 0 && isPossible(copied, nil, next: part + 1)
    default:
      guard completion.most(part, state.frame) > state.counts[part], hasPitches(part, state) else {
        return false
      }
      return isPossible(state, CellDraft(part: part, mustPlay: true), next: part + 1)
    }
  }

  /// Whether a part can begin a note anywhere in the bar.
  private func hasPitches(_ part: Int, _ state: BarState) -> Bool {
    (0..<state.frame.length).contains { step in
      var pitches = completion.pitches(part, at: step, state.frame, ordinal: state.leadingNotes)
      pitches.subtract(state.sounding(part: part, from: step))
      return !pitches.isEmpty
    }
  }

  /// Whether drums that have not played have to.
  private func mustDrumsSound(_ part: Int, _ state: BarState) -> Bool {
    !rules.limits.instruments.isEmpty && state.frame.isLast && !state.hasSounded[part]
  }

  /// The state with the notes of a cell; nil where a limit forbids one of them.
  private func adding(_ notes: [CellsView.Note], part: Int, to state: BarState) -> BarState? {
    guard var result = addingTimes(notes, part: part, to: state, checksPitches: false) else { return nil }
    let leads = completion.parts[part].leads, frame = state.frame
    for note in notes {
      let pitches = completion.pitches(
        part, at: note.onset, frame, ordinal: result.leadingNotes, isStrict: false)
      guard pitches.contains(note.pitch),
        !result.sounding(part: part, from: note.onset).contains(note.pitch)
      else { return nil }
      result.addPitch(note, part: part, rules, leads: leads)
    }
    guard isWithinChromaticShare(result) else { return nil }
    return result
  }

  func isWithinChromaticShare(_ state: BarState) -> Bool {
    guard rules.chromaticIsLimited, state.outside > 0 else { return true }
    return Double(state.outside) <= rules.limits.chromaticShare * Double(state.notes) + 1e-9
  }

  /// The state with the times of a cell's notes; nil where a limit forbids one of them, or leaves too few pitches for them.
  private func addingTimes(
    _ notes: [CellsView.Note], part: Int, to state: BarState, checksPitches: Bool = true
  ) -> BarState? {
    let frame = state.frame, leads = completion.parts[part].leads
    var result = state
    if leads, let rhythm = frame.rhythm {
      guard notes.map({ RhythmPattern.Note(onset: $0.onset, duration: $0.duration) }) == rhythm else {
        return nil
      }
    }
    var (ordinal, together) = (state.leadingNotes, 0)
    for (index, note) in notes.enumerated() {
      let isJoining = index > 0 && notes[index - 1].onset == note.onset
      together = isJoining ? together + 1 : 1
      guard rules.durations.contains(note.duration),
        note.onset + note.duration <= completion.latestEnd(part, frame, ordinal: ordinal),
        note.onset == 0 || !completion.beginsOnBarLine(part, frame)
      else { return nil }
      if isJoining, !completion.canJoin(part, result) { return nil }
      if checksPitches {
        var pitches = completion.pitches(part, at: note.onset, frame, ordinal: ordinal)
        pitches.subtract(state.sounding(part: part, from: note.onset))
        let earlier = notes[..<index].count { $0.onset < note.onset && $0.onset + $0.duration > note.onset }
        guard pitches.count - earlier >= together else { return nil }
      }
      result.addTime(onset: note.onset, duration: note.duration, part: part)
      for step in note.onset..<min(note.onset + note.duration, result.voices.count)
      where Int(result.voices[step]) > completion.mostVoices(part) {
        return nil
      }
      if leads {
        ordinal += 1
        // What joins is asked of the number so far; the caller counts again.
        result.leadingNotes += 1
      }
    }
    result.leadingNotes = state.leadingNotes
    guard result.counts[part] <= completion.most(part, frame), result.total <= completion.mostTotal(part)
    else {
      return nil
    }
    return result
  }

  // MARK: Notes

  private func isNotePossible(_ kind: CellsView.Kind, _ value: Int, _ state: BarState) -> Bool {
    let part = view.part
    guard part < completion.parts.count, !completion.parts[part].isDrum, view.situation != .rhythm else {
      return true
    }
    guard rules.looksAhead else { return true }
    var draft = CellDraft(
      part: part, lastOnset: view.lastOnset, lastPitch: view.lastPitch, duration: max(0, view.duration))
    switch kind {
    case .position:
      draft.fixedOnset = value
      (draft.isPlaced, draft.mustPlay) = (true, true)
      return isPossible(state, draft, value, rules.durations.lowerBound)
    case .duration:
      let onset = view.statedOnset >= 0 ? view.statedOnset : view.cursor
      (draft.fixedOnset, draft.fixedDuration) = (onset, value)
      (draft.isPlaced, draft.mustPlay) = (true, true)
      if onset < state.frame.length, isPossible(state, draft, onset, value) { return true }
      guard joins, view.statedOnset < 0, view.lastOnset >= 0 else { return false }
      (draft.fixedOnset, draft.isPlaced) = (nil, false)
      return isPossible(state, draft, view.lastOnset, value)
    default:
      let onset = kind == .and ? view.lastOnset : view.statedOnset >= 0 ? view.statedOnset : view.cursor
      let note = CellsView.Note(onset: onset, duration: max(1, view.duration), pitch: value + view.offset)
      var state = state
      state.addTime(onset: onset, duration: note.duration, part: part)
      state.addPitch(note, part: part, rules, leads: completion.parts[part].leads)
      draft.lastOnset = onset
      draft.lastPitch = note.pitch
      return isPossible(state, draft, next: part + 1)
    }
  }

  /// Whether the bar can be completed after a note of which all but the pitch is settled, and the next one where it sounds over the
  /// bar line.
  private func isPossible(_ state: BarState, _ draft: CellDraft, _ onset: Int, _ duration: Int) -> Bool {
    let part = draft.part
    guard isPossible(state, draft, next: part + 1) else { return false }
    guard onset + duration > state.frame.length else { return true }
    var pitches = completion.pitches(part, at: onset, state.frame, ordinal: state.leadingNotes)
    pitches.subtract(state.sounding(part: part, from: onset))
    if draft.fixedOnset == nil { pitches = pitches.above(draft.lastPitch) }
    guard !pitches.isEmpty else { return false }
    return Set([pitches.lowest, pitches.highest]).contains { pitch in
      var played = state
      played.addTime(onset: onset, duration: duration, part: part)
      let note = CellsView.Note(onset: onset, duration: duration, pitch: pitch)
      played.addPitch(note, part: part, rules, leads: completion.parts[part].leads)
      return isNextBarPossible(played)
    }
  }
}
