internal import Arithmetic
public import Groundwork
internal import Tokenization

extension Composer {
  /// Composes each piece several times, and keeps the most probable: where a piece is filled in, that counts what is written as well as
  /// how it goes on into what follows.
  ///
  /// The first try of a piece is what `compose` gives for its options. The same options and number of tries give the same pieces.
  /// - Parameters:
  ///   - options: What is asked of each piece.
  ///   - tries: How often each is composed.
  ///   - isBetter: Says whether a try is better than another one; by default whether the surprisal of all that was chosen is less.
  ///   - threadCount: How many threads share the work; it affects only the speed.
  ///   - cancellation: Stops the work.
  ///   - progress: Called with how many tries are done.
  /// - Returns: For each of the options the piece, or why there is none.
  public func compose(
    _ options: [CompositionOptions], tries: Int,
    isBetter: (_ index: Int, _ a: Composition, _ b: Composition) -> Bool = { _, a, b in a.nll < b.nll },
    threadCount: Int, cancellation: Cancellation = Cancellation(), progress: ProgressHandler? = nil
  ) -> [Result<Composition, ComposingError>] {
    let tries = max(1, tries)
    let all = options.flatMap { options in
      var random = RandomStream(seed: options.seed, name: "tries")
      return (0..<tries).map { index in
        var attempt = options
        if index > 0 { attempt.seed = random.next() }
        return attempt
      }
    }
    let results = compose(all, threadCount: threadCount, cancellation: cancellation, progress: progress)
    return options.indices.map { index in
      let own = results[index * tries..<(index + 1) * tries]
      var best: Composition?
      for case .success(let piece) in own {
        if let known = best, !isBetter(index, piece, known) { continue }
        best = piece
      }
      guard var best else { return own[index * tries] }
      // The seed that was asked for is the one that gives this piece again.
      best.seed = options[index].seed
      return .success(best)
    }
  }
}

extension Composition {
  /// −log p of all that was chosen, in nats.
  public var nll: Double { surprisals.reduce(0, +) }
}
