internal import Analysis
internal import Arithmetic
public import Groundwork
internal import Tokenization

extension Composer {
  /// Composes each piece several times, and keeps one of the tries.
  ///
  /// The first try of a piece is what `compose` gives for its options. The same options and number of tries give the same pieces.
  /// - Parameters:
  ///   - options: What is asked of each piece.
  ///   - tries: How often each is composed, at least once.
  ///   - choice: Which try is kept.
  ///   - threadCount: How many threads share the work; it affects only the speed.
  ///   - cancellation: Stops the work.
  ///   - progress: Called with how many tries are done.
  /// - Returns: For each of the options the piece, or why there is none.
  public func compose(
    _ options: [CompositionOptions], tries: Int, choice: TryChoice = .likeliest, threadCount: Int,
    cancellation: Cancellation = Cancellation(), progress: ProgressHandler? = nil
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
      guard var best = choice.best(of: own.compactMap { try? $0.get() }) else { return own[index * tries] }
      // The seed that was asked for is the one that gives this piece again.
      best.seed = options[index].seed
      return .success(best)
    }
  }
}

/// Which of several tries of a piece is kept; of equals the first.
public struct TryChoice: Sendable {
  private let qualities: @Sendable ([Composition]) -> [Double]

  /// The one of the highest quality.
  /// - Parameter qualities: The quality of each of some tries.
  public init(_ qualities: @escaping @Sendable ([Composition]) -> [Double]) { self.qualities = qualities }

  /// The most probable: where a piece is filled in, that counts what is written as well as how it goes on into what follows.
  public static let likeliest = TryChoice { $0.map { -$0.nll } }

  /// The one whose chords have the roots that most tries agree on, beat by beat: of what may be meant the middle, where the most probable
  /// may be far from all others.
  public static let mostTypicalHarmony = TryChoice { pieces in
    let roots = pieces.map { $0.score.chordRoots.map(\.root) }
    return roots.map { own in
      roots.reduce(0) { sum, other in
        sum + Double(zip(own, other).count { $0.0 != nil && $0.0 == $0.1 })
      }
    }
  }

  /// The one in which the most hidden bars of parts have come out otherwise than they were; of several the most probable.
  public static func mostChanged(_ filling: PieceFilling) -> TryChoice {
    TryChoice { pieces in
      let most = pieces.map(\.nll).max() ?? 0
      return pieces.map { piece in
        Double(filling.changedCells(by: piece).changed) - piece.nll / (most + 1)
      }
    }
  }

  /// The best of some tries; nil where there is none.
  func best(of pieces: [Composition]) -> Composition? {
    guard !pieces.isEmpty else { return nil }
    let qualities = qualities(pieces)
    let best = pieces.indices.reduce(0) { qualities[$1] > qualities[$0] ? $1 : $0 }
    return pieces[best]
  }
}

extension Composition {
  /// −log p of all that was chosen, in nats.
  public var nll: Double { surprisals.reduce(0, +) }
}
