internal import Groundwork
public import Recurrent
public import Tokenization
public import Training

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// What there is to know of a model. Its weights are only checked for damage.
public struct ModelInfo: Codable, Sendable {
  /// The model's folder.
  public var model: String
  /// What it is, how it is trained, and on what.
  public var description: ModelDescription
  /// The network, once the vocabulary is known; nil if it is not from ids to ids.
  public var network: LanguageModelConfiguration?
  /// How many values the network learns.
  public var parameters: Int?
  /// The tokenizer's name.
  public var tokenizer: String?
  /// How its training went; nil before the first validation.
  public var history: HistorySummary?

  /// The loss of a network that gives every id of the vocabulary the same probability; nil while that is not known.
  public var uniformLoss: Double?

  /// Whether even the best weights predict worse than a network that has learned nothing.
  public var isWorseThanUniform: Bool {
    guard let history, let uniformLoss else { return false }
    return history.bestValidationLoss > uniformLoss
  }

  /// The weights file; nil before the first weights are written.
  public var weights: WeightsSummary?

  /// A weights file in brief.
  public struct WeightsSummary: Codable, Hashable, Sendable {
    /// What its numbers are, by the names of safetensors: `F32`.
    public var type: String
    /// How many bytes its tensors take.
    public var bytes: Int
    /// The checksum that it carries, 16 hexadecimal digits, and that was found to be right; nil if it carries none.
    public var checksum: String?
  }

  /// A training history in brief. Losses are in nats per id.
  public struct HistorySummary: Codable, Hashable, Sendable {
    /// How many validations there were.
    public var validations: Int
    /// How many updates of the weights.
    public var steps: Int
    /// How many ids were predicted in training.
    public var tokens: Int
    /// How many seconds training took.
    public var seconds: Double
    /// The training loss before the last validation.
    public var trainingLoss: Double
    /// The last validation loss.
    public var validationLoss: Double
    /// How many ids it is the mean over; nil if the history does not tell.
    public var validationTokens: Int?
    /// The validation loss of the weights that were kept: the lowest, or the latest within the tolerance.
    public var bestValidationLoss: Double
    /// After how many updates that was.
    public var bestStep: Int

    /// The summary of a history; nil if it is empty.
    public init?(_ history: TrainingHistory) {
      guard let last = history.entries.last,
        let kept = history.kept
      else { return nil }
      validations = history.entries.count
      steps = last.step
      tokens = last.tokens
      seconds = last.seconds
      trainingLoss = last.trainingLoss
      validationLoss = last.validationLoss
      validationTokens = last.validationTokens
      bestValidationLoss = kept.validationLoss
      bestStep = kept.step
    }
  }

  /// Reads the facts about a model from its folder.
  /// - Throws: `ComposingError`: no model there, or a file that is not what it should be.
  public init(path: String, tokenizers: TokenizerRegistry = .standard) throws(ComposingError) {
    try self.init(path: path) { folder throws(ComposingError) in
      try MusicModel.vocabulary(atPath: folder.vocabularyPath, tokenizers: tokenizers)
    }
  }

  /// Reads the facts about a model from its folder; `read` gives the vocabulary, if there is one.
  init(
    path: String, vocabulary read: (ModelFolder) throws(ComposingError) -> Vocabulary
  ) throws(ComposingError) {
    let folder = ModelFolder(path: path).current
    model = path
    description = try ModelDescription(folder: folder)
    if fileExists(folder.vocabularyPath) {
      let vocabulary = try read(folder)
      uniformLoss = log(Double(vocabulary.count))
      if let settings = description.settings {
        let network = LanguageModelConfiguration(
          settings.network, vocabularySize: vocabulary.count,
          contextSizes: (description.contextFeatures ?? []).map(\.count))
        self.network = network
        parameters = network.parameterCount
      }
      tokenizer = vocabulary.configuration.name
    }
    if fileExists(folder.training.weightsPath) {
      // A damaged file is reported here, not only when the model composes.
      let file: SafetensorsFile
      do { file = try SafetensorsFile(path: folder.training.weightsPath) } catch { throw .cause(error) }
      weights = WeightsSummary(file)
      if description.settings == nil { try MusicModel.requireMemory(file.floatByteCount, for: path) }
      do throws(SafetensorsError) {
        if let architecture = description.architecture, description.settings == nil {
          let network = try ModelNetwork(architecture, file: file)
          parameters = network.parameters.count
          if case .network(let network) = network { self.network = network.configuration.languageModel }
        }
      } catch {
        throw .cause(error)
      }
    }
    if fileExists(folder.training.historyPath) {
      do {
        history = HistorySummary(try TrainingHistory(path: folder.training.historyPath))
      } catch {
        throw .cause(error)
      }
    }
  }
}

extension ModelInfo.WeightsSummary {
  fileprivate init(_ file: SafetensorsFile) {
    type = Set(file.entries.map(\.type.rawValue)).sorted().joined(separator: ", ")
    bytes = file.entries.reduce(0) { $0 + $1.range.count }
    checksum = file.checksum
  }
}
