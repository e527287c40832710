internal import Music
internal import Tokenization

/// What cannot come next whatever follows.
extension CellLimits {
  func narrow(_ mask: inout [Bool]) {
    switch view.situation {
    case .key: narrowKey(&mask)
    case .parts, .program: narrowEnsemble(&mask)
    case .barLine: narrowTimeSignature(&mask)
    case .notes, .position, .value, .note: narrowNote(&mask)
    case .rhythm: narrowRhythm(&mask)
    case .length, .betweenCells, .level, .outside: break
    }
    narrowCell(&mask)
  }

  /// Leaves the leading part no reference to another rhythm than the one that was asked for, and where there is one to that rhythm,
  /// no other way to say it: notes that are spelled would be rewritten as that reference.
  private func narrowCell(_ mask: inout [Bool]) {
    let part = upcomingPart
    guard let rhythm = state?.frame.rhythm, part < completion.parts.count, completion.parts[part].leads,
      [.barLine, .betweenCells, .level, .note].contains(view.situation)
    else { return }
    var isReferred = false
    for ids in [view.sameIDs, view.rhythmIDs] {
      for id in ids where mask[Int(id)] {
        let notes = source(part, lag: view.value(of: id))
        let isAsked =
          notes.count == rhythm.count
          && zip(notes, rhythm).allSatisfy { $0.onset == $1.onset && $0.duration == $1.duration }
        if !isAsked {
          mask[Int(id)] = false
        } else if !isReferred, ids == view.rhythmIDs {
          isReferred = isPossible(after: id)
        }
      }
    }
    if isReferred { mask[Int(view.notesID)] = false }
  }

  private func narrowKey(_ mask: inout [Bool]) {
    guard !rules.keys.isEmpty else { return }
    let own = Set(rules.keys.map { view.keyID(tonic: $0.tonic, isMinor: $0.isMinor) })
    for id in view.keyIDs where !own.contains(id) { mask[Int(id)] = false }
  }

  private func narrowTimeSignature(_ mask: inout [Bool]) {
    let ids = view.timeSignatureIDs
    guard let state, !ids.isEmpty else { return }
    let isStated = ids.contains { mask[Int($0)] }
    guard isStated else { return }
    if rules.plan.isEmpty {
      // What is known of later bars counts on their length.
      guard rules.keepsTimeSignature else { return }
      if state.frame.number > 0 {
        for id in ids { mask[Int(id)] = false }
      } else {
        narrowFirstTimeSignature(ids, &mask)
      }
      return
    }
    let asked = rules.signature(ofBar: state.frame.number, free: freeSignature)
    if asked == view.timeSignature, view.barCount > 1 {
      for id in ids { mask[Int(id)] = false }
    } else {
      let own = Int(ids.lowerBound) + asked
      for index in mask.indices where index != own { mask[index] = false }
    }
  }

  /// Leaves the first new bar the time signatures that all can have.
  private func narrowFirstTimeSignature(_ ids: Range<Int32>, _ mask: inout [Bool]) {
    if let quarter = view.timeSignatures.firstIndex(of: TimeSignature(1, 4)) {
      // No piece has bars of 1/4 alone.
      mask[Int(ids.lowerBound) + quarter] = false
    }
    guard let possible = possibleSignatures else { return }
    // After bars that were given, the one that holds need not be stated.
    let canKeep = view.barCount > 1 && possible.contains(view.timeSignature)
    for index in mask.indices {
      let isPossible =
        ids.contains(Int32(index)) ? possible.contains(index - Int(ids.lowerBound)) : canKeep
      if !isPossible { mask[index] = false }
    }
  }

  /// Whether pitches outside the scale are allowed for the next note.
  private var isStrict: Bool {
    guard rules.chromaticIsLimited, let state else { return false }
    return Double(state.outside + 1) > rules.limits.chromaticShare * Double(state.notes + 1) + 1e-9
  }

  /// The pitches that a note can have.
  private func pitches(at onset: Int, _ state: BarState) -> PitchSet {
    let part = view.part
    var pitches = completion.pitches(
      part, at: onset, state.frame, ordinal: state.leadingNotes, isStrict: isStrict)
    pitches.subtract(state.sounding(part: part, from: onset))
    pitches.subtract(improbablePitches)
    guard state.frame.isLast, part == completion.chordPart else { return pitches }
    return completion.lastChordPitches(pitches, state)
  }

