internal import Music

/// What a network is told about the place of the next id in a sequence of cells.
struct CellsContext: TokenContext {
  private var progress: CellProgress
  /// For each part and each distance of `runLags`, how many of its last cells equalled those so many bars before them.
  private var runs: [UInt8] = []
  /// For each part its last pitch as a feature; −1 before the first.
  private var lastPitches: [Int32] = []
  /// Pitched notes of earlier bars that sound beyond the last bar line.
  private var held: [HeldNote] = []

  /// For each part its place among all that there can be: its role, and which of that role it is.
  private var partPlaces: [UInt8] = []
  /// For each of `lookLags` the first note at `lookPosition` or after it in the cell so many bars before the one that is next in the
  /// memory, as an index in that cell.
  private var lookPlaces = Array(repeating: Int32(0), count: CellsContext.lookLags.count)
  private var lookPosition = 0
  private var lookCell = -1

  private struct HeldNote {
    var pitch: UInt8
    var part: UInt8
    /// The step at which it ends, from the beginning.
    var end: Int32
  }

  /// How this part and the others move; nil where the network is not told.
  private var voices: CellsVoices?
  /// What is known ahead, where cells of the piece are filled in; nil where it is written from beginning to end.
  private var outlook: CellsOutlook?

  init(_ layout: CellsLayout, filling plan: CellPlan? = nil) {
    progress = CellProgress(layout)
    if layout.configuration.voiceLeading { voices = CellsVoices() }
    if layout.configuration.infilling { outlook = plan.map(CellsOutlook.init) }
  }

  private var layout: CellsLayout { progress.layout }

  mutating func advance(_ id: Int32) {
    let part = progress.part
    let start = progress.barStart
    progress.advance(id)
    defer {
      look()
      outlook?.look(from: progress)
    }
    switch layout.kinds[Int(id)] {
    case .bar: beginBar(after: start)
    case .pitch, .and, .drum, .andDrum:
      guard part < lastPitches.count else { return }
      let (kind, pitch) = (layout.kinds[Int(id)], Int(layout.values[Int(id)]))
      if kind == .pitch { voices?.move(part, from: lastPitches[part], to: pitch) }
      lastPitches[part] = Self.pitchFeature(pitch, isDrum: isDrum(part))
    case .same:
      guard progress.part > 0, let cell = progress.memory.cells.last, !cell.isEmpty else { return }
      let pitch = progress.memory.note(Int(cell.count) - 1, of: cell).pitch
      voices?.copy(cell, of: progress.part - 1, in: progress.memory)
      lastPitches[progress.part - 1] = Self.pitchFeature(Int(pitch), isDrum: isDrum(progress.part - 1))
    default: break
    }
  }

  private func isDrum(_ part: Int) -> Bool { progress.parts[part].role == .drums }

  // MARK: Bars

  private mutating func beginBar(after lastStart: Int) {
    let partCount = progress.parts.count
    guard progress.barCount > 1 else {
      runs = Array(repeating: 0, count: partCount * Self.runLags.count)
      lastPitches = Array(repeating: -1, count: partCount)
      voices?.begin(partCount: partCount)
      partPlaces = progress.parts.indices.map { place(ofPart: $0) }
      held.reserveCapacity(64)
      return
    }
    let bar = progress.barCount - 2
    for part in 0..<partCount {
      guard let cell = progress.memory.cell(bar: bar, part: part) else { continue }
      for (index, lag) in Self.runLags.enumerated() {
        let before = progress.memory.cell(bar: bar - lag, part: part)
        let place = part * Self.runLags.count + index
        runs[place] = before?.isEqual(to: cell) == true ? min(8, runs[place] + 1) : 0
      }
    }
    hold(bar, from: lastStart)
  }

  private func place(ofPart part: Int) -> UInt8 {
    let role = progress.parts[part].role
    let others = PartRole.allCases.prefix(role.order).reduce(0) { $0 + $1.mostParts }
    return UInt8(others + progress.parts.prefix(part).count { $0.role == role })
  }

  /// Keeps what of a bar sounds on into the next.
  private mutating func hold(_ bar: Int, from start: Int) {
    let barStart = Int32(progress.barStart)
    held.removeAll { $0.end <= barStart }
    for part in progress.parts.indices where !isDrum(part) {
      guard let cell = progress.memory.cell(bar: bar, part: part), start + Int(cell.reach) > barStart else {
        continue
      }
      for index in 0..<Int(cell.count) {
        let note = progress.memory.note(index, of: cell)
        let end = Int32(start + Int(note.onset) + Int(note.value))
        guard end > barStart else { continue }
        held.append(HeldNote(pitch: note.pitch, part: UInt8(part), end: end))
      }
    }
  }
}

// MARK: - Features

