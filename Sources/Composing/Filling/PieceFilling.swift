internal import Analysis
public import Music
public import Tokenization

/// A piece of which some bars of some parts are to be written by a model, and all else is to stay.
///
///     let filling = try PieceFilling(FillRequest(bars: [8..<12], parts: [.number(2)]), of: score, model: model)
///     let options = CompositionOptions(seed: 1, constraints: filling.constraints, filling: filling.cells)
///     let piece = try composer.compose(options)
///     let result = score.applying(filling.edit(by: piece))
public struct PieceFilling: Sendable {
  /// The piece as it was given.
  public let original: Score
  /// What the model is given, and what it is to write.
  public let cells: CellFilling
  /// What else is asked of what is written, for `CompositionOptions.constraints`: that a new bass lies below the other parts.
  public internal(set) var constraints: [any TokenConstraint] = []
  /// The parts as the model has them.
  public let reading: CellReading
  /// What was done to the piece before it was read.
  private let alignment: BeatAlignment?
  /// The first track of the score that was read that the original does not have.
  private let firstNewTrack: Int
  private let newTracks: [Track]
  /// How many steps a quarter note has, and the loudness of all notes, if they have one.
  private let stepsPerQuarter: Int
  private let fixedVelocity: Int?

  /// A piece to be filled in.
  /// - Parameters:
  ///   - score: The piece.
  ///   - newTracks: Tracks without notes, each with a role, that the piece is to get.
  ///   - model: What is to fill it in.
  ///   - avoidsOriginal: Whether what is written is not to be what was there.
  ///   - mask: Gives which cells are hidden.
  /// - Throws: `FillError`, `ComposingError.cause` for a corpus request of the model that cannot be read.
  init(
    _ score: Score, newTracks: [Track] = [], model: MusicModel, avoidsOriginal: Bool,
    mask: (_ reading: CellReading, _ aligned: (Int) -> Int) throws(FillError) -> CellMask
  ) throws {
    let tokenizer = try model.cells
    let prepared = try model.preparation().prepare(score)
    var read = prepared.score
    for index in read.tracks.indices {
      // A track that was left empty for the model keeps its place.
      let track = read.tracks[index]
      if track.notes.isEmpty, track.role == nil, !track.programChanges.isEmpty || track.program != nil {
        read.tracks[index].role = track.isDrum ? .drums : .other
      }
    }
    read.tracks += newTracks
    let reading: CellReading
    do { reading = try tokenizer.read(read) } catch { throw FillError.unusable(reason: error.message) }
    original = score
    alignment = prepared.isMoved ? prepared.alignment : nil
    self.reading = reading
    self.newTracks = newTracks
    firstNewTrack = score.tracks.count
    stepsPerQuarter = tokenizer.configuration.stepsPerQuarter
    fixedVelocity = tokenizer.configuration.velocity
    let chosen = try mask(reading, Self.aligned(by: alignment))
    guard chosen.hiddenCount > 0 else { throw FillError.nothingToWrite }
    cells = tokenizer.filling(of: reading.ids, avoidsOriginal: avoidsOriginal) { _, _ in chosen }
  }

  private static func aligned(by alignment: BeatAlignment?) -> (Int) -> Int {
    { tick in alignment.map { max(0, $0.alignedTick(tick)) } ?? tick }
  }

  /// The cell that a note of the original is in; nil for one that the model cannot read.
  func cell(of note: Note, inTrack track: Int) -> (bar: Int, part: Int)? {
    guard let bar = reading.bar(at: Self.aligned(by: alignment)(note.onset)),
      let part = reading.part(
        ofTrack: track,
        program: original.tracks[track].isDrum ? nil : original.tracks[track].programForCells(at: note.onset))
    else { return nil }
    return (bar, part)
  }

  // MARK: What is changed

