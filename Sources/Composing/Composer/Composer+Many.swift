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
    if options.contains(where: \.isWrittenInParts) {
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

extension CompositionOptions {
  /// Whether there are parts of the piece that are written side by side.
  fileprivate var isWrittenInParts: Bool { form != nil || search != nil || ending != nil }
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

/// One thread's pieces, one after the other: those in a form or with a search have parts that are written side by side.
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
  private let bench: StreamBench<(index: Int, piece: PieceInProgress)>
  private var chooser: TokenChooser

  init(model: MusicModel, weights: SamplerWeights, streamCount: Int) {
    self.model = model
    bench = StreamBench(weights: weights, streamCount: streamCount)
    chooser = TokenChooser(model: model)
  }

  func work(_ queue: PieceQueue, cancellation: Cancellation) {
    begin(queue)
    while !bench.isEmpty, !cancellation.isRequested {
      bench.advance { job, contexts in
        contexts.append(contentsOf: job.piece.nextContext)
        return job.piece.nextID
      } take: { job, stream in
        take(&job, stream, queue)
      }
      begin(queue)
    }
  }

  /// Begins pieces as long as there are streams and pieces left.
  private func begin(_ queue: PieceQueue) {
    while !bench.isFull, let next = queue.next() {
      do throws(ComposingError) {
        bench.begin(
          (
            next.index,
            try PieceInProgress(next.options, tokenizer: model.tokenizer, habits: model.critic?.habits)
          ))
      } catch {
        queue.finish(next.index, with: .failure(error))
      }
    }
  }

  /// Goes on with a piece by the logits of its stream.
  /// - Returns: Whether there is more to write.
  private func take(
    _ job: inout (index: Int, piece: PieceInProgress), _ stream: Int, _ queue: PieceQueue
  ) -> Bool {
    do throws(ComposingError) {
      _ = try job.piece.take(bench.sampler, stream: stream, chooser: &chooser)
      guard job.piece.isFinished else { return true }
      queue.finish(job.index, with: .success(try job.piece.finished(roles: model.tokenizer.vocabulary.roles)))
    } catch {
      queue.finish(job.index, with: .failure(error))
    }
    return false
  }
}
