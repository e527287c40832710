internal import Music
internal import Tokenization

/// Brings limits into the terms of a tokenizer of cells, and finds out what contradicts what.
struct LimitResolution {
  let limits: Limits
  let view: CellsView
  let tokenizer: any Tokenizer
  let bars: Int?
  let givenBars: Int

  func held() throws(LimitError) -> HeldLimits {
    let plan = try plan()
    var (barCount, playedAt) = (try barCount(), limits.tempo)
    if limits.seconds != nil {
      let time = try limits.lasting(bars: barCount, tempo: usualTempo) { quarters(plan, bars: $0) }
      (barCount, playedAt) = (time.bars, time.quartersPerMinute)
    }
    try checkLength(barCount)
    try checkInstruments()
    let rules = CellRules(
      limits, view: view, plan: plan, rhythm: try rhythm(limits), givenBars: givenBars, newBars: barCount)
    try checkPitches(rules, plan)
    try checkEnds(barCount)
    try checkBars(plan, barCount)
    var constraints: [any TokenConstraint] = []
    if limits.needsConstraint || !plan.isEmpty { constraints.append(CellLimits(rules, view)) }
    if let playedAt, let constraint = try? RequestedTempo(quartersPerMinute: playedAt, tokenizer: tokenizer) {
      constraints.append(constraint)
    }
    return HeldLimits(
      bars: barCount, constraints: constraints, quartersPerMinute: playedAt,
      programs: view.fixedParts == nil ? [] : limits.instruments.filter { !$0.value.isDrums })
  }

  // MARK: Time

  /// The time signatures bar by bar; the last holds on.
  private func plan() throws(LimitError) -> [Int] {
    var runs = limits.timeSignatures
    if runs.isEmpty, limits.seconds != nil, view.fixedTimeSignature == nil { runs = [.init(.common)] }
    var plan: [Int] = []
    for run in runs {
      guard let index = view.timeSignatures.firstIndex(of: run.timeSignature),
        view.fixedTimeSignature == nil || view.fixedTimeSignature == index
      else {
        let known = view.fixedTimeSignature.map { [view.timeSignatures[$0]] } ?? view.timeSignatures
        throw .unsupported(
          limit: limits.words(.timeSignatures),
          reason: "it knows \(known.map(\.description).joined(separator: ", "))")
      }
      plan += Array(repeating: index, count: run.bars ?? 1)
    }
    if !plan.isEmpty, view.fixedTimeSignature == nil,
      plan.allSatisfy({ view.timeSignatures[$0] == TimeSignature(1, 4) })
    {
      throw .unsupported(
        limit: limits.words(.timeSignatures), reason: "a piece cannot have bars of 1/4 alone")
    }
    return plan
  }

  private func barCount() throws(LimitError) -> Int? {
    let runs = limits.timeSignatures
    guard runs.contains(where: { $0.bars != nil }) else { return bars }
    let sum = runs.reduce(0) { $0 + ($1.bars ?? 1) }
    let isOpen = runs.last?.bars == nil
    if let bars, isOpen ? bars < sum : bars != sum {
      throw .contradiction(
        limits: ["\(bars) bars", limits.words(.timeSignatures)],
        reason: "the time signatures are for \(isOpen ? "more than " : "")\(isOpen ? sum - 1 : sum) bars")
    }
    return bars ?? (isOpen ? nil : sum)
  }

  private var usualTempo: Double { view.fixedTempo.map { 60_000_000 / Double(max(1, $0)) } ?? 120 }

  private func quarters(_ plan: [Int], bars: Int) -> Double {
    let steps = (0..<bars).reduce(0) {
      $0 + view.barLengths[plan.isEmpty ? view.fixedTimeSignature ?? 0 : plan[min($1, plan.count - 1)]]
    }
    return Double(steps) / Double(view.stepsPerQuarter)
  }

  /// Limits that count on the end have to know where it is.
  private func checkLength(_ barCount: Int?) throws(LimitError) {
    guard barCount == nil, givenBars > 0 else { return }
    let needing: [Limits.Item] = [.rests, .lastNote, .lastChord, .contour, .firstNotes]
    if let item = limits.items.first(where: { needing.contains($0) }) {
      throw .unsupported(
        limit: limits.words(item), reason: "after a primer it has to know the number of bars; give it")
    }
  }

  // MARK: Parts

  /// The ensemble, as far as it is known beforehand.
  private var knownParts: [CellsConfiguration.Part]? {
    if let parts = view.fixedParts { return parts }
    let named = limits.instruments.compactMap { item -> CellsConfiguration.Part? in
      guard let role = item.value.isDrums ? .drums : item.part?.role else { return nil }
      return CellsConfiguration.Part(role: role, program: item.value.programs.first ?? 0)
    }
    guard named.count == limits.instruments.count, !named.isEmpty else { return nil }
    return named.sorted { CellsView.order(of: $0.role) < CellsView.order(of: $1.role) }
  }

