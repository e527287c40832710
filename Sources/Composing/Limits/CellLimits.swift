internal import Music
internal import Tokenization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

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
    /// The same without limits that divide bars among parts; nil where there are none.
    let relaxed: Fixed?

    init(rules: CellRules, view: CellsView, relaxed: Fixed? = nil) {
      self.rules = rules
      self.relaxed = relaxed
      kinds = view.kinds()
      pitches = view.pitchRange
    }
  }

  var fixed: Fixed
  var view: CellsView
  /// The ensemble, once it is known.
  var completion: BarCompletion
  /// The bar that is being written; nil before the first new one.
  var state: BarState?
  /// What the new bars are to be, once their number and the ensemble are known.
  var outline: PieceOutline?
  /// The time signature of all new bars where the limits name none.
  var freeSignature: Int
  /// Those that the first new bar may have then: beside a sketch the sketch's; nil for all.
  var possibleSignatures: Set<Int>?
  /// In a sketch the ensemble under the limits of the piece, which has to be possible in the sketch's time signature; else nil.
  var judging: BarCompletion?
  /// The notes of the rhythm that is being given pitches, and how many have them.
  var rhythm: [CellsView.Note] = []
  var rhythmCount = 0
  /// Whether it is settled what each part gets of the bar.
  var isDivided = false
  /// Whether the model might write a further note of a chord next, or there is no other way.
  var joins = true
  /// Whether a part that has few notes makes them long.
  var fills = false
  /// The pitches of each part, in this piece and in the one that is written beside it without limits; nil before the first.
  var knownPitches: [ClosedRange<Int>?] = []
  /// Those in the other piece alone.
  var usualPitches: [ClosedRange<Int>?] = []
  /// Pitches that are beyond these, and are left aside while there are others.
  var improbablePitches = PitchSet.none
  /// The instruments that have no part yet.
  var wanted: [Limits.ForPart<InstrumentName>]

  init(_ rules: CellRules, _ view: CellsView) {
    let relaxed =
      rules.dividesBars || !rules.limits.ranges.isEmpty ? Fixed(rules: rules.relaxed(view), view: view) : nil
    fixed = Fixed(rules: rules, view: view, relaxed: relaxed)
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
      remakeFrame()
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
    for note in notes {
      state?.addPitch(note, part: part, rules, leads: leads)
      widenPitches(ofPart: part, by: note.pitch...note.pitch)
    }
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
    completion.shares = nil
    isDivided = false
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
    leaveSilence()
  }

  /// Lets all new bars have a time signature that the limits leave open, before the first of them has stated one.
  mutating func takeSignature(_ signature: Int) {
    guard rules.plan.isEmpty, rules.keepsTimeSignature, state?.frame.number == 0 else { return }
    possibleSignatures = [signature]
    guard signature != freeSignature else { return }
    freeSignature = signature
    makeOutline()
    remakeFrame()
  }

  /// Takes note of another length of the bar that has begun.
  private mutating func remakeFrame() {
    guard let number = state?.frame.number else { return }
    let changed = frame(number)
    state?.frame = changed
    leaveSilence()
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

  mutating func observe(logits: Span<Float>, allowed: [Bool]) {
    (joins, fills, improbablePitches) = (true, false, .none)
    guard state != nil, [.notes, .position, .value, .note, .rhythm].contains(view.situation),
      view.part < completion.parts.count, !completion.parts[view.part].isDrum
    else { return }
    let isJoining =
      view.lastOnset < 0
      || logits.share(of: view.pitchIDs(isDrum: false).joining) >= Self.leastShareOfJoining
    let isCut = view.situation != .rhythm && completion.shares?.spans[view.part] != nil
    let improbable = findImprobablePitches(logits, allowed)
    // What is better for the music comes first, as long as it leaves a way.
    let wishes: [(joins: Bool, fills: Bool, leftAside: PitchSet)] = [
      (isJoining, isCut, improbable), (isJoining, false, improbable), (true, false, improbable),
      (isJoining, false, .none),
    ]
    for wish in wishes where !wish.joins || wish.fills || !wish.leftAside.isEmpty {
      (joins, fills, improbablePitches) = wish
      if hasWay(allowed) { return }
    }
    (joins, fills, improbablePitches) = (true, false, .none)
  }

  /// Pitches that the model would hardly write here, and that are beyond all that the part has had; where parts are left out, cut short or
  /// moved, which may be why it would write them, all that are beyond what the part has in the piece without limits.
  private func findImprobablePitches(_ logits: Span<Float>, _ allowed: [Bool]) -> PitchSet {
    let part = view.part
    let isCut =
      part < usualPitches.count && (completion.shares?.isCut == true || !rules.limits.ranges.isEmpty)
    guard part < knownPitches.count, let range = isCut ? usualPitches[part] : knownPitches[part] else {
      return .none
    }
    let mostBeyond = isCut ? mostBeyond(range) : Self.stepBeyond
    let near = logits.logit(ofProbability: Self.leastProbability)
    let far = near - log(Self.leastProbability) + log(Self.leastProbabilityFarBeyond)
    func isImprobable(_ key: Int, _ logit: Float) -> Bool {
      let beyond = max(range.lowerBound - key, key - range.upperBound)
      guard !isCut else { return beyond > mostBeyond }
      return beyond > 12 ? logit < far : beyond > Self.stepBeyond && logit < near
    }
    let ids = view.pitchIDs(isDrum: false)
    var pitches = PitchSet.none
    for list in [ids.first, ids.joining] {
      for id in list where allowed[Int(id)] {
        let key = ids.lowest + Int(id - list.lowerBound) + view.offset
        if (0...127).contains(key), isImprobable(key, logits[Int(id)]) { pitches.insert(key) }
      }
    }
    return pitches
  }

  /// How far beyond its usual pitches a part may be: no farther than a whole tone, or where it has to be, an octave more.
  private func mostBeyond(_ usual: ClosedRange<Int>) -> Int {
    guard let state else { return Self.stepBeyond }
    let onset = view.statedOnset >= 0 ? view.statedOnset : view.cursor
    let pitches = completion.pitches(
      view.part, at: min(onset, state.frame.length - 1), state.frame, ordinal: state.leadingNotes)
    let nearest =
      (0..<128).lazy.filter { pitches.contains($0) }
      .map { max(0, usual.lowerBound - $0, $0 - usual.upperBound) }.min() ?? 0
    return nearest > Self.stepBeyond ? nearest + 12 : Self.stepBeyond
  }

  /// How far beyond a part's pitches so far an improbable one may be: a whole tone.
  private static let stepBeyond = 2
  /// What is less probable is improbable; so is more where it is farther beyond than an octave.
  private static let leastProbability: Float = 1e-3
  private static let leastProbabilityFarBeyond: Float = 0.05

  /// Takes note of pitches of a part.
  /// - Parameters:
  ///   - part: The part.
  ///   - pitches: The lowest and highest of them.
  ///   - isUsual: Whether they are of the piece that is written beside this one.
  mutating func widenPitches(ofPart part: Int, by pitches: ClosedRange<Int>, isUsual: Bool = false) {
    Self.widen(&knownPitches, part, by: pitches)
    if isUsual { Self.widen(&usualPitches, part, by: pitches) }
  }

  private static func widen(_ ranges: inout [ClosedRange<Int>?], _ part: Int, by pitches: ClosedRange<Int>) {
    while ranges.count <= part { ranges.append(nil) }
    let known = ranges[part] ?? pitches
    ranges[part] =
      min(known.lowerBound, pitches.lowerBound)...max(known.upperBound, pitches.upperBound)
  }

  /// Whether anything is left.
  private func hasWay(_ allowed: [Bool]) -> Bool {
    var mask = allowed
    narrow(&mask)
    return mask.indices.contains { mask[$0] && isPossible(after: Int32($0)) }
  }

  /// Where notes of a chord are less probable together than this, the model is writing one note at a time: what could only be gone on with by
  /// a further note of a chord cannot be gone on with.
  private static let leastShareOfJoining: Float = 1e-3

  func leastToFinish() -> Int? { 0 }

  func leastToFinish(after id: Int32) -> Int? { isPossible(after: id) ? 0 : nil }
}
