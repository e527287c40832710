internal import Arithmetic

// MARK: - How choices are made

extension PieceInProgress {
  /// Draws all further random numbers from another seed.
  mutating func reseed(_ seed: UInt64) {
    progress.random = RandomStream(seed: seed, name: "sampling")
    if !sketches.isEmpty { sketches[0].piece.progress.random = RandomStream(seed: seed, name: "sketch") }
  }

  /// Makes all further choices in another way.
  mutating func sample(by sampling: SamplingPreset) throws(ComposingError) {
    filters = try sampling.filters(for: roles)
    self.sampling = sampling
    setCache(sampling.cache)
    penalizeLoops(sampling.loops, ids: ids)
    try resampleSketch()
  }

  /// Lets the piece that is written beside this one be sampled as this one is, or parts would be given bars by what they no longer do.
  mutating func resampleSketch() throws(ComposingError) {
    guard !sketches.isEmpty, sketches[0].piece.sampling != sampling else { return }
    try sketches[0].piece.sample(by: sampling)
  }

  /// Lets the states from here on be remembered, as sampling asks for.
  mutating func setCache(_ settings: NeuralCache?) {
    guard settings != cache?.states.settings else { return }
    cache = settings.map { (PieceCache($0, vocabularySize: vocabularySize), fedCount) }
  }

  /// Lets loops be penalized from here on.
  /// - Parameter ids: The ids that `progress` knows.
  mutating func penalizeLoops(_ penalty: LoopPenalty?, ids: some Sequence<Int32>) {
    loopPenalty = penalty
    guard let penalty else {
      progress.loops = nil
      return
    }
    if progress.loops == nil {
      progress.loops = unreadLoops
      for id in ids { progress.loops?.advance(id) }
    }
    progress.loops?.strength = penalty.strength
  }

  /// Lets the cache know nothing but what followed the first ids.
  mutating func keepCache(ofFirst count: Int) {
    guard let start = cache?.start else { return }
    cache?.states.keepFirst(max(0, count - start))
    cache?.start = min(start, fedCount)
  }
}
