internal import Groundwork
public import Recurrent
public import Tokenization
internal import Training

/// A trained model: a tokenizer, and a network over its ids.
public struct MusicModel {
  /// Where its files are.
  public let folder: ModelFolder
  /// What it is and where it comes from.
  public let description: ModelDescription
  /// Scores to ids and back.
  public let tokenizer: any Tokenizer
  /// The network, with the weights of the best validation.
  public let network: LanguageModel

  /// Reads the model in the folder at `path` and checks that its parts belong together.
  /// - Parameters:
  ///   - path: The folder.
  ///   - tokenizers: The tokenizers that its vocabulary may name.
  /// - Throws: `ComposingError`, which names the file at fault.
  public init(path: String, tokenizers: TokenizerRegistry = .standard) throws(ComposingError) {
    folder = ModelFolder(path: path)
    description = try ModelDescription(folder: folder)
    guard fileExists(folder.training.weightsPath) else { throw .untrained(path: path) }
    let vocabulary = try Self.vocabulary(atPath: folder.vocabularyPath, tokenizers: tokenizers)
    do {
      tokenizer = try vocabulary.makeTokenizer()
    } catch {
      throw .malformed(path: folder.vocabularyPath, reason: error.message)
    }
    let configuration = LanguageModelConfiguration(
      description.settings.network, vocabularySize: vocabulary.count)
    do {
      network = try LanguageModel(
        configuration: configuration, tensors: SafetensorsFile(path: folder.training.weightsPath))
    } catch {
      throw .cause(error)
    }
  }

  /// A model of these parts, whose files may not exist.
  package init(
    folder: ModelFolder, description: ModelDescription, tokenizer: any Tokenizer, network: LanguageModel
  ) {
    self.folder = folder
    self.description = description
    self.tokenizer = tokenizer
    self.network = network
  }

  /// Reads `vocabulary.json`.
  static func vocabulary(in folder: ModelFolder) throws(ComposingError) -> Vocabulary {
    try vocabulary(atPath: folder.vocabularyPath)
  }

  /// Reads a vocabulary in the form of `vocabulary.json`.
  static func vocabulary(
    atPath path: String, tokenizers: TokenizerRegistry = .standard
  ) throws(ComposingError) -> Vocabulary {
    let bytes: [UInt8]
    do { bytes = try readFile(path) } catch { throw .file(error) }
    do {
      return try Vocabulary(json: bytes, tokenizers: tokenizers)
    } catch {
      throw .malformed(path: path, reason: error.message)
    }
  }
}
