internal import Arithmetic
internal import Groundwork
internal import Recurrent

/// Several ways to go on from one place of a piece, each on a stream of a sampler.
final class Continuations {
  /// One of them.
  struct Attempt {
    /// Its number, from 0; the first one goes on as the piece would by itself.
    var index: Int
    var piece: PieceInProgress
  }

  private let start: PieceInProgress
  private let state: [Float]
  private let bench: StreamBench<Attempt>
  private var chooser: TokenChooser
  private let seeds: [UInt64?]
  private var next = 0
  /// What the first failed with that led nowhere; nil if none did.
  private(set) var failure: ComposingError?

  /// How many run side by side: this many share each weight that is read.
  static let streamLimit = 32

  /// Ways to go on.
  /// - Parameters:
  ///   - start: The piece.
  ///   - state: The state of the network before the piece's next id.
  ///   - bench: Where they run; its streams are free.
  ///   - chooser: What chooses ids.
  ///   - seeds: The seed of each; nil for the piece's own random numbers.
  init(
    _ start: PieceInProgress, state: [Float], bench: StreamBench<Attempt>, chooser: TokenChooser,
    seeds: [UInt64?]
  ) {
    self.start = start
    self.state = state
    self.bench = bench
    self.chooser = chooser
    self.seeds = seeds
  }

  /// Goes all the ways to their ends.
  /// - Parameters:
  ///   - cancellation: Stops the work.
  ///   - isComplete: Whether a piece has come to the end of its way.
  ///   - take: Is given each that has, in any order, and the state of the network before its next id.
  /// - Returns: What the first failed with that led nowhere; nil if none did.
  /// - Throws: `ComposingError.interrupted`.
  func run(
    cancellation: Cancellation?, until isComplete: (PieceInProgress) -> Bool,
    take: (Attempt, () -> [Float]) -> Void
  ) throws(ComposingError) -> ComposingError? {
    while try step(cancellation: cancellation, until: isComplete, take: take) {}
    return failure
  }

  /// Goes one id further on each way that is under way.
  /// - Parameters: As of `run`.
  /// - Returns: Whether any is left.
  /// - Throws: `ComposingError.interrupted`.
  func step(
    cancellation: Cancellation?, until isComplete: (PieceInProgress) -> Bool,
    take: (Attempt, () -> [Float]) -> Void
  ) throws(ComposingError) -> Bool {
    begin()
    guard !bench.isEmpty else { return false }
    if cancellation?.isRequested == true { throw .interrupted }
    bench.advance { attempt, contexts in
      contexts.append(contentsOf: attempt.piece.nextContext)
      return attempt.piece.nextID
    } take: { attempt, stream in
      do throws(ComposingError) {
        _ = try attempt.piece.take(bench.sampler, stream: stream, chooser: &chooser)
      } catch {
        // Another may get by the dead end that this one ran into.
        failure = failure ?? error
        return false
      }
      guard attempt.piece.isFinished || isComplete(attempt.piece) else { return true }
      take(attempt) { bench.sampler.state(ofStream: stream) }
      return false
    }
    begin()
    return !bench.isEmpty
  }

  private func begin() {
    while !bench.isFull, next < seeds.count {
      var piece = start
      if let seed = seeds[next] { piece.reseed(seed) }
      bench.begin(Attempt(index: next, piece: piece), state: state)
      next += 1
    }
  }
}

extension CompositionSession {
  /// Ways to go on from here.
  /// - Parameters:
  ///   - count: How many.
  ///   - random: Gives the seeds of all but the first.
  ///   - bench: Where they run; nil for a new one.
  func continuations(
    count: Int, random: inout RandomStream, bench: StreamBench<Continuations.Attempt>? = nil
  ) -> Continuations {
    let seeds: [UInt64?] = (0..<count).map { $0 == 0 ? nil : random.next() }
    return Continuations(
      piece, state: sampler.state(ofStream: 0), bench: bench ?? Self.bench(for: count, weights: weights),
      chooser: chooser, seeds: seeds)
  }

  static func bench(for count: Int, weights: SamplerWeights) -> StreamBench<Continuations.Attempt> {
    StreamBench(weights: weights, streamCount: min(count, Continuations.streamLimit))
  }
}
