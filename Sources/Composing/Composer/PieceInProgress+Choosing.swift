internal import Recurrent
internal import Tokenization

// MARK: - Choosing

extension PieceInProgress {
  /// Takes the logits that the network gave for `nextID`, and chooses by them once all that is known is fed.
  /// - Parameters:
  ///   - sampler: the network, whose state is saved and restored here; it is not advanced.
  ///   - stream: the piece's stream of it.
  /// - Returns: whether an id was chosen, which is the last of `ids`.
  /// - Throws: `ComposingError.brokenWeights`, `.contradiction`, `.endless`.
  mutating func take(
    _ sampler: LanguageModelSampler, stream: Int, chooser: inout TokenChooser
  ) throws(ComposingError) -> Bool {
    guard !isSketching else {
      try sketch(sampler, stream: stream, chooser: &chooser)
      return false
    }
    fedCount += 1
    let saves = givesUpNotes || savedBarLimit > 0
    if saves, start == nil, fedCount == beginning.ids.count - 1 {
      var context = context
      context?.advance(ids[fedCount])
      start = SavedPlace(
        idCount: fedCount + 1, progress: progress, state: sampler.state(ofStream: stream), context: context)
    }
    guard fedCount == ids.count else {
      let id = ids[fedCount]
      if surprisals.count < fedCount + 1 - beginning.ids.count {
        surprisals.append(surprisal(of: id, sampler, stream: stream))
      }
      cache?.states.add(sampler.output(ofStream: stream), follower: id)
      feedNext(id)
      return false
    }
    if saves, start == nil {
      start = SavedPlace(idCount: fedCount, progress: progress, state: [], context: context)
    }
    if !holdsRewrittenMusic { music.removeAll() }
    var (choice, surprisal) = try choose(sampler, stream: stream, chooser: &chooser)
    if case .nothing = choice, givesUp, impasseCount > 0 {
      if !progress.constraints.isEmpty, progress.idsInBar > 0 {
        // All ways on were given up: what led here is, too.
        try takeBack(sampler, stream: stream, .impasse)
        return false
      }
      // Where the model likes no way on, the next best has to do.
      impasseCount = Self.impasseLimit
      deadEnds.removeAll { $0.index == ids.count }
      (choice, surprisal) = try choose(sampler, stream: stream, chooser: &chooser)
    }
    guard case .id(let id) = choice else {
      try takeBack(sampler, stream: stream, choice)
      return false
    }
    let opened = progress.grammar.beginsDraft(with: id) ? makeDraft(sampler, stream: stream) : nil
    cache?.states.add(sampler.output(ofStream: stream), follower: id)
    surprisals.append(surprisal)
    ids.append(id)
    let barCount = progress.grammar.barCount
    try advance(id)
    if let rewriting = progress.grammar.rewriting, let draft, draft.place.idCount == rewriting.keptCount {
      try rewrite(as: rewriting.ids, from: draft, sampler, stream: stream)
      return false
    }
    if let opened { draft = opened }
    holdsRewrittenMusic = false
    feedNext(id)
    isFinished = progress.grammar.isFinished
    if saves, progress.grammar.barCount > barCount {
      if bars.count == max(1, savedBarLimit) { bars.removeFirst() }
      bars.append(
        SavedPlace(
          idCount: ids.count, progress: progress, state: sampler.state(ofStream: stream), context: context,
          sketches: sketches))
    }
    if progress.grammar.barCount > barCount, !progress.constraints.isEmpty {
      if impasseTotal < Self.impasseTotalLimit { impasseCount = 0 }
      beginSketch(sampler, stream: stream)
    }
    return true
  }

  /// Whether notes may still be given up.
  private var givesUp: Bool { givesUpNotes && impasseCount < Self.impasseLimit }

  /// Chooses the next id by the logits of the piece's stream, and by the cache where there is one.
  /// - Returns: What came of it, and −log p of the id.
  private mutating func choose(
    _ sampler: LanguageModelSampler, stream: Int, chooser: inout TokenChooser
  ) throws(ComposingError) -> (choice: TokenChooser.Choice, surprisal: Double) {
    let own = sampler.logits(ofStream: stream), index = ids.count
    let mayGiveUp = givesUp && index > beginning.ids.count
    func judged(
      _ choice: TokenChooser.Choice, _ logits: UnsafeBufferPointer<Float>
    ) -> (choice: TokenChooser.Choice, surprisal: Double) {
      guard case .id(let id) = choice else { return (choice, 0) }
      return (choice, TokenChooser.surprisal(of: id, logits: logits))
    }
    guard let mixed = cache?.states.mix(own, key: sampler.output(ofStream: stream)) else {
      let choice = try chooser.chooseID(
        logits: own, filters: filters, progress: &progress, forbidden: deadEnds, index: index,
        mayGiveUp: mayGiveUp)
      return judged(choice, own)
    }
    let (filters, deadEnds) = (filters, deadEnds)
    return try mixed.withUnsafeBufferPointer { logits throws(ComposingError) in
      let choice = try chooser.chooseID(
        logits: logits, filters: filters, progress: &progress, forbidden: deadEnds, index: index,
        mayGiveUp: mayGiveUp)
      return judged(choice, logits)
    }
  }

  /// Lets an id be fed to the network next.
  mutating func feedNext(_ id: Int32) {
    nextID = id
    context?.advance(id)
    context?.write(into: &nextContext)
  }

  /// Takes note of the next id.
  mutating func advance(_ id: Int32) throws(ComposingError) {
    let bars = progress.grammar.barCount
    progress.grammar.advance(id)
    for index in progress.constraints.indices { progress.constraints[index].advance(id) }
    progress.loops?.advance(id)
    if !progress.constraints.isEmpty, let pitch = roles.writtenPitch(of: id) {
      let known = progress.pitches ?? pitch...pitch
      progress.pitches = min(known.lowerBound, pitch)...max(known.upperBound, pitch)
    }
    do {
      try progress.decoder.take(id, into: &music)
    } catch {
      throw .cause(error)
    }
    progress.idsInBar += 1
    guard progress.grammar.barCount > bars else { return }
    progress.idsInBar = 0
    if progress.notesBefore == nil { progress.notesBefore = progress.grammar.noteCount }
  }
}