  private func checkInstruments() throws(LimitError) {
    let wanted = limits.instruments
    guard !wanted.isEmpty else { return }
    guard givenBars == 0 else {
      throw .unsupported(
        limit: limits.words(.instruments), reason: "a piece goes on with the instruments of its primer")
    }
    guard let parts = view.fixedParts else {
      for role in PartRole.allCases {
        let count = wanted.count { ($0.value.isDrums ? .drums : $0.part?.role) == role }
        let most =
          (0..<PartRole.allCases.count).lazy.map { view.role($0) }.first { $0.role == role }?.most ?? 0
        guard count <= most else {
          throw .unsupported(
            limit: limits.words(.instruments), reason: "it has at most \(most) parts for \(role.rawValue)")
        }
      }
      guard wanted.contains(where: { !$0.value.isDrums }) || !needsPitches else {
        throw .contradiction(limits: [limits.words(.instruments)], reason: "drums alone play no pitches")
      }
      return
    }
    let pitched = wanted.filter { !$0.value.isDrums }, own = parts.filter { $0.role != .drums }
    let named = pitched.compactMap(\.part?.role)
    guard pitched.count == own.count, wanted.count - pitched.count <= parts.count - own.count,
      Set(named).allSatisfy({ role in named.count { $0 == role } <= own.count { $0.role == role } })
    else {
      throw .unsupported(
        limit: limits.words(.instruments),
        reason: "all its pieces are for \(parts.map(\.role.rawValue).joined(separator: ", "))")
    }
  }

  private var needsPitches: Bool {
    !limits.firstNotes.isEmpty || limits.lastNote != nil || limits.lastChord != nil
  }

  // MARK: Pitches

  private func checkPitches(_ rules: CellRules, _ plan: [Int]) throws(LimitError) {
    let ensembles =
      knownParts.map { [$0] }
      ?? PartRole.allCases.filter { $0 != .drums }.map { [.init(role: $0, program: 0)] }
    for parts in ensembles {
      for part in PartRules.ensemble(parts, limits, pitches: view.pitchRange) where !part.isDrum {
        try check(part, rules, isKnown: knownParts != nil)
      }
    }
    if let parts = knownParts, parts.allSatisfy({ $0.role == .drums }),
      limits.items.contains(where: { Self.pitched.contains($0) })
    {
      throw .unsupported(limit: limits.summary, reason: "all its parts are drums")
    }
  }

  private static let pitched: Set<Limits.Item> = [
    .key, .ranges, .voices, .noteLengths, .densities, .rests, .firstNotes, .lastNote, .lastChord, .chords,
    .rhythm, .contour,
  ]

  private func check(_ part: PartRules, _ rules: CellRules, isKnown: Bool) throws(LimitError) {
    let inScale = part.range.intersection(rules.scale)
    guard !inScale.isEmpty else {
      throw .contradiction(
        limits: [Limits.Item.key, .ranges].filter { limits.items.contains($0) }.map(limits.words),
        reason: limits.key == nil ? "they have no note in common" : "no note of the key is in the range")
    }
    if !limits.ranges.isEmpty {
      let symbols: [ChordSymbol] = limits.chords.map { Array($0.bars.joined()) } ?? []
      for (chord, notes) in zip(symbols, rules.chords.joined())
      where inScale.intersection(notes).isEmpty {
        throw .contradiction(
          limits: [limits.words(.chords), limits.words(.ranges)]
            + (limits.key == nil ? [] : [limits.words(.key)]),
          reason: "no note of \(chord) is left")
      }
    }
    guard part.leads else { return }
    if let pitch = limits.firstNotes.first(where: { !part.range.contains($0.key) }) {
      throw .contradiction(
        limits: [limits.words(.ranges), limits.words(.firstNotes)], reason: "\(pitch) is outside the range")
    }
    if limits.lastNote != nil, inScale.intersection(rules.lastNote).isEmpty {
      throw .contradiction(
        limits: [limits.words(.ranges), limits.words(.lastNote)], reason: "it is outside the range")
    }
    if let contour = limits.contour,
      contour.heights.contains(where: { height in
        let low = Int((height - contour.tolerance).rounded(.up)),
          high = Int((height + contour.tolerance).rounded(.down))
        return low > high || inScale.intersection(PitchSet(low...high)).isEmpty
      })
    {
      throw .contradiction(
        limits: [limits.words(.contour)]
          + [.key, .ranges].filter { limits.items.contains($0) }.map(limits.words),
        reason: "a part of it is where no note is left")
    }
  }

