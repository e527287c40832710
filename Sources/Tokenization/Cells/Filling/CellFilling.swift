public import Music

/// A piece of which some cells are to be filled in: what is given, and which ids may come where.
public struct CellFilling: Sendable {
  let plan: CellPlan
  /// The ids before the first hidden cell; all of the piece where none is hidden.
  public let beginning: [Int32]

  init(_ plan: CellPlan) {
    self.plan = plan
    var grammar = CellsFillGrammar(plan)
    var ids: [Int32] = []
    while !grammar.isFinished, let id = grammar.givenID {
      ids.append(id)
      grammar.advance(id)
    }
    beginning = ids
  }

  /// Which cells are hidden.
  public var mask: CellMask { plan.mask }

  /// How many bars the piece has.
  public var barCount: Int { plan.mask.barCount }

  /// How many notes hidden cells have in the piece that the plan was made of.
  package var hiddenNoteCount: Int {
    plan.memory.cells.enumerated().reduce(0) { sum, cell in
      let (bar, part) = cell.offset.quotientAndRemainder(dividingBy: plan.partCount)
      return sum + (plan.isHidden(bar: bar, part: part) ? Int(cell.element.count) : 0)
    }
  }

  /// Which ids may follow which, from the first of the piece on.
  public func makeGrammar() -> any TokenGrammar { CellsFillGrammar(plan) }

  /// What a network is told beside the ids, before the first of them: what the tokenizer's own context tells, and where a
  /// hidden cell is written what is known ahead, if the configuration has `infilling`.
  public func makeContext() -> any TokenContext { CellsContext(plan.layout, filling: plan) }

  /// The ids that belong to hidden cells, of a whole piece that agrees with what is known.
  /// - Parameter ids: The ids of the piece.
  /// - Returns: For each id whether a hidden cell has it, from its first id to its last.
  public func belongToHidden(_ ids: [Int32]) -> [Bool] {
    var progress = CellProgress(plan.layout)
    return ids.map { id in
      let cells = progress.memory.cells.count
      progress.advance(id)
      let bar = progress.barCount - 1
      // An id completes the cell that it belongs to, or belongs to the one that is open; it never belongs to one that it ends by
      // beginning another.
      let completes: Bool =
        switch plan.layout.kinds[Int(id)] {
        case .rest, .same: true
        case .pitch, .and, .drum, .andDrum: progress.memory.cells.count > cells
        default: false
        }
      switch plan.layout.kinds[Int(id)] {
      case .bar, .eos, .timeSignature, .tempo: return false
      default: return plan.isHidden(bar: bar, part: progress.part - (completes ? 1 : 0))
      }
    }
  }
}

extension CellsTokenizer {
  /// A piece to be filled in.
  /// - Parameters:
  ///   - ids: The ids of a whole piece; what they say in hidden cells no network is told.
  ///   - avoidsOriginal: Whether a hidden cell must not become what it is in these ids by a reference to another bar, as passages that
  ///     return would else come out as they were.
  ///   - mask: Gives which cells are hidden, of the bars and parts that the piece has.
  public func filling(
    of ids: some Sequence<Int32>, avoidsOriginal: Bool = false,
    mask: (_ barCount: Int, _ partCount: Int) -> CellMask
  ) -> CellFilling {
    CellFilling(CellPlan(ids: ids, layout: layout, avoidsOriginal: avoidsOriginal, mask: mask))
  }

  /// What a network is told beside the ids of a piece in which some cells are hidden, while they are learned; see
  /// `CellFilling.makeContext()`.
  /// - Parameters:
  ///   - ids: The ids of the whole piece.
  ///   - mask: Gives which cells are hidden, of the bars and parts that the piece has.
  package func makeContext(
    filling ids: some Sequence<Int32>, mask: (_ barCount: Int, _ partCount: Int) -> CellMask
  ) -> any TokenContext {
    CellsContext(layout, filling: CellPlan(ids: ids, layout: layout, mask: mask))
  }

  /// The same tokens for a network that learns to fill in as well; see `CellsConfiguration.infilling`.
  public func infilling() throws(TokenizationError) -> CellsTokenizer {
    var configuration = configuration
    configuration.infilling = true
    return try CellsTokenizer(configuration: configuration)
  }
}

// MARK: - Scores

/// A score as the tokenizer reads it, with where its bars and parts are.
public struct CellReading: Sendable {
  /// A part of the piece.
  public struct Part: Sendable, Hashable {
    /// What it does.
    public var role: PartRole
    /// The General MIDI program that plays it; 0 for drums.
    public var program: Int
    /// The tracks of the score whose notes it has, each with the program that plays them there; nil for drums.
    public var sources: [Source]
  }

  /// Notes of a track that one program plays.
  public struct Source: Sendable, Hashable {
    /// The track's index in the score.
    public var track: Int
    /// The program; nil for drums.
    public var program: Int?
  }

  /// The ids.
  public var ids: [Int32]
  /// The parts in their order.
  public var parts: [Part]
  /// Where each bar begins and the last one ends, in ticks of the score.
  public var barTicks: [Int]
  /// The report of what could not be said.
  public var report: NormalizationReport
  let grid: Grid
  let barSteps: [Int]

  /// How many bars there are.
  public var barCount: Int { barTicks.count - 1 }

