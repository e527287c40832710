internal import Corpora
internal import Groundwork
public import Recurrent
public import Tokenization
internal import Training

/// A model made of weights that another program trained, with the vocabulary that their ids are of.
public struct ModelImport {
  /// The weights, and what their file calls them.
  public let weights: PyTorchWeights
  /// What the ids mean.
  public let vocabulary: Vocabulary
  private let tokenizer: any Tokenizer

  /// Puts weights and vocabulary together.
  /// - Parameters:
  ///   - weights: the network.
  ///   - path: the path of a `vocabulary.json`, of a model or of a corpus; nil for the vocabulary that goes with the
  ///     weights in a file that was exported by `MusicModel.export`.
  ///   - tokenizers: the tokenizers that the vocabulary may name.
  /// - Throws: `ComposingError`: there is no vocabulary, or it has another size than the network.
  public init(
    weights: PyTorchWeights, vocabulary path: String?, tokenizers: TokenizerRegistry = .standard
  ) throws(ComposingError) {
    self.weights = weights
    vocabulary =
      if let path {
        try Self.vocabulary(at: path, tokenizers)
      } else {
        try Self.vocabulary(in: weights.file, tokenizers)
      }
    guard vocabulary.count == weights.configuration.vocabularySize else {
      throw .malformed(
        path: weights.file.path,
        reason: "the network has \(weights.configuration.vocabularySize) ids, and the vocabulary "
          + "\(path.map { "of \($0)" } ?? "next to it") has \(vocabulary.count) tokens")
    }
    do { tokenizer = try vocabulary.makeTokenizer() } catch {
      throw .malformed(path: path ?? weights.file.path, reason: error.message)
    }
    let (found, told) = (weights.configuration.contextSizes, tokenizer.contextFeatures.map(\.count))
    guard found == told else {
      throw .malformed(
        path: weights.file.path,
        reason:
          "beside the ids the network is told features of \(found) values, and the vocabulary's tokenizer "
          + "tells \(told)")
    }
  }

  /// Makes the model's folder: description, vocabulary, weights and card.
  /// - Parameters:
  ///   - path: the folder; it is made where it is missing.
  ///   - preset: how the model is trained where its training is continued: all but the network, of which dropout alone is
  ///     taken, for the weights do not tell with which they were trained.
  ///   - replacing: whether a model that is there is replaced.
  ///   - program: the program that imports, such as `gruppetto 0.1.0`.
  /// - Throws: `ComposingError`: sizes beyond those of our networks, weights that are no numbers, a model that is in the
  ///   way, a folder that cannot be written.
  public func write(
    to path: String, preset: ModelPreset, replacing: Bool, program: String
  ) throws(ComposingError) {
    var settings = preset
    settings.summary = nil
    settings.network = weights.configuration.shape
    settings.network.takeDropout(of: preset.network)
    try settings.validate()
    var description = ModelDescription(program: program, preset: "imported", settings: settings)
    description.setContext(of: tokenizer)
    description.importedFrom = weights.file.path.split(separator: "/").last.map(String.init)
    // They are in memory as the file has them, and come there once more as the network does.
    try MusicModel.requireMemory(2 * weights.file.floatByteCount, for: weights.file.path)
    let network: Network
    do { network = try weights.model() } catch { throw .cause(error) }
    try ModelFolder(path: path).write(description, vocabulary: vocabulary, replacing: replacing) {
      path throws(SafetensorsError) in
      let parameters = network.parameters
      try Safetensors.write(
        parameters.entries.map {
          SafetensorsTensor(name: $0.name, shape: $0.shape, values: parameters.values, range: $0.range)
        }, metadata: ["format": "pt"], to: path)
    }
  }

  private static func vocabulary(
    at path: String, _ tokenizers: TokenizerRegistry
  ) throws(ComposingError) -> Vocabulary {
    if Corpus.exists(at: path) {
      do { return try Corpus(path: path, tokenizers: tokenizers).vocabulary } catch let error
        as any DiagnosableError
      {
        throw .cause(error)
      } catch {
        throw .malformed(path: path, reason: "\(error)")
      }
    }
    let inFolder = ModelFolder(path: path).vocabularyPath
    return try MusicModel.vocabulary(atPath: fileExists(inFolder) ? inFolder : path, tokenizers: tokenizers)
  }

  private static func vocabulary(
    in file: SafetensorsFile, _ tokenizers: TokenizerRegistry
  ) throws(ComposingError) -> Vocabulary {
    guard let text = file.metadata[MusicModel.vocabularyKey] else {
      throw .invalidOption(
        name: "vocabulary", value: "missing",
        expected: "a vocabulary.json, a model or a corpus that has the weights' vocabulary")
    }
    do { return try Vocabulary(json: Array(text.utf8), tokenizers: tokenizers) } catch {
      throw .malformed(path: file.path, reason: "the vocabulary in its metadata: \(error.message)")
    }
  }
}
