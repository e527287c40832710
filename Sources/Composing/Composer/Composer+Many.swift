internal import Arithmetic
public import Groundwork
internal import Recurrent
internal import Tokenization

extension Composer {
  /// How many pieces a thread writes side by side: this many share each weight that is read.
  static let piecesPerThread = 16

  /// Composes several pieces side by side. Each is what `compose` gives for its options, note for note.
  /// - Parameters:
  ///   - options: what is asked of each piece.
  ///   - threadCount: how many threads share the pieces; it affects only the speed.
  ///   - cancellation: stops the work.
  ///   - progress: called with how many pieces are done.
  /// - Returns: for each of the options the piece, or why there is none.
  public func compose(
    _ options: [CompositionOptions], threadCount: Int, cancellation: Cancellation = Cancellation(),
    progress: ProgressHandler? = nil
  ) -> [Result<Composition, ComposingError>] {
    let queue = PieceQueue(options: options, progress: progress)
    let threadCount = max(1, min(threadCount, options.count))
    let team = ThreadTeam(threadCount: threadCount)
    if options.contains(where: { $0.form != nil || $0.ending != nil }) {
      let desks = (0..<threadCount).map { _ in CompositionDesk(composer: Composer(sharing: self)) }
      team.run { desks[$0].work(queue, cancellation: cancellation) }
      return queue.results
    }
    let streams = max(1, min(Self.piecesPerThread, (options.count + threadCount - 1) / threadCount))
    let benches = (0..<threadCount).map { _ in
      CompositionBench(model: model, weights: weights, streamCount: streams)
    }
    team.run { benches[$0].work(queue, cancellation: cancellation) }
    return queue.results
  }
}

/// The pieces that several threads write, each taken by one of them.
private struct PieceQueue: Sendable {
  let options: [CompositionOptions]
  let progress: ProgressHandler?
  private let parts: WorkQueue<Result<Composition, ComposingError>>

  init(options: [CompositionOptions], progress: ProgressHandler?) {
    self.options = options
    self.progress = progress
    parts = WorkQueue(count: options.count)
  }

  /// The next piece that no thread has taken.
  func next() -> (index: Int, options: CompositionOptions)? { parts.take().map { ($0, options[$0]) } }

  func finish(_ index: Int, with result: Result<Composition, ComposingError>) {
    let finished = parts.finish(index, result)
    progress?(
      ProgressReport(
        activity: "composing", completed: Double(finished), total: Double(options.count), unit: "pieces"))
  }

  /// The result of each; pieces that were not begun before the cancellation have none.
  var results: [Result<Composition, ComposingError>] { parts.results.map { $0 ?? .failure(.interrupted) } }
}

/// One thread's pieces, one after the other: those in a form or with a search for their ending have parts that are written side by
/// side.
private final class CompositionDesk: @unchecked Sendable {
  private let composer: Composer

  init(composer: Composer) { self.composer = composer }

  func work(_ queue: PieceQueue, cancellation: Cancellation) {
    while !cancellation.isRequested, let next = queue.next() {
      queue.finish(
        next.index,
        with: Result { () throws(ComposingError) in
          try composer.compose(next.options, cancellation: cancellation)
        })
    }
  }
}

/// One thread's pieces, each on a stream of the thread's sampler. Where one is finished, the next of the queue takes its stream.
private final class CompositionBench: @unchecked Sendable {
  private let model: MusicModel
  private let sampler: LanguageModelSampler
  private var chooser: TokenChooser
  /// The running pieces, on streams 0, 1, …
  private var pieces: [(index: Int, piece: PieceInProgress)] = []
  private var ids: [Int32] = []
  /// What the network is told beside them, a context for each.
  private var contexts: [Int32] = []
  private let hasContext: Bool

  init(model: MusicModel, weights: SamplerWeights, streamCount: Int) {
    self.model = model
    sampler = LanguageModelSampler(weights: weights, streamCount: streamCount)
    hasContext = !weights.configuration.contextSizes.isEmpty
    chooser = TokenChooser(model: model)
  }

  func work(_ queue: PieceQueue, cancellation: Cancellation) {
    begin(queue)
    while !pieces.isEmpty, !cancellation.isRequested {
      ids.removeAll(keepingCapacity: true)
      contexts.removeAll(keepingCapacity: true)
      for place in pieces.indices {
        ids.append(pieces[place].piece.nextID)
        if hasContext { contexts.append(contentsOf: pieces[place].piece.nextContext) }
      }
      ids.withUnsafeBufferPointer { ids in
        contexts.withUnsafeBufferPointer { sampler.advance(ids, contexts: $0) }
      }
      // From the last stream to the first, for one that is finished gives its place to the last.
      for stream in pieces.indices.reversed() { take(stream, queue) }
      begin(queue)
    }
  }

  /// Begins pieces as long as there are streams and pieces left.
  private func begin(_ queue: PieceQueue) {
    while pieces.count < sampler.streamCount, let next = queue.next() {
      do throws(ComposingError) {
        let piece = try PieceInProgress(next.options, tokenizer: model.tokenizer)
        sampler.reset(stream: pieces.count)
        pieces.append((next.index, piece))
      } catch {
        queue.finish(next.index, with: .failure(error))
      }
    }
  }

  /// Goes on with a piece by the logits of its stream.
  private func take(_ stream: Int, _ queue: PieceQueue) {
    do throws(ComposingError) {
      _ = try pieces[stream].piece.take(sampler, stream: stream, chooser: &chooser)
      guard pieces[stream].piece.isFinished else { return }
      let piece = try pieces[stream].piece.finished(roles: model.tokenizer.vocabulary.roles)
      queue.finish(pieces[stream].index, with: .success(piece))
    } catch {
      queue.finish(pieces[stream].index, with: .failure(error))
    }
    let last = pieces.count - 1
    if stream < last { sampler.copyStream(last, to: stream) }
    pieces.swapAt(stream, last)
    pieces.removeLast()
  }
}
