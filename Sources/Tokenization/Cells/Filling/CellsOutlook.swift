internal import Music

/// What is known ahead of the place of the next id, in a piece of which a cell is filled in.
///
/// All of it is read from cells that are known or already written; while a known cell is written, nothing is told, as
/// where a piece is written from beginning to end.
struct CellsOutlook: Sendable {
  private let plan: CellPlan
  /// What is told, an index for each feature.
  private(set) var features: [Int32]

  /// The cell that is being filled in, or is next; −1 where none is.
  private var target = -1
  /// The hidden cell after it that is described as well; −1 where none is.
  private var following = -1
  /// Where in the features each group of them is.
  private let groups = Groups()
  /// For each of `lags` the first note at `position` or after it in the cell so many bars ahead.
  private var places = Array(repeating: Int32(0), count: CellsOutlook.lags.count)
  private var position = 0
  private var weights = PitchClassWeights()

  init(_ plan: CellPlan) {
    self.plan = plan
    features = Array(repeating: -1, count: Self.features(plan.layout).count)
  }

  /// How far ahead and back cells are compared, in bars.
  private static let lags = [1, 2, 4, 8, 16]
  private static let pitchCount = 257
  private static let noPitch: Int32 = 128
  private static let timeCount = 64
  private static let noTime: Int32 = 63
  /// A run of equal cells is counted to 8; 9 says that the first of them is not known.
  private static let runCount = 10
  private static let longestRun = 8
  private static let beatCount = 4
  private static let classCount = 13
  private static let noClass: Int32 = 12
  /// How many triads are told that fit what is heard, the best first.
  private static let triadCount = 2
  /// How well pitch classes fit to what is heard is told in fifths of the time.
  private static let fitCount = 6
  private static let widestInterval = 13

  /// The features, in the order in which they are written.
  static func features(_ layout: CellsLayout) -> [ContextFeature] {
    func feature(_ name: String, _ count: Int) -> ContextFeature { ContextFeature(name: name, count: count) }
    var features = [feature("hiddenBefore", 10), feature("barsToKnown", 18)]
    for lag in lags {
      features += [feature("pitchAhead\(lag)", pitchCount), feature("timeAhead\(lag)", timeCount)]
    }
    for lag in lags {
      features += [feature("runBefore\(lag)", runCount), feature("runAfter\(lag)", runCount)]
    }
    for lag in lags { features += [feature("laterParts\(lag)", 4), feature("partsAhead\(lag)", 4)] }
    features += [feature("nextKnownPitch", pitchCount), feature("nextKnownTime", timeCount)]
    features += (0..<beatCount).map { feature("aboveAtBeat\($0)", classCount) }
    features += [feature("abovePitch", 129), feature("aboveOnset", 34), feature("aboveDuration", 33)]
    features += (1...3).map { feature("aboveInBar\($0)", classCount) }
    features += (1...2).map { feature("inNextBar\($0)", classCount) }
    features += ["aboveInBar", "aboveInHalf"].flatMap { name in
      (1...triadCount).map { feature("\(name)Triad\($0)", 24) }
    }
    features.append(feature("inNextBarTriad", 24))
    features += lags.map { feature("fitToAbove\($0)", fitCount) } + [feature("lastFitToAbove", fitCount)]
    features += [feature("edgeInterval", 2 * widestInterval + 1), feature("edgeDistance", 34)]
    features += lags.map { feature("edgeIntervalOfCopy\($0)", 2 * widestInterval + 1) }
    features.append(feature("edgePitch", pitchCount))
    for lag in lags {
      features += [
        feature("followingRunBefore\(lag)", runCount), feature("followingRunAfter\(lag)", runCount),
      ]
    }
    for lag in lags {
      features += [feature("followingLaterParts\(lag)", 4), feature("followingPartsAhead\(lag)", 4)]
    }
    features += lags.map { feature("followingEdgeIntervalOfCopy\($0)", 2 * widestInterval + 1) }
    return features
  }

  private struct Groups {
    let place = 0
    let ahead = 2
    let runs: Int
    let parts: Int
    let next: Int
    let above: Int
    let note: Int
    let inBar: Int
    let nextBar: Int
    let triads: Int
    let fits: Int
    let edge: Int
    let edgePitch: Int
    let following: Int

