public import Analysis
package import Corpora
internal import Groundwork

extension ModelFolder {
  /// What was asked of the corpus that was built in the model's folder; nil where none was, and for a ready corpus, which was not
  /// built for the model.
  /// - Throws: `ComposingError.cause` for a request that cannot be read.
  package func corpusRequest() throws(ComposingError) -> CorpusRequest? {
    do {
      return try CorpusRequest(path: current.corpusPath + "/request.json")
    } catch let error as any DiagnosableError {
      throw .cause(error)
    } catch {
      preconditionFailure("an error that explains nothing: \(error)")
    }
  }

  /// What was done to each piece of the model's corpus before it was tokenized, and is to be done to all other music that the model
  /// reads; where that is not known, what is done by default.
  /// - Throws: `ComposingError.cause` for a corpus request that cannot be read.
  public func preparation() throws(ComposingError) -> ScorePreparation {
    try corpusRequest()?.preparation ?? ScorePreparation()
  }
}

extension MusicModel {
  /// What is to be done to music before the model reads it; see `ModelFolder.preparation()`.
  /// - Throws: `ComposingError.cause` for a corpus request that cannot be read.
  public func preparation() throws(ComposingError) -> ScorePreparation {
    try folder?.preparation() ?? ScorePreparation()
  }
}