  /// What becomes of the piece by what was composed.
  /// - Parameter composition: The composition of `cells`.
  public func edit(by composition: Composition) -> ScoreEdit {
    var edit = ScoreEdit()
    var changes: [Int: ScoreEdit.Change] = [:]
    for (index, track) in original.tracks.enumerated() {
      let removed = track.notes.filter { note in
        cell(of: note, inTrack: index).map { cells.mask[$0.bar, $0.part] } ?? false
      }
      if !removed.isEmpty { changes[index] = ScoreEdit.Change(track: index, removed: removed) }
    }
    for (index, part) in reading.parts.enumerated() {
      let notes = newNotes(ofPart: index, composition)
      guard let home = home(of: part) else { continue }
      if home >= firstNewTrack {
        var track = newTracks[home - firstNewTrack]
        track.notes = notes
        if !notes.isEmpty { edit.newTracks.append(track) }
      } else if !notes.isEmpty {
        let change = changes[home] ?? ScoreEdit.Change(track: home)
        changes[home] = change.adding(fitted(notes, to: home, besides: change.removed))
      }
    }
    edit.changes = changes.values.sorted { $0.track < $1.track }
    return edit
  }

  /// The track that a part's new notes go to: of several the one with the most notes.
  private func home(of part: CellReading.Part) -> Int? {
    part.sources.map(\.track).max { a, b in
      func count(_ track: Int) -> Int { track < firstNewTrack ? original.tracks[track].notes.count : 0 }
      return (count(a), -a) < (count(b), -b)
    }
  }

  /// The notes of hidden cells, at their ticks of the original.
  private func newNotes(ofPart part: Int, _ composition: Composition) -> [Note] {
    guard composition.score.tracks.indices.contains(part) else { return [] }
    let ticksPerStep = max(1, composition.score.ticksPerQuarter / stepsPerQuarter)
    return composition.score.tracks[part].notes.compactMap { note in
      let (start, end) = (note.onset / ticksPerStep, note.end / ticksPerStep)
      let onset = start * original.ticksPerQuarter / stepsPerQuarter
      guard let bar = reading.bar(ofStep: start), cells.mask[bar, part] else { return nil }
      let place = originalTick(onset)
      return Note(
        onset: place,
        duration: max(1, originalTick(end * original.ticksPerQuarter / stepsPerQuarter) - place),
        pitch: note.pitch, velocity: note.velocity)
    }
  }

  /// The tick of the original that was moved to `tick`.
  private func originalTick(_ tick: Int) -> Int {
    guard let alignment else { return tick }
    var (low, high) = (0, 2 * tick + 64 * original.ticksPerQuarter)
    while low < high {
      let middle = (low + high) / 2
      if alignment.alignedTick(middle) >= tick { high = middle } else { low = middle + 1 }
    }
    return low
  }

  /// New notes of a track that has others: of its usual loudness where the model knows none, and never of a pitch that sounds already.
  private func fitted(_ notes: [Note], to track: Int, besides removed: [Note]) -> [Note] {
    let given = original.tracks[track].notes
    var notes = notes
    if fixedVelocity != nil, !given.isEmpty {
      let usual = given.map(\.velocity).sorted()[given.count / 2]
      for index in notes.indices { notes[index].velocity = usual }
    }
    let gone = Set(removed)
    var kept: [Int: [Note]] = [:]
    for note in given where !gone.contains(note) { kept[note.pitch, default: []].append(note) }
    return notes.compactMap { note in
      var note = note
      for other in kept[note.pitch] ?? [] {
        if other.onset <= note.onset, note.onset < other.end { return nil }
        if note.onset < other.onset, other.onset < note.end { note.duration = other.onset - note.onset }
      }
      return note
    }
  }
}

extension ScoreEdit.Change {
  fileprivate func adding(_ notes: [Note]) -> Self {
    var change = self
    change.added += notes
    return change
  }
}

extension Track {
  /// The program that plays a note which begins at a tick, as the tokenizer `cells` reads it.
  func programForCells(at tick: Int) -> Int {
    let change = programChanges.last { $0.tick <= tick }
    return min(max(change?.program ?? program ?? 0, 0), 127)
  }
}

extension MusicModel {
  /// The model's tokenizer, if it can be filled in.
  /// - Throws: `FillError.noCells`.
  var cells: CellsTokenizer {
    get throws(FillError) {
      guard let cells = tokenizer as? CellsTokenizer else {
        throw .noCells(model: name, tokenizer: tokenizer.vocabulary.configuration.name)
      }
      return cells
    }
  }

  /// Whether the model was trained to fill in, and so knows what stands after a gap.
  public var looksAhead: Bool {
    (tokenizer as? CellsTokenizer)?.configuration.infilling ?? false
  }
}