  /// The bar that a note belongs to which begins at a tick; nil after the last.
  public func bar(at tick: Int) -> Int? { bar(ofStep: grid.step(at: tick)) }

  /// The bar that a step of the tokenizer's grid is in; nil after the last.
  public func bar(ofStep step: Int) -> Int? {
    guard step >= 0, step < barSteps[barSteps.count - 1] else { return nil }
    var (low, high) = (0, barSteps.count - 1)
    while low + 1 < high {
      let middle = (low + high) / 2
      if barSteps[middle] <= step { low = middle } else { high = middle }
    }
    return low
  }

  /// The part that has the notes of a track that a program plays.
  /// - Parameters:
  ///   - track: The track's index in the score.
  ///   - program: The program; nil for drums.
  public func part(ofTrack track: Int, program: Int?) -> Int? {
    parts.firstIndex { $0.sources.contains(Source(track: track, program: program)) }
  }
}

extension CellsTokenizer {
  /// Reads a score with parts that may have no notes: those of tracks that state a role stay, for they are to be filled in.
  /// - Parameter score: The score, of whose tracks one has notes.
  /// - Throws: As `encode`.
  public func read(_ score: Score) throws(TokenizationError) -> CellReading {
    var report = NormalizationReport()
    let cells = try CellScore(score, layout: layout, report: &report, keepsEmpty: true)
    let grid = Grid(ticksPerQuarter: score.ticksPerQuarter, stepsPerQuarter: configuration.stepsPerQuarter)
    let steps = cells.bars.map(\.start) + [cells.end(layout)]
    return CellReading(
      ids: CellsEncoder.ids(of: cells, layout),
      parts: cells.parts.map {
        CellReading.Part(role: $0.role, program: $0.program, sources: $0.sources)
      },
      barTicks: steps.map { $0 * score.ticksPerQuarter / configuration.stepsPerQuarter }, report: report,
      grid: grid, barSteps: steps)
  }
}

extension CellsTokenizer {
  /// The parts of a piece, as its ids state them or the configuration does.
  package func parts(ofPiece ids: some Sequence<Int32>) -> [CellsConfiguration.Part] {
    var progress = CellProgress(layout)
    for id in ids {
      if id == CellsLayout.bar { break }
      progress.advance(id)
    }
    return progress.parts
  }
}

extension CellsTokenizer {
  /// The pitches of all notes of the parts of a role, as they sound.
  package func pitches(of role: PartRole, inPiece ids: some Sequence<Int32>) -> [Int] {
    var progress = CellProgress(layout)
    for id in ids { progress.advance(id) }
    let (count, offset) = (progress.parts.count, progress.key.offset)
    return progress.memory.cells.enumerated().flatMap { index, cell -> [Int] in
      guard progress.parts[index % count].role == role else { return [] }
      return (0..<Int(cell.count)).map { Int(progress.memory.note($0, of: cell).pitch) + offset }
    }
  }
}

extension CellFilling {
  /// The settings of the tokenizer.
  package var configuration: CellsConfiguration { plan.layout.configuration }
}

/// How surprising a cell is.
package struct CellSurprisal: Sendable, Hashable {
  /// The bar, from 0.
  package var bar: Int
  /// The part, from 0.
  package var part: Int
  /// The surprisal of the cell's ids for each of its notes, in nats.
  package var surprisal: Double
}

extension CellsTokenizer {
  /// How surprising each cell with notes is.
  /// - Parameters:
  ///   - ids: The ids of a piece.
  ///   - surprisals: −log p of each of them.
  package func surprisalsOfCells(_ ids: [Int32], _ surprisals: [Double]) -> [CellSurprisal] {
    var progress = CellProgress(layout)
    var sums: [Double] = []
    var open = 0.0
    for (id, surprisal) in zip(ids, surprisals) {
      let count = progress.memory.cells.count
      progress.advance(id)
      let completed = progress.memory.cells.count - count
      // An id that ends a spelled cell begins what follows; one that is a whole cell, or the last pitch of one, belongs to it.
      let isOwn: Bool =
        switch layout.kinds[Int(id)] {
        case .rest, .same: true
        case .pitch, .and, .drum, .andDrum: completed > 0
        default: false
        }
      if isOwn {
        if completed == 2 {
          sums.append(open)
          open = 0
        }
        sums.append(open + surprisal)
        open = 0
      } else if completed > 0 {
        sums.append(open)
        open = surprisal
      } else {
        open += surprisal
      }
      if id == CellsLayout.bar { open = 0 }
    }
    return zip(progress.memory.cells, sums).enumerated().compactMap { index, cell in
      guard cell.0.count > 0 else { return nil }
      let (bar, part) = index.quotientAndRemainder(dividingBy: progress.parts.count)
      return CellSurprisal(bar: bar, part: part, surprisal: cell.1 / Double(cell.0.count))
    }
  }

  /// The notes of each cell in one list, so that cells with the same notes have equal ones.
  package func contentsOfCells(_ ids: [Int32]) -> [[Int]] {
    var progress = CellProgress(layout)
    for id in ids { progress.advance(id) }
    return progress.memory.cells.map { cell in
      (0..<Int(cell.count)).flatMap { index in
        let note = progress.memory.note(index, of: cell)
        return [Int(note.onset), Int(note.value), Int(note.pitch)]
      }
    }
  }
}
