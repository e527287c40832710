internal import Music

/// What may follow in a piece of which some cells are filled in: where cells are known, their ids and no others; in hidden ones what the
/// grammar of cells allows.
///
/// The ids are those of the whole piece in its order, so that a piece is the same sequence whether it was written from
/// beginning to end or filled in. Known cells are written as the encoder writes them after what came into the hidden ones.
struct CellsFillGrammar: TokenGrammar {
  private var cells: CellsGrammar
  private let plan: CellPlan
  /// The ids that are given next, the last of them first.
  private var given: [Int32]
  /// What follows the cell that is being filled in, where that is given.
  private var sequel: [Int32] = []

  init(_ plan: CellPlan) {
    self.plan = plan
    cells = CellsGrammar(layout: plan.layout, bars: .exactly(max(1, plan.bars.count)), knownEnd: plan.end)
    given = plan.header.reversed()
  }

  private var progress: CellProgress { cells.progress }
  private var layout: CellsLayout { plan.layout }

  var barCount: Int { cells.barCount }
  var announcedBars: Int? { plan.bars.count }
  var noteCount: Int { cells.noteCount }
  var isFinished: Bool { cells.isFinished }
  var isBetweenNotes: Bool { cells.isBetweenNotes }
  var rewriting: TokenRewriting? { cells.rewriting }
  var givenID: Int32? { given.last }

  func beginsDraft(with id: Int32) -> Bool { given.isEmpty && cells.beginsDraft(with: id) }

  mutating func advance(_ id: Int32) {
    let isGiven = given.last == id
    let continues = !isGiven && sequel.first == id
    cells.advance(id)
    if isGiven {
      given.removeLast()
    } else {
      given = continues ? sequel.dropFirst().reversed() : []
    }
    sequel = []
    if given.isEmpty { lookOn() }
  }

  /// Finds what is given next, or what will be given once the cell in progress has ended.
  private mutating func lookOn() {
    let bar = cells.progress.barCount - 1
    switch cells.progress.state {
    case .beginning, .key, .length, .tempo, .role, .part:
      given = heading(ofBar: 0).reversed()
    case .bar, .timeSignature, .barTempo, .ready:
      given = ids(bar: bar, part: cells.progress.part).reversed()
    case .note:
      let part = cells.progress.part
      let next = ids(bar: bar, part: part + 1)
      if plan.isHidden(bar: bar, part: part) { sequel = next } else { given = next.reversed() }
    default: break
    }
  }

  /// The ids of a cell that is known, or of what follows the last one of a bar; none for a hidden cell.
  private func ids(bar: Int, part: Int) -> [Int32] {
    guard part < plan.partCount else {
      return bar + 1 < plan.bars.count ? heading(ofBar: bar + 1) : [CellsLayout.end]
    }
    return plan.known(bar: bar, part: part).map { cells.ids(ofKnown: $0, in: plan.memory, part: part) } ?? []
  }

  private func heading(ofBar index: Int) -> [Int32] {
    guard index < plan.bars.count else { return [] }
    let (bar, before) = (plan.bars[index], index > 0 ? plan.bars[index - 1] : nil)
    var ids = [CellsLayout.bar]
    if !layout.timeSignature.isEmpty, bar.timeSignature != before?.timeSignature {
      ids.append(layout.id(layout.timeSignature, bar.timeSignature))
    }
    if !layout.tempo.isEmpty, let before, bar.tempo != before.tempo {
      ids.append(layout.id(layout.tempo, bar.tempo))
    }
    return ids
  }

  func allowed(into mask: inout [Bool]) {
    if let id = given.last {
      for index in mask.indices { mask[index] = false }
      mask[Int(id)] = true
      return
    }
    cells.allowed(into: &mask)
    guard !progress.isEnded else { return }
    let bar = progress.barCount - 1
    if progress.state == .note {
      let isFilling = plan.isHidden(bar: bar, part: progress.part)
      let isDrum = progress.isDrum
      for index in mask.indices where mask[index] {
        let leaves = layout.leavesCell(Int32(index), isDrum: isDrum)
        // A known cell is complete, and the end of a hidden one leads to what is known after it.
        if isFilling ? leaves && !sequel.isEmpty : !leaves { mask[index] = false }
      }
      if isFilling, let next = sequel.first { mask[Int(next)] = true }
    }
    guard let part = progress.nextCell, plan.isHidden(bar: bar, part: part) else { return }
    if mustPlay(bar: bar, part: part) { mask[Int(CellsLayout.rest)] = false }
    if plan.avoidsOriginal { forbidCopies(bar: bar, part: part, &mask) }
  }

  /// Masks out references to cells that are as the hidden one was. Notes may still be said one by one until they are the same again, for
  /// nobody knows before.
  private func forbidCopies(bar: Int, part: Int, _ mask: inout [Bool]) {
    let original = plan.memory.cells[bar * plan.partCount + part]
    guard !original.isEmpty else { return }
    for lag in 1...layout.configuration.longestLag {
      let id = Int(layout.id(layout.same, lag, from: 1))
      guard mask[id], let cell = progress.cell(before: lag), cell.count == original.count else { continue }
      let isSame = (0..<Int(cell.count)).allSatisfy {
        progress.memory.note($0, of: cell) == plan.memory.note($0, of: original)
      }
      if isSame { mask[id] = false }
    }
  }

  /// One id that leads out of the cell in progress, for all that would.
  var substitution: TokenSubstitution? {
    guard given.isEmpty, progress.state == .note, let next = sequel.first else { return nil }
    let isDrum = progress.isDrum
    return TokenSubstitution(
      id: next, others: layout.leavingIDs(isDrum: isDrum).filter { $0 != next })
  }

  /// Whether a hidden cell is the last chance for its part to play at all, or for anything to sound in the last bar.
  private func mustPlay(bar: Int, part: Int) -> Bool {
    let isLastOfPart = plan.lastHiddenBars[part] == bar && plan.lastSoundingBars[part] < bar
    if isLastOfPart, !progress.hasSounded[part], layout.configuration.parts == nil { return true }
    let isLast = bar * plan.partCount + part == plan.lastHidden && bar == plan.bars.count - 1
    return isLast && max(plan.knownEnd, progress.furthestEnd) <= plan.lastBarStart
  }
}

extension CellProgress {
  fileprivate var isEnded: Bool { state == .end }
}

extension CellsLayout {
  /// Whether an id after a complete note ends the note's cell.
  fileprivate func leavesCell(_ id: Int32, isDrum: Bool) -> Bool {
    switch kinds[Int(id)] {
    case .bar, .eos, .rest, .notes, .same, .rhythm: true
    case .velocity: !isDrum
    default: false
    }
  }

  /// The ids that end a cell after a complete note.
  fileprivate func leavingIDs(isDrum: Bool) -> [Int32] {
    var ids = [CellsLayout.bar, CellsLayout.end, CellsLayout.rest, CellsLayout.notes]
    ids += same
    ids += rhythm
    if !isDrum { ids += velocity }
    return ids
  }
}
