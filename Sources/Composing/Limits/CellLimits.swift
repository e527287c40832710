internal import Music
internal import Tokenization

/// Limits on pieces in cells.
///
/// What cannot be chosen whatever follows is masked out. Of an id that is drawn it asks what it would leave of the bar
/// (`BarCompletion`), so that a way to the end always remains; a reference is judged by the notes that it copies.
struct CellLimits: TokenConstraint {
  /// What stays the same in all copies.
  final class Fixed: Sendable {
    let rules: CellRules
    let kinds: [CellsView.Kind]
    let pitches: ClosedRange<Int>

    init(rules: CellRules, view: CellsView) {
      self.rules = rules
      kinds = view.kinds()
      pitches = view.pitchRange
    }
  }

  let fixed: Fixed
  var view: CellsView
  /// The ensemble, once it is known.
  var completion: BarCompletion
  /// The bar that is being written; nil before the first new one.
  var state: BarState?
  /// What the new bars are to be, once their number and the ensemble are known.
  var outline: PieceOutline?
  /// The time signature of all new bars where the limits name none.
  var freeSignature: Int
  /// The notes of the rhythm that is being given pitches, and how many have them.
  var rhythm: [CellsView.Note] = []
  var rhythmCount = 0
  /// The instruments that have no part yet.
  var wanted: [Limits.ForPart<InstrumentName>]

  init(_ rules: CellRules, _ view: CellsView) {
    fixed = Fixed(rules: rules, view: view)
    self.view = view
    completion = BarCompletion(
      rules: rules,
      parts: PartRules.ensemble(view.fixedParts ?? [], rules.limits, pitches: view.pitchRange))
    freeSignature = view.fixedTimeSignature ?? view.timeSignature
    wanted = view.fixedParts == nil && rules.givenBars == 0 ? rules.limits.instruments : []
  }

  var rules: CellRules { fixed.rules }
  var summary: String { rules.limits.summary }

  /// How many new bars there are; nil where that is open.
  var newBars: Int? {
    rules.newBars ?? (view.announcedBars > 0 ? view.announcedBars - rules.givenBars : nil)
  }

  // MARK: Taking note

  mutating func advance(_ id: Int32) {
    let kind = fixed.kinds[Int(id)], value = view.value(of: id)
    let situation = view.situation, part = view.part, upcoming = upcomingPart
    let onset = kind == .and ? view.lastOnset : view.statedOnset >= 0 ? view.statedOnset : view.cursor
    let duration = view.duration
    let copied = kind == .same || kind == .rhythm ? source(upcoming, lag: value) : []
    view.advance(id)
    switch kind {
    case .program, .role: takePart()
    case .bar: beginBar()
    case .timeSignature:
      freeSignature = view.timeSignature
      if let state, state.frame.number == 0, rules.plan.isEmpty { makeOutline() }
      if let number = state?.frame.number {
        let changed = frame(number)
        state?.frame = changed
      }
    case .same: take(copied, part: upcoming)
    case .rhythm:
      (rhythm, rhythmCount) = (copied, 0)
      takeTimes(copied, part: upcoming)
    case .pitch, .and:
      guard state != nil, part < completion.parts.count, !completion.parts[part].isDrum else { return }
      let sounding = value + view.offset
      if situation == .rhythm {
        guard rhythmCount < rhythm.count else { return }
        var note = rhythm[rhythmCount]
        note.pitch = sounding
        rhythmCount += 1
        add([note], part: part)
      } else {
        take([CellsView.Note(onset: onset, duration: max(1, duration), pitch: sounding)], part: part)
      }
    default: break
    }
  }

  /// The part whose cell begins where the next id begins one.
  var upcomingPart: Int { view.situation == .note ? view.part + 1 : view.part }

  /// The notes that a reference of the upcoming part's cell would have.
  func source(_ part: Int, lag: Int) -> [CellsView.Note] {
    part < view.parts.count ? view.notes(ofPart: part, barsBack: lag) : []
  }

  private mutating func take(_ notes: [CellsView.Note], part: Int) {
    takeTimes(notes, part: part)
    add(notes, part: part)
  }

  /// Takes the pitches of notes.
  private mutating func add(_ notes: [CellsView.Note], part: Int) {
    guard state != nil, part < completion.parts.count, !completion.parts[part].isDrum else { return }
    let (rules, leads) = (rules, completion.parts[part].leads)
    for note in notes { state?.addPitch(note, part: part, rules, leads: leads) }
  }

  private mutating func takeTimes(_ notes: [CellsView.Note], part: Int) {
    guard state != nil, part < completion.parts.count else { return }
    if completion.parts[part].isDrum {
      if !notes.isEmpty { state?.hasSounded[part] = true }
      return
    }
    for note in notes { state?.addTime(onset: note.onset, duration: note.duration, part: part) }
  }

  private mutating func beginBar() {
    if view.barCount == 1 {
      completion = BarCompletion(
        rules: rules, parts: PartRules.ensemble(view.parts, rules.limits, pitches: view.soundingRange))
    }
    let number = view.barCount - 1 - rules.givenBars
    guard number >= 0 else { return }
    if number == 0 {
      if rules.givenBars > 0 { freeSignature = view.timeSignature }
      makeOutline()
      var first = BarState(frame(0), partCount: completion.parts.count, room: rules.room)
      if rules.givenBars > 0 { first.hasSounded = first.hasSounded.map { _ in true } }
      state = first
    } else {
      let next = frame(number)
      state = state?.next(next)
    }
  }

  private mutating func makeOutline() {
    outline = PieceOutline(completion, barCount: newBars, free: freeSignature)
  }

  /// What is asked of a new bar.
  func frame(_ number: Int) -> BarFrame {
    var frame = BarFrame(rules, number: number, barCount: newBars, free: freeSignature)
    outline?.complete(&frame)
    return frame
  }

  // MARK: Judging

  func leastToFinish() -> Int? { 0 }

  func leastToFinish(after id: Int32) -> Int? { isPossible(after: id) ? 0 : nil }
}
