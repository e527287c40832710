internal import Analysis
public import Composing
public import Corpora
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
  /// Files that could not be used, and why.
  public let skipped: [SkippedFile]
  /// How many pieces are the same as one before, token by token.
  public var duplicates: Int { pieces.count - Set(pieces.map(\.ids)).count }

  /// Pieces of any origin.
  public init(
    pieces: [EvaluatedPiece], source: String, failures: Int = 0, cutOff: Int = 0, skipped: [SkippedFile] = []
  ) {
    self.pieces = pieces
    self.source = source
    self.failures = failures
    self.cutOff = cutOff
    self.skipped = skipped
  }

  /// Composed pieces in files and folders, in the model's tokens, as they are: nothing in them is put right, and pieces that occur
  /// twice count twice.
  /// - Parameters:
  ///   - paths: Files, and folders that are searched.
  ///   - model: The model.
  ///   - sizeLimit: The most bytes of a file that is read.
  ///   - threadCount: How many threads read.
  ///   - cancellation: Asks to give up.
  ///   - progress: Is told how many files were read.
  /// - Throws: `EvaluationError.interrupted`, `.cause` where there is nothing that can be read.
  public init(
    files paths: [String], of model: MusicModel, sizeLimit: Int = SizeLimit.music, threadCount: Int = 1,
    cancellation: Cancellation = Cancellation(), progress: ProgressHandler? = nil
  ) throws(EvaluationError) {
    var builder = CorpusBuilder(deduplication: .none, threadCount: threadCount)
    builder.sizeLimit = sizeLimit
    builder.preparation = ScorePreparation(aligns: false, statesKey: false)
    do {
      let read = try builder.pieces(
        in: paths, as: model.tokenizer, cancellation: cancellation, progress: progress)
      self.init(
        pieces: try read.pieces.map {
          try EvaluatedPiece(name: $0.name, ids: $0.ids, tokenizer: model.tokenizer)
        },
        source: paths.joined(separator: " "), skipped: read.skipped)
    } catch {
      throw EvaluationError(error)
    }
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
        Composer.seeds(from: seed, count: count).map {
          CompositionOptions(
            seed: $0, sampling: sampling, search: .usual(for: model), ending: .usual(for: model))
        },
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
