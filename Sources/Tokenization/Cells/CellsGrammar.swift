internal import Music

/// What may follow in a sequence of cells.
///
/// A reference is to the bar that the encoder would name, every part of the ensemble plays unless it may be silent, and the piece ends in the bar in which
/// its last note does, which is the one that it announced. The number of bars may be left open at any length. Under a limit no
/// note outlasts the last bar: the bars to come are taken to be as long as this one.
///
/// A cell whose notes are said one by one may turn out to be equal to an earlier one, or to have its rhythm. It is not forbidden, for
/// then the way out would be a note that nobody meant, but rewritten as the reference that the encoder would write.
struct CellsGrammar: TokenGrammar {
  var progress: CellProgress
  private let bars: BarLimit
  /// What the next part's cell can refer to, by how many bars back it is (from bit 0 on): to be equal, and to have the rhythm.
  private var sameLags: UInt64 = 0
  private var rhythmLags: UInt64 = 0
  /// The place in the memory of the cell that these are of.
  private var lagsCell = -1

  private(set) var rewriting: TokenRewriting?
  private var idCount = 0
  /// Where the cell began that is being said note by note, and how far back its part had referred before.
  private var draft: (start: Int, lastLag: Int)?

  /// Whether every part of the ensemble has to play.
  private var needsAllParts: Bool

  /// For each role, in their order, how long a part may rest; empty where any may rest as long as it likes.
  private var restLimits: [RestLimit?] = []

  /// The step at which the piece ends, where its bars are known beforehand.
  private let knownEnd: Int?

  init(layout: CellsLayout, bars: BarLimit, knownEnd: Int? = nil) {
    progress = CellProgress(layout)
    self.bars = bars
    self.knownEnd = knownEnd
    needsAllParts = !layout.role.isEmpty
  }

  mutating func allowSilentParts() { needsAllParts = false }

  mutating func limitRests(to limits: [PartRole: RestLimit]) {
    restLimits = PartRole.byOrder.map { limits[$0] }
  }

  var overlongRest: Int32? {
    guard !restLimits.isEmpty, let part = progress.nextCell,
      let limit = restLimits[progress.parts[part].role.order]
    else { return nil }
    let hasSounded = progress.hasSounded[part]
    let bars = limit.bars(of: knownBarCount, hasSounded: hasSounded)
    guard bars < progress.barCount else { return nil }
    guard hasSounded else { return CellsLayout.rest }
    for lag in stride(from: 1, through: bars, by: 1) {
      guard let cell = progress.cell(before: lag), cell.isEmpty else { return nil }
    }
    return CellsLayout.rest
  }

  /// How many bars the piece will have, where that is known.
  private var knownBarCount: Int? {
    progress.length > 0 ? progress.length : bars.minimum == bars.maximum ? bars.maximum : nil
  }

  var barCount: Int { progress.barCount }
  var noteCount: Int { progress.noteCount }
  var isFinished: Bool { progress.state == .end }
  var isBetweenNotes: Bool { progress.isBetweenNotes }

  var layout: CellsLayout { progress.layout }

  /// The fewest and most bars, as the piece announced or as the limit has it.
  private var leastBars: Int { progress.length > 0 ? progress.length : bars.minimum }
  private var mostBars: Int { progress.length > 0 ? progress.length : bars.maximum }

  mutating func advance(_ id: Int32) {
    precondition(
      id >= 0 && Int(id) < layout.count, "id \(id) is outside a vocabulary of \(layout.count)")
    let cellCount = progress.memory.cells.count
    let opened = beginsDraft(with: id) ? progress.nextCell.map { (idCount, Int(progress.lastLags[$0])) } : nil
    progress.advance(id)
    idCount += 1
    rewriting = nil
    if let draft, progress.memory.cells.count > cellCount {
      rewriting = reference(forCell: cellCount, lastLag: draft.lastLag).map {
        TokenRewriting(keptCount: draft.start, ids: $0)
      }
      self.draft = nil
    }
    if let opened { draft = opened }
    guard let part = progress.nextCell else { return }
    // Bars of another length have room for others.
    let cell = progress.memory.cells.count + (progress.state == .note ? 1 : 0)
    if cell != lagsCell || progress.state == .timeSignature {
      lagsCell = cell
      findReferences(part)
    }
  }

