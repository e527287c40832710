public import Composing
public import Groundwork
internal import Music
internal import Tokenization

/// The pieces that are compared with human ones.
public struct ComposedMusic: Sendable {
  /// The pieces, as the model's tokenizer has them.
  public let pieces: [EvaluatedPiece]
  /// Where they come from, in words.
  public let source: String
  /// How many pieces were to be composed and could not be.
  public let failures: Int
  /// How many pieces were cut off at the most bars that a piece without a given length may have.
  public let cutOff: Int

  /// Pieces of any origin.
  public init(pieces: [EvaluatedPiece], source: String, failures: Int = 0, cutOff: Int = 0) {
    self.pieces = pieces
    self.source = source
    self.failures = failures
    self.cutOff = cutOff
  }

  /// Pieces that the model composes, of as many bars as it likes.
  /// - Parameters:
  ///   - model: What composes.
  ///   - count: How many pieces.
  ///   - sampling: How adventurous the choices are.
  ///   - seed: The seed of the first piece; those that follow have the numbers after it.
  ///   - threadCount: How many threads compose; the result does not depend on it.
  ///   - cancellation: Asks to give up.
  ///   - progress: Is told how many pieces are done.
  /// - Throws: `EvaluationError.interrupted`, `.nothingComposed`, `.cause` for a model that cannot compose.
  public init(
    by model: MusicModel, count: Int, sampling: SamplingPreset = SamplingPreset(), seed: UInt64,
    threadCount: Int = 1, cancellation: Cancellation = Cancellation(), progress: ProgressHandler? = nil
  ) throws(EvaluationError) {
    let results: [Result<Composition, ComposingError>]
    do throws(ComposingError) {
      results = try Composer(model: model).compose(
        Composer.seeds(from: seed, count: count).map { CompositionOptions(seed: $0, sampling: sampling) },
        threadCount: threadCount, cancellation: cancellation, progress: progress)
    } catch {
      throw EvaluationError(error)
    }
    if cancellation.isRequested { throw .interrupted }
    var pieces: [EvaluatedPiece] = [], cutOff = 0
    var failure: ComposingError?
    for result in results {
      switch result {
      case .success(let piece):
        if piece.stopReason == .barLimit || piece.stopReason == .tokenLimit { cutOff += 1 }
        pieces.append(
          try EvaluatedPiece(name: "seed \(piece.seed)", ids: piece.ids, tokenizer: model.tokenizer))
      case .failure(.brokenWeights(let path)): throw .cause(ComposingError.brokenWeights(path: path))
      case .failure(let error): failure = failure ?? error
      }
    }
    if pieces.isEmpty, let failure { throw .nothingComposed(pieces: count, reason: failure.message) }
    self.init(
      pieces: pieces, source: "\(pieces.count) pieces by the model", failures: results.count - pieces.count,
      cutOff: cutOff)
  }
}
