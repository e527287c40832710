internal import Arithmetic
internal import Music
internal import Tokenization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// What each part gets of what a bar has room for, where the parts together may have only so many notes or voices.
///
/// Parts are written one after the other. Without shares the first ones would take all there is, and the melody, which comes last, would
/// have to be silent.
struct BarShares: Sendable {
  /// The fewest and most notes of each part; drums have no limits.
  var least: [Int]
  var most: [Int]
  /// What the notes of each part are to fill where some part has less than it would play; nil for parts that do not play.
  private(set) var spans: [Span?]
  /// Whether some part has less than it would play.
  let isCut: Bool
  /// How many of the bar's notes are left to the parts after each one.
  private(set) var laterNotes: [Int]
  /// How many of the voices are; nil where nobody asked for a number of voices.
  private(set) var laterVoices: [Int]?

  /// What a part would do in the bar if it had all the room.
  struct Wish: Sendable, Equatable {
    var notes = 0
    /// How many of its notes sound together at most.
    var voices = 0
    /// The steps at which the first of them begins and the last one ends.
    var start = 0
    var end = 0
    /// The lowest and highest of them.
    var pitches: ClosedRange<Int>?
  }

  /// The time that a part would play in the bar.
  struct Span: Sendable {
    /// How many notes it has for it, if that is fewer than it would play; else nil.
    var notes: Int?
    /// Where its first note begins and its last one ends.
    var start: Int
    var end: Int
  }

  /// Divides a bar.
  /// - Parameters:
  ///   - wishes: What each part would play; drums nothing.
  ///   - parts: The parts.
  ///   - rules: The limits.
  init(_ wishes: [Wish], _ parts: [PartRules], _ rules: CellRules) {
    let order = Self.order(of: parts)
    var seats = wishes.map(\.voices)
    if rules.limits.voices != nil, seats.reduce(0, +) > rules.mostVoices {
      seats = Self.seats(wishes.map(\.voices), order, count: rules.mostVoices)
      laterVoices = Self.later(seats)
    }
    // Who has no voice in this bar has no notes.
    let notes = zip(wishes, seats).map { $1 == 0 ? 0 : $0.notes }
    let sum = notes.reduce(0, +), density = rules.density
    let own = sum > density.upperBound ? Self.divide(density.upperBound, notes, order) : notes
    laterNotes = Self.later(own)
    let asked = sum < density.lowerBound ? Self.divide(density.lowerBound, notes, order) : []
    let isCut = own != wishes.map(\.notes) || seats != wishes.map(\.voices)
    self.isCut = isCut
    spans = zip(own, wishes).map { own, wish in
      guard isCut, own > 0 else { return nil }
      return Span(notes: own < wish.notes ? own : nil, start: wish.start, end: wish.end)
    }
    least = own.enumerated().map { part, count in
      count == 0 ? 0 : max(1, asked.isEmpty ? 0 : asked[part])
    }
    most = zip(wishes, seats).map { $0.voices > 0 && $1 == 0 ? 0 : .max }
  }

  /// The same, but no part has to play.
  func withoutLeast() -> BarShares {
    var shares = self
    shares.least = least.map { _ in 0 }
    return shares
  }

  /// The parts by how much is lost without them: the leading one, the lowest one, the others.
  private static func order(of parts: [PartRules]) -> [Int] {
    let pitched = parts.indices.filter { !parts[$0].isDrum }
    let leading = pitched.filter { parts[$0].leads }
    let bass = pitched.first { parts[$0].role == .bass && !parts[$0].leads }
    let outer = leading + (bass.map { [$0] } ?? [])
    return outer + pitched.filter { !outer.contains($0) }
  }

  /// Gives each part that plays a voice, the most important ones first, and then further ones to those that play several.
  private static func seats(_ wishes: [Int], _ order: [Int], count: Int) -> [Int] {
    var seats = wishes.map { _ in 0 }
    var left = count
    while left > 0 {
      let before = left
      for part in order where left > 0 && seats[part] < wishes[part] {
        seats[part] += 1
        left -= 1
      }
      if left == before { break }
    }
    return seats
  }