  /// Checks what only a known number of bars or parts contradicts.
  private func checkEnds(_ barCount: Int?) throws(LimitError) {
    let last: Limits.Item? = limits.lastNote != nil ? .lastNote : limits.lastChord != nil ? .lastChord : nil
    if barCount == 1, !limits.firstNotes.isEmpty, let last {
      throw .contradiction(
        limits: [limits.words(.firstNotes), limits.words(last), "1 bar"],
        reason: "the end has the last bar for itself; ask for 2 bars or more")
    }
    guard let voices = limits.voices, voices.lowerBound > 1, let parts = knownParts else { return }
    let ensemble = PartRules.ensemble(parts, limits, pitches: view.pitchRange)
    guard !ensemble.contains(where: { $0.mostTogether > 1 && !$0.isDrum }) else { return }
    let names = parts.filter { $0.role != .drums }.map(\.role.rawValue).joined(separator: " and ")
    throw .unsupported(
      limit: limits.words(.voices), reason: "it plays \(names), one note at a time, and no part with chords")
  }

  // MARK: Rhythm

  /// The rhythm in steps.
  private func rhythm(_ limits: Limits) throws(LimitError) -> [[RhythmPattern.Note]] {
    guard let rhythm = limits.rhythm else { return [] }
    var bars: [[RhythmPattern.Note]] = []
    for bar in rhythm.bars {
      var notes: [RhythmPattern.Note] = []
      for note in bar {
        let onset = note.onset * view.stepsPerQuarter, duration = note.duration * view.stepsPerQuarter
        guard onset % RhythmPattern.unitsPerQuarter == 0, duration % RhythmPattern.unitsPerQuarter == 0 else {
          throw .unsupported(
            limit: limits.words(.rhythm), reason: "its grid has \(view.stepsPerQuarter) steps a quarter note")
        }
        notes.append(
          RhythmPattern.Note(
            onset: onset / RhythmPattern.unitsPerQuarter,
            duration: min(duration / RhythmPattern.unitsPerQuarter, view.longestDuration)))
      }
      bars.append(notes)
    }
    return bars
  }

  // MARK: Bars

  /// Finds out whether every bar can be written; where one cannot, which limits contradict each other.
  private func checkBars(_ plan: [Int], _ barCount: Int?) throws(LimitError) {
    guard !isWritable(limits, plan, barCount) else { return }
    // What can be left out while a bar still cannot be written has no part in it.
    var left = limits
    for item in limits.items where !isWritable(left.without(item), plan, barCount) {
      left = left.without(item)
    }
    let words = left.items.map { left.words($0) }
    let signature = limits.items.contains(.timeSignatures) ? "" : " of " + usualSignatures(plan)
    throw .contradiction(
      limits: words,
      reason: words.count > 1
        ? "no bar\(signature) can be written that holds both"
        : "no bar\(signature) can be written that holds it")
  }

  private func usualSignatures(_ plan: [Int]) -> String {
    signaturesToTry(plan).map { view.timeSignatures[$0].description }.joined(separator: " or ")
  }

  private func signaturesToTry(_ plan: [Int]) -> [Int] {
    if !plan.isEmpty { return [plan[0]] }
    if let fixed = view.fixedTimeSignature { return [fixed] }
    return [view.timeSignatures.firstIndex(of: .common) ?? 0]
  }

  private func isWritable(_ limits: Limits, _ plan: [Int], _ barCount: Int?) -> Bool {
    guard let rhythm = try? rhythm(limits) else { return false }
    let rules = CellRules(
      limits, view: view, plan: plan, rhythm: rhythm, givenBars: givenBars, newBars: barCount ?? 8)
    if let rests = limits.rests, rests.lowerBound > rests.upperBound { return false }
    return ensembles(limits).contains { parts in
      let ensemble = PartRules.ensemble(parts, limits, pitches: view.pitchRange)
      guard ensemble.contains(where: { !$0.isDrum }) else { return true }
      let completion = BarCompletion(rules: rules, parts: ensemble)
      return signaturesToTry(plan).contains {
        PieceOutline(completion, barCount: barCount ?? 8, free: $0) != nil
      }
    }
  }

  /// Ensembles that a piece may have, where the model always has the same that one; else some that stand for others.
  private func ensembles(_ limits: Limits) -> [[CellsConfiguration.Part]] {
    if view.fixedParts != nil || !limits.instruments.isEmpty, let parts = knownParts { return [parts] }
    let pitched = limits.instruments.count { !$0.value.isDrums }
    func parts(_ roles: [PartRole]) -> [CellsConfiguration.Part] { roles.map { .init(role: $0, program: 0) } }
    if pitched == 0, limits.voices?.upperBound == 1 { return [parts([.melody])] }
    if pitched == 1 { return [parts([.chords]), parts([.other]), parts([.melody])] }
    let inner = Array(repeating: PartRole.other, count: min(8, max(0, pitched - 2)))
    return [parts([.chords] + inner + [.melody])]
  }
}