    init() {
      runs = ahead + 2 * CellsOutlook.lags.count
      parts = runs + 2 * CellsOutlook.lags.count
      next = parts + 2 * CellsOutlook.lags.count
      above = next + 2
      note = above + CellsOutlook.beatCount
      inBar = note + 3
      nextBar = inBar + 3
      triads = nextBar + 2
      fits = triads + 2 * CellsOutlook.triadCount + 1
      edge = fits + CellsOutlook.lags.count + 1
      edgePitch = edge + 2 + CellsOutlook.lags.count
      following = edgePitch + 1
    }
  }

  /// Looks from the place that a sequence has come to.
  mutating func look(from progress: CellProgress) {
    lookAtCell(progress)
    lookAtFollowing(progress)
  }

  private mutating func lookAtCell(_ progress: CellProgress) {
    guard let (bar, part, position) = place(in: progress) else {
      if target >= 0 { for index in features.indices { features[index] = -1 } }
      (target, following) = (-1, -1)
      return
    }
    let cell = bar * plan.partCount + part
    let isNew = cell != target
    if isNew {
      target = cell
      compare(bar, part, progress)
    } else if position == self.position {
      if plan.parts[part].role != .drums { lookAtEdge(bar, part, position, progress) }
      return
    }
    find(bar, part, position, goesOn: !isNew && position > self.position)
    self.position = position
    if plan.parts[part].role != .drums {
      hear(bar, part, position, progress)
      lookAtEdge(bar, part, position, progress)
    }
  }

  /// The cell that is filled in here, and the step in it; nil where no hidden cell is.
  private func place(in progress: CellProgress) -> (bar: Int, part: Int, position: Int)? {
    let bar = progress.barCount - 1
    guard bar >= 0, bar < plan.bars.count else { return nil }
    var (part, position) = (progress.part, progress.nextOnset)
    switch progress.state {
    case .bar, .timeSignature, .barTempo, .ready, .level: position = 0
    case .notes, .position, .value, .rhythm: break
    case .note:
      // A known cell that is complete leads to the next one.
      if let known = plan.known(bar: bar, part: part), progress.cellCount >= Int(known.count) {
        part += 1
        position = 0
      }
    default: return nil
    }
    return plan.isHidden(bar: bar, part: part) ? (bar, part, position) : nil
  }

  // MARK: Cells

  /// A cell that is known or written, and whether it is the plan's.
  private func cell(_ bar: Int, _ part: Int, _ progress: CellProgress) -> (cell: Cell, isPlanned: Bool)? {
    if let known = plan.known(bar: bar, part: part) { return (known, true) }
    guard bar < plan.bars.count, let written = progress.memory.cell(bar: bar, part: part) else { return nil }
    return (written, false)
  }

  /// Whether two cells of a part are equal; nil where one of them is not known.
  private func areEqual(_ a: Int, _ b: Int, part: Int, _ progress: CellProgress) -> Bool? {
    guard let (first, firstIsPlanned) = cell(a, part, progress),
      let (second, secondIsPlanned) = cell(b, part, progress)
    else { return nil }
    if firstIsPlanned == secondIsPlanned { return first.isEqual(to: second) }
    guard first.count == second.count else { return false }
    let firstNotes = firstIsPlanned ? plan.memory : progress.memory
    let secondNotes = secondIsPlanned ? plan.memory : progress.memory
    for index in 0..<Int(first.count)
    where firstNotes.note(index, of: first) != secondNotes.note(index, of: second) {
      return false
    }
    return true
  }