  func beginsDraft(with id: Int32) -> Bool {
    layout.kinds[Int(id)] == .notes || layout.kinds[Int(id)] == .rhythm
  }

  func allowed(into mask: inout [Bool]) {
    precondition(
      mask.count == layout.count, "a mask of \(mask.count) does not fit a vocabulary of \(layout.count)")
    for index in mask.indices { mask[index] = false }
    switch progress.state {
    case .start: mask[Int(CellsLayout.beginning)] = true
    case .beginning: allow(layout.key, &mask)
    case .key: allowLengths(&mask)
    case .length where !layout.tempo.isEmpty: allow(layout.tempo, &mask)
    case .length, .tempo, .part, .attribute:
      if let ids = progress.nextAttribute { allow(ids, &mask) } else { allowParts(&mask) }
    case .role: allow(layout.program, &mask)
    case .bar: allowHeading(&mask)
    case .timeSignature:
      allowTempos(&mask)
      allowCell(&mask)
    case .barTempo, .level: allowCell(&mask)
    case .ready: allowLeaving(&mask)
    case .notes, .position, .value: allowNote(&mask)
    case .note:
      allowNote(&mask)
      allowLeaving(&mask)
    case .rhythm: allowPitchInRhythm(&mask)
    case .end: mask[Int(CellsLayout.padding)] = true
    }
  }

  /// Marks the ids of a range, from the `first`-th on and before the `end`-th.
  func allow(_ ids: Range<Int32>, _ mask: inout [Bool], from first: Int = 0, upTo end: Int = .max) {
    let start = Int(ids.lowerBound)
    var index = max(0, first)
    let end = min(end, ids.count)
    while index < end {
      mask[start + index] = true
      index += 1
    }
  }
}

// MARK: - Header and bars

extension CellsGrammar {
  private func allowLengths(_ mask: inout [Bool]) {
    allow(layout.length, &mask, from: bars.minimum, upTo: min(bars.maximum, layout.length.count) + 1)
    let isGiven = bars.minimum == bars.maximum && bars.minimum < layout.length.count
    mask[Int(layout.length.lowerBound)] = !isGiven
  }

  private func allowParts(_ mask: inout [Bool]) {
    let parts = progress.parts
    mask[Int(CellsLayout.bar)] = !parts.isEmpty
    guard !layout.role.isEmpty else { return }
    for role in PartRole.allCases where role.order >= parts.last?.role.order ?? 0 {
      guard parts.count(where: { $0.role == role }) < role.mostParts else { continue }
      mask[Int(layout.id(layout.role, role.order))] = true
    }
  }

  /// What follows a bar line: a time signature and a tempo where they change, and the first cell.
  private func allowHeading(_ mask: inout [Bool]) {
    guard knownEnd == nil else {
      allowCell(&mask)
      return
    }
    let isFirst = barCount == 1 && !layout.timeSignature.isEmpty
    let barsLeft = mostBars - barCount
    var canKeep = false
    for index in layout.meters.barLengths.indices {
      // The last bar cannot be another of nothing but 1/4 bars.
      if index == layout.quarterBar, barsLeft == 0, progress.hasOnlyQuarterBars { continue }
      let length = layout.meters.barLengths[index]
      guard progress.barStart + length * (1 + barsLeft) >= progress.furthestEnd else { continue }
      if index == progress.timeSignature { canKeep = true }
      guard !layout.timeSignature.isEmpty, isFirst || index != progress.timeSignature else { continue }
      mask[Int(layout.timeSignature.lowerBound) + index] = true
    }
    guard canKeep, !isFirst else { return }
    allowTempos(&mask)
    allowCell(&mask)
  }

  private func allowTempos(_ mask: inout [Bool]) {
    guard knownEnd == nil, barCount > 1, !layout.tempo.isEmpty else { return }
    allow(layout.tempo, &mask)
    if progress.tempo >= 0 { mask[Int(layout.tempo.lowerBound) + progress.tempo] = false }
  }

  /// The next part's cell, or the next bar or the end.
  private func allowLeaving(_ mask: inout [Bool]) {
    guard progress.isBarComplete else {
      allowCell(&mask)
      return
    }
    mask[Int(CellsLayout.bar)] = barCount < mostBars
    mask[Int(CellsLayout.end)] = mayEnd
  }

