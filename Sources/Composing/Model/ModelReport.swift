internal import Groundwork
public import Tokenization
internal import Training

/// The training of a model as a page: one HTML file that needs nothing besides itself.
public struct ModelReport {
  /// The page as an HTML document.
  public let html: String

  /// Reads what the folder of a model knows of its training, finished or not.
  /// - Parameters:
  ///   - path: The model's folder.
  ///   - isUnderWay: Whether the training continues, so that a browser reloads the page every few seconds.
  ///   - tokenizers: The tokenizers that its vocabulary may name.
  /// - Throws: `ComposingError`: no model there, or a file that is not what it should be.
  public init(
    path: String, isUnderWay: Bool = false, tokenizers: TokenizerRegistry = .standard
  ) throws(ComposingError) {
    let card = ModelCard(info: try ModelInfo(path: path, tokenizers: tokenizers))
    let history: TrainingHistory
    let historyPath = ModelFolder(path: path).current.training.historyPath
    do {
      history =
        fileExists(historyPath) ? try TrainingHistory(path: historyPath) : TrainingHistory(entries: [])
    } catch {
      throw .cause(error)
    }
    html =
      TrainingReport(
        history, title: "Training of \(card.name)", facts: card.sections, lossUnit: "nats per token",
        isUnderWay: isUnderWay
      ).html
  }
}