  /// What holds of the whole cell: where it is in its gap, and what repeats what around it.
  private mutating func compare(_ bar: Int, _ part: Int, _ progress: CellProgress) {
    var before = 0
    while before < 9, plan.isHidden(bar: bar - before - 1, part: part) { before += 1 }
    var next = bar + 1
    while next < plan.bars.count, plan.isHidden(bar: next, part: part) { next += 1 }
    let hasNext = next < plan.bars.count
    features[groups.place] = Int32(before)
    features[groups.place + 1] = hasNext ? Int32(min(17, next - bar)) : 0
    compareBars(
      bar, part, next: hasNext ? next : nil, progress, runs: groups.runs, parts: groups.parts, copies: nil)
    let known = hasNext ? plan.known(bar: next, part: part) : nil
    let isDrum = plan.parts[part].role == .drums
    let (pitch, time) = known.map { describe($0, at: 0, from: 0, isDrum: isDrum) } ?? (-1, -1)
    features[groups.next] = pitch
    features[groups.next + 1] = time
    for index in groups.above..<groups.following { features[index] = -1 }
    guard !isDrum else { return }
    compareBars(bar, part, next: nil, progress, runs: nil, parts: nil, copies: groups.edge + 2)
    weigh(bar + 1, of: 0..<plan.partCount, except: part, from: 0, to: .max)
    features[groups.triads + 2 * Self.triadCount] = weights.triads().0
    for index in 0..<2 { features[groups.nextBar + index] = weights.takeHeaviest() }
  }

  /// Writes, for each of the distances, how long the part repeats itself around a cell and whether the other parts do, and on which
  /// interval a copy of the bar so far back would meet the next one.
  private mutating func compareBars(
    _ bar: Int, _ part: Int, next: Int?, _ progress: CellProgress, runs: Int?, parts: Int?, copies: Int?
  ) {
    let known = plan.known(bar: bar + 1, part: part)
    for (index, lag) in Self.lags.enumerated() {
      if let runs {
        features[runs + 2 * index] = run { areEqual(bar - 1 - $0, bar - 1 - $0 + lag, part: part, progress) }
        features[runs + 2 * index + 1] = run { step in
          next.flatMap { areEqual($0 + step, $0 + step - lag, part: part, progress) }
        }
      }
      if let parts {
        features[parts + 2 * index] = likeness(bar, bar - lag, of: part + 1..<plan.partCount, progress)
        features[parts + 2 * index + 1] = likeness(
          bar, bar + lag, of: 0..<plan.partCount, except: part, progress)
      }
      if let copies {
        features[copies + index] = -1
        guard let known, !known.isEmpty, let (cell, isPlanned) = cell(bar - lag, part, progress),
          !cell.isEmpty
        else { continue }
        features[copies + index] = interval(
          from: (isPlanned ? plan.memory : progress.memory).note(Int(cell.count) - 1, of: cell).pitch,
          to: plan.memory.note(0, of: known).pitch)
      }
    }
  }

  /// Describes the hidden cell after the one in progress, whose first id may be the next one.
  private mutating func lookAtFollowing(_ progress: CellProgress) {
    let (bar, part) = (progress.barCount - 1, progress.part + 1)
    guard progress.state == .note, target == bar * plan.partCount + part - 1,
      plan.isHidden(bar: bar, part: part)
    else {
      if following >= 0 { for index in groups.following..<features.count { features[index] = -1 } }
      following = -1
      return
    }
    guard following != target + 1 else { return }
    following = target + 1
    var next = bar + 1
    while next < plan.bars.count, plan.isHidden(bar: next, part: part) { next += 1 }
    let count = 2 * Self.lags.count
    compareBars(
      bar, part, next: next < plan.bars.count ? next : nil, progress, runs: groups.following,
      parts: groups.following + count,
      copies: plan.parts[part].role == .drums ? nil : groups.following + 2 * count)
  }

  private func run(_ isEqual: (_ step: Int) -> Bool?) -> Int32 {
    for step in 0..<Self.longestRun {
      guard let equal = isEqual(step) else { return step == 0 ? Int32(Self.runCount - 1) : Int32(step) }
      if !equal { return Int32(step) }
    }
    return Int32(Self.longestRun)
  }

  /// How many of some parts have the same in two bars: none, less than half of those that can be compared, half or more, all; −1
  /// where none can be.
  private func likeness(
    _ bar: Int, _ other: Int, of parts: Range<Int>, except own: Int = -1, _ progress: CellProgress
  ) -> Int32 {
    var (compared, alike) = (0, 0)
    for part in parts where part != own {
      guard let equal = areEqual(bar, other, part: part, progress) else { continue }
      compared += 1
      if equal { alike += 1 }
    }
    return compared == 0 ? -1 : alike == compared ? 3 : alike == 0 ? 0 : 2 * alike < compared ? 1 : 2
  }