  /// Divides a number of notes in proportion to others, by Sainte-Laguë's method, where each part that plays has one first.
  static func divide(_ count: Int, _ wishes: [Int], _ order: [Int]) -> [Int] {
    var notes = wishes.map { _ in 0 }
    let players = order.filter { wishes[$0] > 0 }
    for index in 0..<count {
      guard index >= players.count else {
        notes[players[index]] = 1
        continue
      }
      func claim(_ part: Int) -> Double { Double(wishes[part]) / Double(2 * notes[part] + 1) }
      // Of equals the first, which is the more important one.
      guard let next = players.max(by: { claim($0) < claim($1) }) else { break }
      notes[next] += 1
    }
    return notes
  }

  /// The sums of what comes after each.
  private static func later(_ values: [Int]) -> [Int] {
    var sums = values, sum = 0
    for index in values.indices.reversed() {
      sums[index] = sum
      sum += values[index]
    }
    return sums
  }
}

// MARK: - A bar begins

extension CellLimits {
  /// Whether the bar that has begun is to be divided among parts, by what they would play in it if they had all the room.
  var wantsSketch: Bool {
    guard !isDivided, state != nil, fixed.relaxed != nil else { return false }
    return completion.parts.count { !$0.isDrum } > (rules.limits.ranges.isEmpty ? 1 : 0)
  }

  /// The limits but those that divide a bar among its parts, at the same place of the piece.
  func sketching() -> CellLimits? {
    guard let relaxed = fixed.relaxed, let number = state?.frame.number else { return nil }
    var copy = self
    copy.fixed = relaxed
    copy.completion = BarCompletion(
      rules: relaxed.rules,
      parts: PartRules.ensemble(view.parts, relaxed.rules.limits, pitches: view.soundingRange))
    copy.outline = nil
    copy.judging = completion
    if number == 0, rules.plan.isEmpty, outline == nil {
      // Nor may it keep a time signature in which the limits cannot be held.
      copy.possibleSignatures = Set(view.timeSignatures.indices).subtracting([view.timeSignature])
    }
    let frame = copy.frame(number)
    copy.state?.frame = frame
    return copy
  }

  /// What the parts play in the bar before the one that has just begun, or in the last one of a piece that has ended.
  func wishes(hasEnded: Bool) -> [BarShares.Wish] {
    completion.parts.indices.map { part in
      guard !completion.parts[part].isDrum else { return BarShares.Wish() }
      let notes = view.notes(ofPart: part, barsBack: hasEnded ? 0 : 1)
      let voices = notes.map { note in
        notes.count { $0.onset <= note.onset && note.onset < $0.onset + $0.duration }
      }
      let pitches = notes.map(\.pitch)
      return BarShares.Wish(
        notes: notes.count, voices: voices.max() ?? 0, start: notes.first?.onset ?? 0,
        end: notes.map { $0.onset + $0.duration }.max() ?? 0,
        pitches: pitches.min().flatMap { low in pitches.max().map { low...$0 } })
    }
  }

  /// Divides the bar that has begun, as far as all limits can be held then.
  /// - Parameters:
  ///   - wishes: What the parts do in the sketch; none where it came to nothing.
  ///   - signature: The sketch's time signature, which is the piece's then; nil where it came to nothing.
  mutating func divide(_ wishes: [BarShares.Wish], signature: Int?) {
    isDivided = true
    if let signature { takeSignature(signature) }
    for (part, wish) in wishes.enumerated() {
      if let pitches = wish.pitches { widenPitches(ofPart: part, by: pitches, isUsual: true) }
    }
    guard let state, rules.dividesBars, wishes.contains(where: { $0.notes > 0 }) else { return }
    var wishes = wishes
    let frame = state.frame
    for part in completion.parts.indices where completion.parts[part].leads {
      if let rhythm = frame.rhythm {
        wishes[part] = .init(notes: rhythm.count, voices: rhythm.isEmpty ? 0 : 1)
      }
      if frame.isLast, rules.limits.lastNote != nil {
        wishes[part] = .init(notes: 1, voices: 1, end: frame.length)
      }
    }
    let shares = BarShares(wishes, completion.parts, rules)
    for candidate in [shares, shares.withoutLeast()] {
      completion.shares = candidate
      if isPossible(state, nil, next: 0) { return }
    }
    completion.shares = nil
  }