  private func narrowRhythm(_ mask: inout [Bool]) {
    let part = view.part
    guard let state, part < completion.parts.count, !completion.parts[part].isDrum, rhythmCount < rhythm.count
    else { return }
    let note = rhythm[rhythmCount]
    let isJoining = rhythmCount > 0 && rhythm[rhythmCount - 1].onset == note.onset
    let following = rhythm[(rhythmCount + 1)...].prefix { $0.onset == note.onset }.count
    var pitches = pitches(at: note.onset, state)
    // As many as follow in the chord have to fit above.
    if following > 0 {
      var strict = completion.pitches(part, at: note.onset, state.frame, ordinal: state.leadingNotes)
      strict.subtract(state.sounding(part: part, from: note.onset))
      var kept = PitchSet.none
      for key in 0..<128 where pitches.contains(key) && strict.above(key).count >= following {
        kept.insert(key)
      }
      pitches = kept
    }
    forbid(allBut: pitches, joining: isJoining, &mask)
  }

  /// Masks out the ids of a kind of pitch but those of a set.
  private func forbid(allBut pitches: PitchSet, joining: Bool, _ mask: inout [Bool]) {
    let ids = view.pitchIDs(isDrum: false)
    let range = joining ? ids.joining : ids.first
    for id in range where mask[Int(id)] {
      let key = ids.lowest + Int(id - range.lowerBound) + view.offset
      if key < 0 || key > 127 || !pitches.contains(key) { mask[Int(id)] = false }
    }
  }

  /// Masks out what ends the cell.
  private func forbidLeaving(_ mask: inout [Bool]) {
    for index in mask.indices where mask[index] {
      switch fixed.kinds[index] {
      case .rest, .notes, .same, .rhythm, .bar, .end, .velocity: mask[index] = false
      default: break
      }
    }
  }

  // MARK: Notes

  private func narrowNote(_ mask: inout [Bool]) {
    let part = view.part
    guard let state, part < completion.parts.count, !completion.parts[part].isDrum else { return }
    let frame = state.frame
    let onset = view.statedOnset >= 0 ? view.statedOnset : view.cursor
    let isFull =
      state.counts[part] >= completion.most(part, frame) || state.total >= completion.mostTotal(part)
    let asked = completion.parts[part].leads ? frame.rhythm?.first { $0.onset > view.lastOnset } : nil
    let followsRhythm = completion.parts[part].leads && frame.rhythm != nil
    let latestEnd = completion.latestEnd(part, frame, ordinal: state.leadingNotes)
    let canBegin =
      !isFull && onset < frame.length && (!followsRhythm || asked?.onset == onset)
      && (onset == 0 || !completion.beginsOnBarLine(part, frame))
    let canJoin = joins && !isFull && view.lastOnset >= 0 && completion.canJoin(part, state)
    let beginning = canBegin ? pitches(at: onset, state) : .none
    let joining = canJoin ? pitches(at: view.lastOnset, state).above(view.lastPitch) : .none
    let mostVoices = completion.mostVoices(part)
    func fits(_ duration: Int, at onset: Int) -> Bool {
      guard rules.durations.contains(duration), onset + duration <= latestEnd,
        !fills || duration >= leastDuration(at: onset, state),
        onset + duration <= state.voices.count
      else { return false }
      guard rules.limits.voices != nil else { return true }
      for step in onset..<onset + duration where Int(state.voices[step]) >= mostVoices { return false }
      return true
    }
    let duration = view.duration
    let isAskedLength = !followsRhythm || asked?.duration == duration
    forbid(
      allBut: isAskedLength && fits(duration, at: onset) ? beginning : .none, joining: false, &mask)
    forbid(
      allBut: view.lastOnset >= 0 && fits(duration, at: view.lastOnset) ? joining : .none, joining: true,
      &mask)
    for id in view.durationIDs where mask[Int(id)] {
      let value = Int(id - view.durationIDs.lowerBound) + 1
      let canFollow =
        (!beginning.isEmpty && (!followsRhythm || asked?.duration == value) && fits(value, at: onset))
        || (view.statedOnset < 0 && !joining.isEmpty && fits(value, at: view.lastOnset))
      if !canFollow { mask[Int(id)] = false }
    }
    if !mayLeave { forbidLeaving(&mask) }
    let shortest = asked?.duration ?? rules.durations.lowerBound
    // Only these limits tell one place in a bar from another, and what sounds at the first of them may end before the others.
    let isAlike =
      frame.chords.isEmpty && rules.limits.contour == nil && !frame.isLast
      && !pitches(at: max(1, view.lastOnset + 1), state).isEmpty
    for id in view.positionIDs where mask[Int(id)] {
      let step = Int(id - view.positionIDs.lowerBound) + 1
      let canFollow =
        !isFull && maySkip(to: step) && (!followsRhythm || asked?.onset == step)
        && fits(max(shortest, leastDuration(at: step, state)), at: step)
        && (isAlike || !pitches(at: step, state).isEmpty)
      if !canFollow { mask[Int(id)] = false }
    }
  }
}
