internal import Music

extension CellProgress {
  /// Whether an id can be read here. What is canonical only the grammar knows.
  func canTake(_ id: Int32) -> Bool {
    let value = Int(layout.values[Int(id)])
    switch layout.kinds[Int(id)] {
    case .pad: return state == .end
    case .bos: return state == .start
    case .eos: return barCount > 0 && isBarComplete
    case .key: return state == .start || state == .beginning
    case .length: return state == .key
    case .tempo:
      if barCount == 0 { return state == .length }
      return barCount > 1 && (state == .bar || state == .timeSignature)
    case .role: return canTakeRole(value)
    case .program: return state == .role
    case .attribute: return nextAttribute?.contains(id) ?? false
    case .bar: return barCount == 0 ? awaitsParts && !parts.isEmpty : isBarComplete
    case .timeSignature: return state == .bar
    case .rest: return nextCell != nil && state != .level
    case .notes: return nextCell != nil && hasLevel
    case .same, .rhythm: return canRefer(value)
    case .velocity:
      if isDrum, state == .notes || state == .position || state == .note { return true }
      guard state != .level, let next = nextCell else { return false }
      return parts[next].role != .drums
    case .position:
      return (state == .notes || state == .note) && value > lastOnset && value < barLength
    case .duration:
      return !isDrum && (state == .notes || state == .position || state == .note)
    case .pitch, .and, .drum, .andDrum: return canTakePitch(id, value)
    }
  }

  /// Whether no note and no heading is incomplete.
  var isBetweenNotes: Bool {
    switch state {
    case .ready, .note, .timeSignature, .barTempo, .end: true
    case .bar: barCount > 1 || layout.timeSignature.isEmpty
    default: false
    }
  }

  /// Whether every part has its cell, the last of which may be ending just now.
  var isBarComplete: Bool {
    switch state {
    case .ready: part == parts.count
    case .note: part == parts.count - 1
    default: false
    }
  }

  /// The part whose cell could begin now; nil where none could.
  var nextCell: Int? {
    let next: Int
    switch state {
    case .ready, .timeSignature, .barTempo, .level: next = part
    case .bar where barCount > 1 || layout.timeSignature.isEmpty: next = part
    case .note: next = part + 1
    default: return nil
    }
    return next < parts.count ? next : nil
  }

  /// Whether the next cell knows how loud it is.
  private var hasLevel: Bool {
    nextCell.map { parts[$0].role == .drums || levels[$0] >= 0 } ?? false
  }

  /// The cell `lag` bars before the one that could begin now.
  func cell(before lag: Int) -> Cell? {
    let index = memory.cells.count - lag * parts.count + (state == .note ? 1 : 0)
    return index >= 0 && index < memory.cells.count ? memory.cells[index] : nil
  }

  private func canRefer(_ lag: Int) -> Bool {
    guard hasLevel, let cell = cell(before: lag) else { return false }
    return !cell.isEmpty && cell.lastOnset < barLength
  }

  private func canTakeRole(_ index: Int) -> Bool {
    guard awaitsParts, layout.configuration.parts == nil else { return false }
    let role = PartRole.byOrder[index]
    return index >= parts.last?.role.order ?? 0 && parts.count { $0.role == role } < role.mostParts
  }

  private func canTakePitch(_ id: Int32, _ pitch: Int) -> Bool {
    let kind = layout.kinds[Int(id)]
    guard part < parts.count, isDrum == (kind == .drum || kind == .andDrum) else { return false }
    if !isDrum, !layout.writtenPitches(in: key).contains(pitch) { return false }
    let isNewOnset = kind == .pitch || kind == .drum
    switch state {
    case .rhythm:
      let begins = Int(memory.note(cellCount, of: source).onset) != lastOnset
      return begins == isNewOnset && (begins || pitch > lastPitch)
    case .note, .value, .position, .notes:
      guard value >= 0 || (isDrum && layout.velocity.isEmpty) else { return false }
      if isNewOnset { return nextOnset < barLength && nextOnset > lastOnset }
      return cellCount > 0 && stated < 0 && pitch > lastPitch
    default: return false
    }
  }

  /// The tokens that are allowed next, in words.
  var expectation: String {
    switch state {
    case .start, .beginning: return "a Key"
    case .key: return "a Length"
    case .length where !layout.tempo.isEmpty: return "a Tempo"
    case .length, .tempo, .part, .attribute:
      if nextAttribute != nil { return "a \(layout.attributes[attributes.count].kind.rawValue)" }
      return layout.role.isEmpty ? "Bar_None" : "a Part in the order of the roles, or Bar_None"
    case .role: return "a Program"
    case .bar where barCount == 1 && !layout.timeSignature.isEmpty: return "a TimeSig"
    case .bar, .timeSignature, .barTempo: return "a time signature, a tempo or the first part's cell"
    case .ready: return part == parts.count ? "Bar_None or EOS_None" : "the next part's cell"
    case .level: return "Notes_None, or a Same or Rhythm of a bar with notes"
    case .notes, .position, .value: return "a note within the bar"
    case .note: return "a note, the next part's cell, or where the bar is complete Bar_None or EOS_None"
    case .rhythm: return "the next pitch of the rhythm"
    case .end: return "nothing but PAD_None"
    }
  }
}
