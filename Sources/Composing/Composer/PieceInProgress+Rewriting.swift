internal import Recurrent
internal import Tokenization

// MARK: - Rewriting

extension PieceInProgress {
  /// The beginning of a draft before the next id, once all ids are fed.
  mutating func makeDraft(_ sampler: LanguageModelSampler, stream: Int) -> Draft {
    let own = sampler.logits(ofStream: stream), output = sampler.output(ofStream: stream)
    return Draft(
      place: SavedPlace(
        idCount: ids.count, progress: progress, state: sampler.state(ofStream: stream), context: context),
      output: cache == nil ? [] : Array(output),
      logits: cache?.states.mix(own, key: output) ?? Array(own))
  }

  /// Puts other ids in the place of a draft, which is fed to the network no more. The last id chosen showed that they say the same
  /// as the draft; it is chosen again after them.
  mutating func rewrite(
    as rewritten: [Int32], from draft: Draft, _ sampler: LanguageModelSampler, stream: Int
  ) throws(ComposingError) {
    let place = draft.place
    noteTakenBack(to: place.idCount)
    let random = progress.random
    bars.removeAll { $0.idCount > place.idCount }
    progress = place.progress
    progress.random = random
    penalizeLoops(loopPenalty, ids: ids.prefix(place.idCount))
    fedCount = place.idCount
    context = place.context
    sampler.setState(place.state, ofStream: stream)
    surprisals.removeLast(ids.count - place.idCount)
    ids.removeLast(ids.count - place.idCount)
    deadEnds.removeAll { $0.index >= place.idCount }
    let isCached = cache.map { $0.start < fedCount } ?? false
    keepCache(ofFirst: fedCount - 1)
    if isCached { draft.output.withUnsafeBufferPointer { cache?.states.add($0, follower: rewritten[0]) } }
    surprisals.append(
      draft.logits.withUnsafeBufferPointer { TokenChooser.surprisal(of: rewritten[0], logits: $0) })
    music.removeAll()
    holdsRewrittenMusic = true
    for id in rewritten {
      ids.append(id)
      try advance(id)
    }
    feedNext(rewritten[0])
  }

  /// −log p of an id that is given, by what the network and the cache give for it.
  mutating func surprisal(of id: Int32, _ sampler: LanguageModelSampler, stream: Int) -> Double {
    let own = sampler.logits(ofStream: stream)
    guard let mixed = cache?.states.mix(own, key: sampler.output(ofStream: stream)) else {
      return TokenChooser.surprisal(of: id, logits: own)
    }
    return mixed.withUnsafeBufferPointer { TokenChooser.surprisal(of: id, logits: $0) }
  }
}