  private var mayEnd: Bool {
    let isOnlyQuarterBars = progress.hasOnlyQuarterBars && progress.timeSignature == layout.quarterBar
    return barCount >= leastBars && progress.furthestEnd > progress.barStart
      && progress.furthestEnd <= progress.barEnd && !isOnlyQuarterBars && haveAllSounded
  }

  private var haveAllSounded: Bool {
    guard needsAllParts else { return true }
    let isFirstCell = progress.state == .note && !progress.hasSounded[progress.part]
    return progress.soundedCount + (isFirstCell ? 1 : 0) == progress.parts.count
  }

  /// The steps from the bar line to the end of the last bar, or as far as it can be.
  var stepsLeft: Int {
    knownEnd.map { $0 - progress.barStart } ?? progress.barLength * (1 + mostBars - barCount)
  }
}

// MARK: - Cells

extension CellsGrammar {
  /// What the cell of the next part can begin with.
  private func allowCell(_ mask: inout [Bool]) {
    guard let part = progress.nextCell else { return }
    let isDrum = progress.parts[part].role == .drums
    if progress.state != .level {
      mask[Int(CellsLayout.rest)] = mayRest(part)
      if !isDrum, !layout.velocity.isEmpty {
        allow(layout.velocity, &mask)
        if progress.levels[part] >= 0 {
          mask[Int(layout.velocity.lowerBound) + Int(progress.levels[part])] = false
        }
      }
    }
    guard isDrum || progress.levels[part] >= 0 else { return }
    mask[Int(CellsLayout.notes)] = true
    for bit in 0..<layout.configuration.longestLag {
      if sameLags >> UInt64(bit) & 1 == 1 { mask[Int(layout.same.lowerBound) + bit] = true }
      if rhythmLags >> UInt64(bit) & 1 == 1 { mask[Int(layout.rhythm.lowerBound) + bit] = true }
    }
  }

  /// In the last bar a part that never played has to, and something has to sound.
  private func mayRest(_ part: Int) -> Bool {
    guard barCount == mostBars else { return true }
    if needsAllParts, !progress.hasSounded[part] { return false }
    return part < progress.parts.count - 1 || progress.furthestEnd > progress.barStart
  }

  /// Finds the bars that the next part's cell can refer to.
  private mutating func findReferences(_ part: Int) {
    (sameLags, rhythmLags) = (0, 0)
    let last = Int(progress.lastLags[part])
    let favorite = last > 0 ? progress.cell(before: last) : nil
    // Of cells that are alike the nearest, by how many bars back they are, from bit 0 on.
    var (contents, rhythms): (UInt64, UInt64) = (0, 0)
    for lag in 1...layout.configuration.longestLag {
      guard let cell = progress.cell(before: lag) else { break }
      guard !cell.isEmpty else { continue }
      let isNew = !contains(contents) { $0.isEqual(to: cell) }
      if isNew { contents |= 1 << UInt64(lag - 1) }
      let hasRhythm = cell.onsets > 1
      let hasNewRhythm = hasRhythm && isNew && !contains(rhythms) { $0.rhythm == cell.rhythm }
      if hasNewRhythm { rhythms |= 1 << UInt64(lag - 1) }
      guard Int(cell.lastOnset) < progress.barLength, Int(cell.reach) <= stepsLeft else { continue }
      // As far back as the last reference was, if that cell is alike; else the nearest.
      if lag == last || (isNew && favorite?.isEqual(to: cell) != true) {
        sameLags |= 1 << UInt64(lag - 1)
      }
      let isFavorite = favorite.map { $0.onsets > 1 && $0.rhythm == cell.rhythm } ?? false
      if hasRhythm, lag == last || (hasNewRhythm && !isFavorite) {
        rhythmLags |= 1 << UInt64(lag - 1)
      }
    }
  }

  /// Whether there is a cell in a set of earlier ones of which something holds.
  private func contains(_ set: UInt64, where holds: (Cell) -> Bool) -> Bool {
    var rest = set
    while rest != 0 {
      if let cell = progress.cell(before: rest.trailingZeroBitCount + 1), holds(cell) { return true }
      rest &= rest - 1
    }
    return false
  }
}
