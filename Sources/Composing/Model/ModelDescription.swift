internal import Groundwork
public import Tokenization

/// What a model is and where it comes from: the content of `model.json`.
///
/// It is written before anything else of a model, so that training can be resumed without any option.
public struct ModelDescription: Codable, Hashable, Sendable {
  /// The versions of this file's layout: the first knows language models alone, and they are still written in it, so that
  /// programs of its time read them.
  public static let languageModelFormat = 1, currentFormat = 2

  /// The version of the file's layout.
  public var format: Int
  /// The program that made it, such as `gruppetto 0.1.0`.
  public var program: String
  /// The name of the preset that it began from; `none` where there was none.
  public var preset: String
  /// Which kind of network it has; nil for a language model that `settings` describe.
  public var architecture: ModelArchitecture?
  /// The network and its training, for a language model that is trained here; nil for a network that its weights file
  /// describes.
  public var settings: ModelPreset?
  /// What it is trained on; nil until training has begun.
  public var corpus: CorpusProvenance?
  /// What the network is told beside the ids; nil if it is told nothing else.
  public var contextFeatures: [ContextFeature]?
  /// The name of the file that its first weights are from; nil for a model that was begun here.
  public var importedFrom: String?

  /// Where its training failed; nil if it did not, or has continued since.
  public var divergence: Divergence?

  /// A training whose numbers became too large to be any.
  public struct Divergence: Codable, Hashable, Sendable {
    /// The update at which it showed.
    public var step: Int
    /// What was not a finite number, in words.
    public var quantity: String
  }

  /// What a model is trained on.
  public struct CorpusProvenance: Codable, Hashable, Sendable {
    /// The corpus's name.
    public var name: String
    /// A fingerprint of all that it holds.
    public var fingerprint: String
    /// How many pieces it is trained on.
    public var trainingPieces: Int
    /// How many ids it is trained on.
    public var trainingTokens: Int
    /// How many pieces it is validated on.
    public var validationPieces: Int
    /// How many ids it is validated on.
    public var validationTokens: Int

    /// What a model is trained on.
    public init(
      name: String, fingerprint: String, trainingPieces: Int, trainingTokens: Int, validationPieces: Int,
      validationTokens: Int
    ) {
      self.name = name
      self.fingerprint = fingerprint
      self.trainingPieces = trainingPieces
      self.trainingTokens = trainingTokens
      self.validationPieces = validationPieces
      self.validationTokens = validationTokens
    }
  }

  /// A description of a model that is about to be trained.
  public init(program: String, preset: String, settings: ModelPreset, corpus: CorpusProvenance? = nil) {
    format = Self.languageModelFormat
    self.program = program
    self.preset = preset
    self.settings = settings
    self.corpus = corpus
  }

  /// A description of a model whose weights file describes the network.
  public init(program: String, architecture: ModelArchitecture) {
    format = Self.currentFormat
    self.program = program
    preset = "none"
    self.architecture = architecture
  }

  /// The network and its training.
  /// - Throws: `ComposingError.unsuitableNetwork` for a model that is not trained here.
  public func trainingSettings(of folder: ModelFolder) throws(ComposingError) -> ModelPreset {
    guard let settings else {
      throw .unsuitableNetwork(
        model: folder.path, reason: "it was built by \(program), which has to train it itself")
    }
    return settings
  }

  /// Reads a model's description.
  /// - Throws: `ComposingError`: no model there, or a description that is not what it should be.
  public init(folder: ModelFolder) throws(ComposingError) {
    let path = folder.descriptionPath
    do throws(JSONFile.Failure) {
      self = try JSONFile.read(Self.self, path: path)
    } catch .file(.notFound) {
      throw Self.absence(of: folder)
    } catch {
      throw ComposingError(error)
    }
    guard (Self.languageModelFormat...Self.currentFormat).contains(format) else {
      throw .malformed(
        path: path,
        reason: "it has format \(format); this program supports formats up to \(Self.currentFormat)")
    }
    let isLanguageModel = (architecture ?? .languageModel) == .languageModel
    guard isLanguageModel == (settings != nil) else {
      throw .malformed(
        path: path,
        reason: isLanguageModel
          ? "the setting 'settings' is missing" : "a model with 'architecture' has no 'settings'")
    }
    do {
      try settings?.validate()
    } catch {
      throw .malformed(path: path, reason: error.message)
    }
  }

  /// Notes what a network over the ids of a tokenizer is told beside them.
  mutating func setContext(of tokenizer: any Tokenizer) {
    let features = tokenizer.contextFeatures
    contextFeatures = features.isEmpty ? nil : features
  }

  /// Checks that a tokenizer tells the network what it was told in its training.
  /// - Throws: `ComposingError.malformed`.
  func requireContext(of tokenizer: any Tokenizer, folder: ModelFolder) throws(ComposingError) {
    let (known, given) = (contextFeatures ?? [], tokenizer.contextFeatures)
    guard known != given else { return }
    func list(_ features: [ContextFeature]) -> String {
      features.isEmpty ? "nothing" : features.map { "\($0.name) (\($0.count))" }.joined(separator: ", ")
    }
    throw .malformed(
      path: folder.descriptionPath,
      reason: "its network is told \(list(known)) beside the tokens, but the tokenizer "
        + "\(tokenizer.vocabulary.configuration.name) of this program tells \(list(given)); use the version of the program "
        + "that trained the model, or train it again")
  }

  /// Why there is no description in a folder.
  private static func absence(of folder: ModelFolder) -> ComposingError {
    guard let status = FileStatus(path: folder.path) else { return .file(.notFound(path: folder.path)) }
    guard status.isFolder else {
      return .malformed(path: folder.path, reason: "is a file, but a model is a folder")
    }
    let present = folder.presentParts
    return present.isEmpty
      ? .notAModel(path: folder.path)
      : .unreadable(path: folder.path, present: present)
  }

  /// Writes the description of the model in `folder`.
  func write(in folder: ModelFolder) throws(ComposingError) {
    do { try JSONFile.write(self, path: folder.descriptionPath) } catch { throw ComposingError(error) }
  }
}
