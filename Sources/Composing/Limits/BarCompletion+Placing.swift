internal import Music
internal import Tokenization

extension BarCompletion {
  /// Lets all parts play what they have to.
  func place(
    _ open: [OpenPart], _ voices: [UInt8], _ state: BarState, missing: Int, _ silence: ClosedRange<Int>
  ) -> Bool {
    var (open, voices, missing) = (open, voices, missing)
    for index in open.indices.reversed() where missing > 0 {
      let more = min(missing, open[index].most - open[index].least)
      open[index].least += more
      missing -= more
    }
    guard missing == 0, open.allSatisfy({ place($0, &voices, state) }) else { return false }
    guard silence.lowerBound > 0 else { return true }
    return voices[..<state.frame.length].count { $0 == 0 } >= silence.lowerBound
  }

  /// Lets a part play what it has to, as short notes from now on.
  private func place(_ part: OpenPart, _ voices: inout [UInt8], _ state: BarState) -> Bool {
    let draft = part.draft, index = draft.part
    let length = min(state.frame.length, state.frame.latestEnd)
    var left = part.least
    guard left > 0 else { return true }
    var ordinal = state.leadingNotes
    var time = draft.lastOnset + 1
    if draft.fixedOnset == nil, draft.fixedDuration == nil {
      let joining = min(left, roomAbove(draft, state))
      let duration = draft.duration
      if joining > 0, duration > 0, add(joining, draft.lastOnset, duration, &voices, index) {
        left -= joining
      }
    } else {
      guard let placed = placeFixed(draft, left, &voices, state) else { return false }
      left -= placed.count
      ordinal += placed.count
      time = placed.end
    }
    let shortest = rules.durations.lowerBound
    while left > 0 {
      guard time + shortest <= length else { return false }
      var count = min(left, room(index, at: time, state, ordinal: ordinal))
      while count > 0, !fits(count, time, shortest, voices, index) { count -= 1 }
      guard count > 0, add(count, time, shortest, &voices, index) else {
        time += 1
        continue
      }
      left -= count
      ordinal += count
      time += shortest
    }
    return true
  }

  /// Plays notes of which the onset or the duration is said, or lets them join the last one.
  /// - Returns: How many there are, and where they end; nil where there can be none.
  private func placeFixed(
    _ draft: CellDraft, _ most: Int, _ voices: inout [UInt8], _ state: BarState
  ) -> (count: Int, end: Int)? {
    let part = draft.part, duration = draft.fixedDuration ?? rules.durations.lowerBound
    let latest = latestEnd(part, state.frame, ordinal: state.leadingNotes)
    if let onset = draft.fixedOnset, onset < state.frame.length, onset + duration <= latest {
      var count = min(most, room(part, at: onset, state, ordinal: state.leadingNotes))
      while count > 0 {
        if add(count, onset, duration, &voices, part) { return (count, onset + duration) }
        count -= 1
      }
    }
    guard draft.fixedDuration != nil, draft.lastOnset >= 0, joins(draft, state),
      draft.lastOnset + duration <= state.frame.latestEnd
    else { return nil }
    var count = max(1, min(most, roomAbove(draft, state)))
    while count > 0 {
      if add(count, draft.lastOnset, duration, &voices, part) { return (count, draft.lastOnset + 1) }
      count -= 1
    }
    return nil
  }

  /// Whether a note can join the last one, whatever the part is relied upon to do.
  private func joins(_ draft: CellDraft, _ state: BarState) -> Bool {
    guard !draft.isPlaced, canJoin(draft.part, state) else { return false }
    var pitches = pitches(draft.part, at: draft.lastOnset, state.frame, ordinal: state.leadingNotes)
    pitches.subtract(state.sounding(part: draft.part, from: draft.lastOnset))
    return !pitches.above(draft.lastPitch).isEmpty
  }
}

extension BarCompletion {
  /// Lets one of the parts fill what may not be empty.
  func cover(
    _ open: [OpenPart], _ voices: [UInt8], _ state: BarState, least: Int, missing: Int,
    _ silence: ClosedRange<Int>
  ) -> Bool {
    if silence.lowerBound > 0 {
      guard place(open, voices, state, missing: missing, silence) else { return false }
    }
    if open.isEmpty { return missing == 0 && isCovered(voices, state.frame.length, silence.upperBound) }
    for filler in open.indices.reversed() {
      var filled = voices
      guard open.indices.allSatisfy({ $0 == filler || place(open[$0], &filled, state) }) else { continue }
      let part = open[filler]
      let most = min(part.most, rules.density.upperBound - state.total - least + part.least, 62)
      guard part.least + missing <= most else { continue }
      if fill(part, filled, state, part.least + missing...most, silence.upperBound) { return true }
    }
    return false
  }

  /// Whether enough sounds at all times.
  private func isCovered(_ voices: [UInt8], _ length: Int, _ mostSilence: Int) -> Bool {
    var silent = 0
    for step in voices.indices {
      if voices[step] == 0 {
        if step < length { silent += 1 }
      } else if Int(voices[step]) < rules.fewestVoices {
        return false
      }
    }
    return silent <= mostSilence
  }

