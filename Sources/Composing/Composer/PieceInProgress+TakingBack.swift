internal import Recurrent
internal import Tokenization

// MARK: - Taking back

extension PieceInProgress {
  /// Takes the last id back, after which nothing can come, and notes that it leads nowhere.
  ///
  /// What made it a dead end may lie far back. So now and then all that was chosen since a bar line is given up: mostly the last
  /// one, half as often the one two bars before, and so on.
  mutating func takeBack(
    _ sampler: LanguageModelSampler, stream: Int, _ reason: TokenChooser.Choice
  ) throws(ComposingError) {
    let last = ids.count - 1
    // A note that is given up makes room for another at its place.
    let isImpasse = if case .impasse = reason { true } else { false }
    if isImpasse {
      impasseCount += 1
      impasseTotal += 1
    } else {
      deadEndCount += 1
    }
    guard last >= beginning.ids.count, deadEndCount <= Self.deadEndLimit, let start else {
      throw .contradiction(constraints: options.constraints.map(\.summary), tokens: chosenCount)
    }
    deadEnds.removeAll { $0.index > last }
    deadEnds.append((last, ids[last]))
    let (leaps, rest) = deadEndCount.quotientAndRemainder(dividingBy: Self.deadEndsPerLeap)
    let back = rest == 0 && !isImpasse ? 1 << leaps.trailingZeroBitCount : 0
    let reachable = bars.prefix { $0.idCount <= last }
    let place = reachable.dropLast(max(0, back - 1)).last ?? start
    let kept = back == 0 ? ids[place.idCount..<last] : []
    // The random numbers continue: those of the saved place would lead to the same place again.
    let random = progress.random
    let count = place.idCount + kept.count
    let rewritten = holdsRewrittenMusic ? music : DecodedMusic()
    noteTakenBack(to: count)
    try restore(place, sampler, stream: stream)
    progress.random = random
    surprisals.removeLast(max(0, surprisals.count - count + beginning.ids.count))
    ids.removeLast(ids.count - count)
    deadEnds.removeAll { $0.index > count }
    for id in kept { try advance(id) }
    music = rewritten
    music.notes.removeAll { $0.ids.upperBound > count }
    music.bars.removeAll { $0.ids.upperBound >= count }
  }

  mutating func noteTakenBack(to count: Int) {
    takenBack += ids.count - count
    untouchedCount = min(untouchedCount, count)
    if let draft, draft.place.idCount >= count { self.draft = nil }
  }

  mutating func restore(
    _ place: SavedPlace, _ sampler: LanguageModelSampler, stream: Int
  ) throws(ComposingError) {
    bars.removeAll { $0.idCount > place.idCount }
    progress = place.progress
    sketches = place.sketches
    // It was saved as it was sampled then.
    try resampleSketch()
    penalizeLoops(loopPenalty, ids: ids.prefix(place.idCount))
    fedCount = place.idCount - 1
    nextID = ids[fedCount]
    context = place.context
    context?.write(into: &nextContext)
    keepCache(ofFirst: fedCount)
    isFinished = false
    if place.state.isEmpty {
      sampler.reset(stream: stream)
    } else {
      sampler.setState(place.state, ofStream: stream)
    }
  }

  /// How many ids were taken back before the last one was chosen, and how many before them were not.
  mutating func forgetTakenBack() -> (count: Int, untouched: Int) {
    defer { (takenBack, untouchedCount) = (0, .max) }
    return (takenBack, min(untouchedCount, ids.count - 1))
  }

  /// The bars that can be rewound to, by number; nil if there are none.
  var savedBars: ClosedRange<Int>? {
    guard savedBarLimit > 0, let first = bars.first, let last = bars.last else { return nil }
    return first.progress.grammar.barCount - 1...last.progress.grammar.barCount - 1
  }

  /// Takes back all that was chosen after the bar line of a bar.
  /// - Throws: `ComposingError.invalidOption` if the bar was not saved.
  mutating func rewind(
    toBar number: Int, _ sampler: LanguageModelSampler, stream: Int
  ) throws(ComposingError) {
    guard savedBarLimit > 0, let place = bars.last(where: { $0.progress.grammar.barCount - 1 == number })
    else {
      throw .invalidOption(
        name: "the bar to go back to", value: "\(number)",
        expected: savedBars.map { "\($0.lowerBound) to \($0.upperBound)" } ?? "none: no bar is saved")
    }
    try restore(place, sampler, stream: stream)
    // After a rewriting, some ids may have no surprisal yet.
    surprisals.removeLast(max(0, surprisals.count - place.idCount + beginning.ids.count))
    ids.removeLast(ids.count - place.idCount)
    deadEnds.removeAll { $0.index >= place.idCount }
    if let draft, draft.place.idCount >= place.idCount { self.draft = nil }
    music.removeAll()
    holdsRewrittenMusic = false
    beginSketch(sampler, stream: stream)
  }
}
