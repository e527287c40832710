public import Corpora
public import Groundwork

extension MusicModel {
  /// The passages of the pieces that the model has learned from, to find what it copies, or to keep it from copying
  /// (`AvoidCopying`).
  /// - Parameters:
  ///   - path: The corpus that it was trained on; nil for the one in the model's folder.
  ///   - cancellation: Asks to give up.
  ///   - progress: Is told how much was read.
  /// - Throws: `ComposingError.noTrainingPieces` if there is no corpus in the folder, `.corpusChanged` if it is another;
  ///   `CorpusError`, `FileError`.
  public func trainingPassages(
    corpus path: String? = nil, cancellation: Cancellation? = nil, progress: ProgressHandler? = nil
  ) throws -> PassageIndex {
    let corpus = try trainingCorpus(path, cancellation: cancellation, progress: progress)
    return try PassageIndex(corpus: corpus, cancellation: cancellation, progress: progress)
  }

  /// The corpus that the model has learned from.
  /// - Parameters:
  ///   - path: The corpus that it was trained on; nil for the one in the model's folder.
  ///   - cancellation: Asks to give up.
  ///   - progress: Is told how much was read.
  /// - Throws: `ComposingError.noTrainingPieces` if there is no corpus in the folder, `.corpusChanged` if it is another;
  ///   `CorpusError`, `FileError`.
  public func trainingCorpus(
    _ path: String? = nil, cancellation: Cancellation? = nil, progress: ProgressHandler? = nil
  ) throws -> Corpus {
    let own = folder.map(\.corpusPath).flatMap { Corpus.exists(at: $0) ? $0 : nil }
    guard let path = path ?? own else { throw ComposingError.noTrainingPieces(model: name) }
    let corpus = try Corpus(path: path, cancellation: cancellation, progress: progress)
    if let trainedOn = description.corpus, trainedOn.fingerprint != corpus.fingerprint {
      throw ComposingError.corpusChanged(
        path: name, trainedOn: trainedOn.fingerprint, given: corpus.fingerprint)
    }
    return corpus
  }
}