  /// Whether a part can fill the rest of the bar with as many notes as `counts` says.
  private func fill(
    _ part: OpenPart, _ voices: [UInt8], _ state: BarState, _ counts: ClosedRange<Int>, _ mostSilence: Int
  ) -> Bool {
    let draft = part.draft
    if draft.fixedOnset == nil, draft.fixedDuration == nil {
      if has(counts, fillings(draft, voices, state, counts, mostSilence)) { return true }
      return fillJoining(part, voices, state, counts, mostSilence)
    }
    if let onset = draft.fixedOnset, onset < state.frame.length,
      has(counts, fillings(draft, voices, state, counts, mostSilence))
    {
      return true
    }
    guard let duration = draft.fixedDuration, draft.lastOnset >= 0, joins(draft, state) else { return false }
    var (joined, free) = (voices, draft)
    guard draft.lastOnset + duration <= state.frame.latestEnd,
      add(1, draft.lastOnset, duration, &joined, draft.part)
    else {
      return false
    }
    (free.fixedOnset, free.fixedDuration) = (nil, nil)
    return has(counts, fillings(free, joined, state, counts, mostSilence) << 1)
  }

  /// Lets notes join the last one before the rest is filled.
  private func fillJoining(
    _ part: OpenPart, _ voices: [UInt8], _ state: BarState, _ counts: ClosedRange<Int>, _ mostSilence: Int
  ) -> Bool {
    let draft = part.draft
    let room = min(roomAbove(draft, state), counts.upperBound, max(1, rules.fewestVoices))
    guard room > 0, draft.duration > 0 else { return false }
    for count in 1...room {
      var joined = voices
      let end = draft.lastOnset + draft.duration
      let durations = Set([draft.duration, state.frame.length - draft.lastOnset, rules.durations.lowerBound])
      let latest = min(max(end, state.frame.length), state.frame.latestEnd)
      for duration in durations.sorted(by: >)
      where rules.durations.contains(duration) && draft.lastOnset + duration <= latest {
        joined = voices
        guard add(count, draft.lastOnset, duration, &joined, draft.part) else { continue }
        if has(counts, fillings(draft, joined, state, counts, mostSilence) << UInt64(count)) { return true }
      }
    }
    return false
  }

  private func has(_ counts: ClosedRange<Int>, _ bits: UInt64) -> Bool {
    guard counts.lowerBound <= 62 else { return false }
    return bits & (UInt64.max >> UInt64(63 - counts.upperBound) & UInt64.max << UInt64(counts.lowerBound))
      != 0
  }

  /// With how many notes a part can fill the rest of the bar, as bits: blocks of notes that begin and end together, one block after
  /// the other, and between them only what is filled already.
  private func fillings(
    _ draft: CellDraft, _ voices: [UInt8], _ state: BarState, _ counts: ClosedRange<Int>, _ mostSilence: Int
  ) -> UInt64 {
    let length = state.frame.length, enough = UInt8(max(1, rules.fewestVoices))
    let start = draft.fixedOnset ?? draft.lastOnset + 1
    var silentBefore = 0
    for step in 0..<min(start, length) {
      if voices[step] == 0 { silentBefore += 1 } else if voices[step] < enough { return 0 }
    }
    guard !rules.limitsSilence || silentBefore <= mostSilence else { return 0 }
    for step in length..<voices.count where voices[step] > 0 && voices[step] < enough { return 0 }
    guard start < length else { return 1 }
    var table = [UInt64](repeating: 0, count: length + 1)
    table[length] = 1
    var (tailSilence, tailIsValid) = (0, true)
    let ordinal = state.leadingNotes
    for step in stride(from: length - 1, through: start, by: -1) {
      let voice = voices[step]
      var bits: UInt64 = 0
      let isSaid = draft.fixedOnset == step
      if voice >= enough || (voice == 0 && !rules.limitsSilence) {
        bits = table[step + 1]
      } else if voice == 0 {
        tailSilence += 1
        if tailIsValid, silentBefore + tailSilence <= mostSilence { bits = 1 }
      } else {
        tailIsValid = false
      }
      if isSaid { bits = 0 }
      bits |= blocks(at: step, draft, isSaid ? draft.fixedDuration : nil, voices, state, table, ordinal)
      table[step] = bits
    }
    return table[start]
  }

  /// What blocks that begin at a step lead to.
  private func blocks(
    at step: Int, _ draft: CellDraft, _ duration: Int?, _ voices: [UInt8], _ state: BarState,
    _ table: [UInt64],
    _ ordinal: Int
  ) -> UInt64 {
    let length = min(state.frame.length, state.frame.latestEnd)
    let room = room(draft.part, at: step, state, ordinal: ordinal)
    guard room > 0 else { return 0 }
    var bits: UInt64 = 0
    let first = max(1, rules.fewestVoices - Int(voices[step]))
    guard first <= room else { return 0 }
    let most = mostVoices(draft.part)
    guard rules.fewestVoices <= most else { return 0 }
    for count in first...min(room, first + 2) {
      var end = step, change = 0
      while end < length, end - step < rules.durations.upperBound,
        (rules.fewestVoices...most).contains(Int(voices[end]) + count)
      {
        end += 1
        if change == 0, end < length, voices[end] != voices[step] { change = end - step }
      }
      let longest = end - step
      if let duration {
        if duration <= longest { bits |= table[step + duration] << UInt64(count) }
        continue
      }
      let shortest = rules.durations.lowerBound
      for duration in [shortest, longest, change, state.frame.length - step]
      where duration >= shortest && duration <= longest {
        bits |= table[step + duration] << UInt64(count)
      }
    }
    return bits
  }
}