  // MARK: Notes ahead

  /// Finds what stands at this place some bars ahead.
  private mutating func find(_ bar: Int, _ part: Int, _ position: Int, goesOn: Bool) {
    let isDrum = plan.parts[part].role == .drums
    for (index, lag) in Self.lags.enumerated() {
      let feature = groups.ahead + 2 * index
      guard let cell = plan.known(bar: bar + lag, part: part) else {
        (features[feature], features[feature + 1]) = (-1, -1)
        continue
      }
      var place = goesOn ? Int(places[index]) : 0
      while place < Int(cell.count), Int(plan.memory.note(place, of: cell).onset) < position { place += 1 }
      places[index] = Int32(place)
      (features[feature], features[feature + 1]) = describe(cell, at: place, from: position, isDrum: isDrum)
    }
  }

  /// A note of a cell as features: its pitch, and its duration where it begins at `position`, else how far on it is.
  private func describe(_ cell: Cell, at place: Int, from position: Int, isDrum: Bool) -> (Int32, Int32) {
    guard place < Int(cell.count) else { return (Self.noPitch, Self.noTime) }
    let note = plan.memory.note(place, of: cell)
    let distance = Int(note.onset) - position
    let time: UInt8 =
      distance > 0
      ? 32 + min(30, plan.layout.stepClasses[distance])
      : isDrum ? UInt8(min(31, note.value)) : plan.layout.stepClasses[Int(note.value)]
    return (Int32(isDrum ? 129 + Int(note.pitch) : Int(note.pitch)), Int32(time))
  }

  // MARK: Later parts of the bar

  /// Listens to what known parts that come later in the bar play from a step on.
  private mutating func hear(_ bar: Int, _ part: Int, _ position: Int, _ progress: CellProgress) {
    let later = part + 1..<plan.partCount
    let isAnyKnown = later.contains { plan.parts[$0].role != .drums && plan.known(bar: bar, part: $0) != nil }
    guard isAnyKnown else { return }
    let (length, beat) = (progress.barLength, plan.layout.feltBeat(ofTimeSignature: progress.timeSignature))
    for index in 0..<Self.beatCount {
      let step = position + index * beat
      let top = step < length ? highest(bar, later, at: step) : -1
      let silence = step < length ? Self.noClass : -1
      features[groups.above + index] = top >= 0 ? Int32(top % 12) : silence
      if index == 0 { features[groups.note] = top >= 0 ? Int32(top) : step < length ? Self.noPitch : -1 }
    }
    let next = nextOnset(bar, later, from: position)
    features[groups.note + 1] =
      next.map { $0.onset == position ? 1 : 2 + Int32(stepClass($0.onset - position)) } ?? 0
    features[groups.note + 2] = next.map { 1 + Int32(stepClass($0.duration)) } ?? 0
    let half = min(length, position + max(beat, length / 2))
    weigh(bar, of: later, from: position, to: half)
    (features[groups.triads + Self.triadCount], features[groups.triads + Self.triadCount + 1]) =
      weights.triads()
    weigh(bar, of: later, from: position, to: length)
    (features[groups.triads], features[groups.triads + 1]) = weights.triads()
    for (index, lag) in Self.lags.enumerated() {
      features[groups.fits + index] =
        cell(bar - lag, part, progress).map { fit(of: $0, at: -1, progress) } ?? -1
    }
    let last = cell(bar - 1, part, progress)
    features[groups.fits + Self.lags.count] =
      progress.cellCount > 0 && progress.part == part
      ? fit(
        ofNotes: progress.cellFirst..<progress.memory.notes.count, in: progress.memory, at: progress.lastOnset
      )
      : last.map { fit(of: $0, at: Int($0.cell.lastOnset), progress) } ?? -1
    for index in 0..<3 { features[groups.inBar + index] = weights.takeHeaviest() }
  }