extension CellsContext {
  /// How far back cells are compared, and how far back one looks for the notes at this place.
  private static let runLags = [4, 8, 16]
  private static let lookLags = [1, 2, 4, 8, 16]
  /// Phrases are counted from the end, where the number of bars is told, since a pickup shifts them from the beginning.
  private static let phraseLengths = [4, 8, 16]
  /// Pitches as features: those written, none, and drums.
  private static let pitchCount = 257
  private static let noPitch: Int32 = 128
  /// Times as features: of a note at this place its duration, else how far on the next is, or that there is none.
  private static let timeCount = 64
  private static let noTime: Int32 = 63
  private static let classCount = 4

  /// The features, in the order in which they are written.
  static func features(_ layout: CellsLayout) -> [ContextFeature] {
    func feature(_ name: String, _ count: Int) -> ContextFeature { ContextFeature(name: name, count: count) }
    var features = [
      feature("part", 2 + PartRole.allCases.reduce(0) { $0 + $1.mostParts }),
      feature("position", layout.configuration.maximumBarLength + 1),
      feature("duration", 128), feature("timeSignature", layout.meters.timeSignatures.count),
      feature("bar", 32), feature("barsToCome", 36),
    ]
    features += phraseLengths.map { feature("barsToComeOf\($0)", $0) }
    // What a piece said of itself long ago a network would forget.
    features += layout.attributes.map { feature($0.kind.rawValue, $0.ids.count) }
    features.append(feature("lastForm", CellForm.count + 1))
    features += runLags.map { feature("repeats\($0)", 9) }
    features += lookLags.flatMap { [feature("pitch\($0)", pitchCount), feature("time\($0)", timeCount)] }
    features += lookLags.flatMap { [feature("end\($0)", 13), feature("others\($0)", 4)] }
    features.append(feature("pitchInRhythm", pitchCount))
    features += (1...classCount).map { feature("harmony\($0)", 13) }
    features += [feature("lastPitch", pitchCount), feature("firstPitch", pitchCount)]
    if layout.configuration.voiceLeading { features += CellsVoices.features }
    if layout.configuration.infilling { features += CellsOutlook.features(layout) }
    return features
  }

  func write(into features: inout [Int32]) {
    var place = 0
    func put(_ value: Int, _ features: inout [Int32]) {
      features[place] = Int32(truncatingIfNeeded: value)
      place += 1
    }
    let isInBar = progress.barCount > 0
    let part = progress.part
    let hasPart = isInBar && part < progress.parts.count
    let position = hasPart ? min(progress.nextOnset, layout.configuration.maximumBarLength) : -1
    put(!isInBar ? 0 : hasPart ? 2 + Int(partPlaces[part]) : 1, &features)
    put(position, &features)
    put(hasPart ? duration : -1, &features)
    put(isInBar ? progress.timeSignature : -1, &features)
    let bar = progress.barCount - 1
    put(isInBar ? (bar < 16 ? bar : 16 + bar % 16) : -1, &features)
    put(barsToCome, &features)
    let rest = max(0, progress.length - max(0, progress.barCount - 1))
    for length in Self.phraseLengths {
      put(isInBar && progress.length > 0 && rest > 0 ? (rest - 1) % length : -1, &features)
    }
    for index in layout.attributes.indices {
      let value = index < progress.attributes.count ? progress.attributes[index] : 0
      put(value > 0 ? Int(value) : -1, &features)
    }
    guard hasPart else {
      while place < features.count { put(-1, &features) }
      return
    }
    put(progress.memory.cell(1).map { 1 + Int($0.form.code) } ?? 0, &features)
    for index in Self.runLags.indices { put(Int(runs[part * Self.runLags.count + index]), &features) }
    let isDrum = isDrum(part)
    for index in Self.lookLags.indices {
      let (pitch, time) = found(index, isDrum: isDrum)
      put(pitch, &features)
      put(time, &features)
    }
    for lag in Self.lookLags {
      put(lastPitchClass(lag, isDrum: isDrum), &features)
      put(likenessOfOthers(lag), &features)
    }
    if progress.state == .rhythm {
      let note = progress.memory.note(progress.cellCount, of: progress.source)
      put(Int(Self.pitchFeature(Int(note.pitch), isDrum: isDrum)), &features)
    } else {
      put(-1, &features)
    }
    let sounding = isDrum ? PitchSet.none : sounding(at: position)
    writeHarmony(sounding, isDrum: isDrum, into: &features, from: place)
    place += Self.classCount
    put(Int(lastPitches[part]), &features)
    let first = progress.memory.cell(1).map { cell in
      cell.isEmpty
        ? Self.noPitch : Self.pitchFeature(Int(progress.memory.note(0, of: cell).pitch), isDrum: isDrum)
    }
    put(Int(first ?? -1), &features)
    if let voices {
      voices.write(
        into: &features, from: place, part: part, position: position, last: lastPitches[part],
        sounding: isDrum ? nil : sounding, progress)
      place += CellsVoices.features.count
    }
    if let outlook {
      for value in outlook.features { put(Int(value), &features) }
    } else {
      while place < features.count { put(-1, &features) }
    }
  }

  /// The duration that holds, or for drums the loudness.
  private var duration: Int {
    let value: Int
    if progress.state == .rhythm {
      value = Int(progress.memory.note(progress.cellCount, of: progress.source).value)
    } else {
      value = progress.value
    }
    return min(value, 127)
  }