  /// The shortest that a note of the part may be that begins at a step, so that the few notes that the part has sound as long as the many
  /// that it would play; 1 where it has as many as it likes.
  func leastDuration(at onset: Int, _ state: BarState) -> Int {
    guard fills, let span = completion.shares?.spans[view.part], let notes = span.notes else { return 1 }
    let left = notes - state.counts[view.part], room = min(span.end, state.frame.length) - onset
    guard left > 0, room > 0 else { return 1 }
    let least = left == 1 ? min(room, state.frame.latestEnd - onset) : room / (2 * left)
    return max(1, min(least, rules.durations.upperBound))
  }

  /// Whether the part's cell may end before the next id: not before its notes have filled their time.
  var mayLeave: Bool {
    guard fills, let state, let span = completion.shares?.spans[view.part] else { return true }
    let end = min(span.end, state.frame.length, state.frame.latestEnd)
    return state.counts[view.part] >= span.notes ?? .max || view.cursor >= end
  }

  /// Whether a note may begin later than where the last one ends: a part that has fewer notes than it would play begins where it would, and
  /// leaves no holes.
  func maySkip(to step: Int) -> Bool {
    guard fills, let span = completion.shares?.spans[view.part], span.notes != nil else { return true }
    return view.lastOnset < 0 && step <= span.start
  }

  /// Leaves the end of a bar silent where rests are asked for, so that parts end before it rather than have nothing to go on with: of two
  /// bars the second, and where half of the time is to be silent each one.
  mutating func leaveSilence() {
    guard let rests = rules.limits.rests, rests.lowerBound > 0, let state else { return }
    let frame = state.frame, silence = state.silence(rules)
    let waits = rests.lowerBound <= Self.mostInOneBar / 2 && frame.number % 2 == 0 && !frame.isLast
    let due = rests.lowerBound * Double(state.elapsed + frame.length) - Double(state.silent) - 1e-9
    let asked = max(silence.lowerBound, waits ? 0 : Int(due.rounded(.up)))
    guard asked > 0 else { return }
    let beat = max(
      1,
      frame.length
        / max(1, rules.signatures[rules.signature(ofBar: frame.number, free: freeSignature)].beatCount))
    let whole = (asked + beat - 1) / beat * beat
    for steps in [whole, asked, silence.lowerBound]
    where steps > 0 && steps < frame.length && steps <= silence.upperBound {
      var quiet = state
      quiet.frame.latestEnd = min(frame.latestEnd, frame.length - steps)
      guard isPossible(quiet, nil, next: 0) else { continue }
      self.state = quiet
      return
    }
  }

  /// How much of a bar may be silent for the sake of another one that is not.
  private static let mostInOneBar = 0.8
}

extension Span<Float> {
  /// The probability of some ids together, by the logits of all.
  func share(of ids: Range<Int32>) -> Float {
    withUnsafeBufferPointer { logits in
      guard let base = logits.baseAddress else { return 0 }
      let sum = Kernels.current.softmax(count: logits.count, logits: base, probabilities: nil)
      return ids.reduce(0) { $0 + exp(logits[Int($1)] - sum) }
    }
  }

  /// The logit of what has a probability.
  func logit(ofProbability probability: Float) -> Float {
    withUnsafeBufferPointer { logits in
      guard let base = logits.baseAddress else { return 0 }
      return Kernels.current.softmax(count: logits.count, logits: base, probabilities: nil) + log(probability)
    }
  }
}