  /// How much of what is weighed belongs to the pitch classes of a cell, or to those of its notes that begin at a step; −1 where
  /// there is nothing.
  private func fit(
    of found: (cell: Cell, isPlanned: Bool), at onset: Int, _ progress: CellProgress
  ) -> Int32 {
    let first = Int(found.cell.first)
    return fit(
      ofNotes: first..<first + Int(found.cell.count), in: found.isPlanned ? plan.memory : progress.memory,
      at: onset)
  }

  private func fit(ofNotes notes: Range<Int>, in memory: CellMemory, at onset: Int) -> Int32 {
    var classes: UInt16 = 0
    for index in notes where onset < 0 || Int(memory.notes[index].onset) == onset {
      classes |= 1 << UInt16(memory.notes[index].pitch % 12)
    }
    guard classes != 0, let share = weights.share(of: classes, parts: Self.fitCount - 1) else { return -1 }
    return share
  }

  /// How far it is to the next known bar of the part, in time and from the last pitch, where that is the next bar.
  private mutating func lookAtEdge(_ bar: Int, _ part: Int, _ position: Int, _ progress: CellProgress) {
    (features[groups.edge], features[groups.edge + 1], features[groups.edgePitch]) = (-1, -1, -1)
    guard let next = plan.known(bar: bar + 1, part: part), !next.isEmpty else { return }
    let left = max(0, progress.barLength - position)
    features[groups.edge + 1] = Int32(1 + stepClass(left))
    if left <= plan.layout.feltBeat(ofTimeSignature: progress.timeSignature) {
      features[groups.edgePitch] = Int32(plan.memory.note(0, of: next).pitch)
    }
    var last: UInt8?
    if progress.part == part, progress.cellCount > 0 {
      last = UInt8(truncatingIfNeeded: progress.lastPitch)
    } else if let (cell, isPlanned) = cell(bar - 1, part, progress), !cell.isEmpty {
      last = (isPlanned ? plan.memory : progress.memory).note(Int(cell.count) - 1, of: cell).pitch
    }
    guard let last else { return }
    features[groups.edge] = interval(from: last, to: plan.memory.note(0, of: next).pitch)
  }

  private func interval(from first: UInt8, to second: UInt8) -> Int32 {
    let widest = Self.widestInterval
    return Int32(min(max(Int(second) - Int(first), -widest), widest) + widest)
  }

  private func stepClass(_ steps: Int) -> UInt8 {
    plan.layout.stepClasses[min(steps, plan.layout.stepClasses.count - 1)]
  }

  /// Calls for each note of known, pitched cells of a bar.
  @inline(__always)
  private func forEachNote(_ bar: Int, _ parts: Range<Int>, except own: Int = -1, _ body: (CellNote) -> Void)
  {
    for part in parts where part != own && plan.parts[part].role != .drums {
      guard let cell = plan.known(bar: bar, part: part) else { continue }
      for index in 0..<Int(cell.count) { body(plan.memory.note(index, of: cell)) }
    }
  }

  /// The highest pitch that sounds at a step; −1 where none does.
  private func highest(_ bar: Int, _ parts: Range<Int>, at step: Int) -> Int {
    var top = -1
    forEachNote(bar, parts) { note in
      if Int(note.onset) <= step, step < Int(note.onset) + Int(note.value) { top = max(top, Int(note.pitch)) }
    }
    return top
  }

  private func nextOnset(_ bar: Int, _ parts: Range<Int>, from step: Int) -> (onset: Int, duration: Int)? {
    var next: (onset: Int, duration: Int)?
    forEachNote(bar, parts) { note in
      let onset = Int(note.onset)
      if onset >= step, onset < next?.onset ?? .max { next = (onset, Int(note.value)) }
    }
    return next
  }

  /// Adds up how long each pitch class sounds in a stretch of a bar.
  private mutating func weigh(
    _ bar: Int, of parts: Range<Int>, except own: Int = -1, from start: Int, to end: Int
  ) {
    weights.removeAll()
    forEachNote(bar, parts, except: own) { weights.add($0, from: start, to: end) }
  }
}