  /// Nothing in the header, 0 where it is open, else the number in steps that grow.
  private var barsToCome: Int {
    guard progress.length > 0 else { return progress.barCount > 0 ? 0 : -1 }
    switch max(0, progress.length - max(0, progress.barCount - 1)) {
    case let rest where rest <= 32: return rest
    case ...48: return 33
    case ...64: return 34
    default: return 35
    }
  }

  /// Finds for each distance the first note at the place of the next one, or after it.
  private mutating func look() {
    guard progress.barCount > 0, progress.part < progress.parts.count else { return }
    let position = progress.nextOnset
    let cellCount = progress.memory.cells.count
    let goesOn = lookCell == cellCount && position >= lookPosition
    if goesOn, position == lookPosition { return }
    for (index, lag) in Self.lookLags.enumerated() {
      guard let cell = progress.memory.cell(lag) else { break }
      var place = goesOn ? Int(lookPlaces[index]) : 0
      let (first, count) = (Int(cell.first), Int(cell.count))
      while place < count, Int(progress.memory.notes[first + place].onset) < position { place += 1 }
      lookPlaces[index] = Int32(place)
    }
    lookPosition = position
    lookCell = cellCount
  }

  /// What stands at the place of the next note in the cell `Self.lookLags[index]` bars ago: the pitch of the first note there or later, and
  /// its duration if it is there, or else how far on it is.
  private func found(_ index: Int, isDrum: Bool) -> (pitch: Int, time: Int) {
    guard let cell = progress.memory.cell(Self.lookLags[index]) else { return (-1, -1) }
    let place = Int(lookPlaces[index])
    guard place < Int(cell.count) else { return (Int(Self.noPitch), Int(Self.noTime)) }
    let note = progress.memory.note(place, of: cell)
    let distance = Int(note.onset) - lookPosition
    let time: UInt8 =
      distance > 0
      ? 32 + min(30, layout.stepClasses[distance])
      : isDrum ? UInt8(min(31, note.value)) : layout.stepClasses[Int(note.value)]
    return (Int(Self.pitchFeature(Int(note.pitch), isDrum: isDrum)), Int(time))
  }

  /// The pitch class on which this part's cell so many bars ago ended, 12 where it was a rest: what a copy of it would end on.
  private func lastPitchClass(_ lag: Int, isDrum: Bool) -> Int {
    guard !isDrum, let cell = progress.memory.cell(lag) else { return -1 }
    return cell.isEmpty ? 12 : Int(progress.memory.note(Int(cell.count) - 1, of: cell).pitch) % 12
  }

  /// How much the cells of this bar that are complete are like those so many bars ago: not at all, less than half of them, half or more,
  /// all. Where the others do not repeat that bar, a copy of it may not fit to them.
  private func likenessOfOthers(_ lag: Int) -> Int {
    let cells = progress.memory.cells
    let row = cells.count - progress.part
    guard progress.part > 0, row >= lag * progress.parts.count else { return -1 }
    var alike = 0
    for index in row..<cells.count where cells[index].isEqual(to: cells[index - lag * progress.parts.count]) {
      alike += 1
    }
    return alike == progress.part ? 3 : alike == 0 ? 0 : 2 * alike < progress.part ? 1 : 2
  }

  private static func pitchFeature(_ pitch: Int, isDrum: Bool) -> Int32 {
    Int32(isDrum ? 129 + pitch : pitch)
  }

  /// The pitches of other pitched parts that sound at `position`.
  private func sounding(at position: Int) -> PitchSet {
    var sounding = PitchSet.none
    let now = Int32(progress.barStart + position)
    for note in held where Int(note.part) != progress.part && note.end > now {
      sounding.insert(Int(note.pitch))
    }
    let row = progress.memory.cells.count - progress.part
    for other in row..<progress.memory.cells.count {
      let cell = progress.memory.cells[other]
      guard position < Int(cell.reach) else { continue }
      let first = Int(cell.first)
      for index in first..<first + Int(cell.count) {
        let note = progress.memory.notes[index]
        guard Int(note.onset) <= position else { break }
        if position < Int(note.onset) + Int(note.value) { sounding.insert(Int(note.pitch)) }
      }
    }
    return sounding
  }

  /// The pitch classes that sound, from the lowest pitch up.
  private func writeHarmony(
    _ sounding: PitchSet, isDrum: Bool, into features: inout [Int32], from place: Int
  ) {
    var sounding = sounding
    var seen: UInt16 = 0
    var count = 0
    while count < Self.classCount, let pitch = sounding.removeLowest() {
      let bit = UInt16(1) << UInt16(pitch % 12)
      guard seen & bit == 0 else { continue }
      seen |= bit
      features[place + count] = Int32(pitch % 12)
      count += 1
    }
    // 12 says that nothing sounds.
    if count == 0, !isDrum {
      features[place] = 12
      count = 1
    }
    while count < Self.classCount {
      features[place + count] = -1
      count += 1
    }
  }
}
