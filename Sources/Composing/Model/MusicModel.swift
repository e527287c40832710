internal import Arithmetic
internal import Groundwork
public import Recurrent
public import Tokenization
internal import Training

/// A model of music: a tokenizer, and a network over its ids.
///
/// It comes from a folder, or is put together of its parts:
///
///     let model = MusicModel(tokenizer: tokenizer, network: network)
///     let piece = try Composer(model: model).compose(CompositionOptions(seed: 1, bars: 8))
public struct MusicModel {
  /// Where its files are; nil for a model that was put together in the program.
  public let folder: ModelFolder?
  /// What it is and where it comes from.
  public let description: ModelDescription
  /// Scores to ids and back.
  public let tokenizer: any Tokenizer
  /// The network, whatever it is, with the weights of the best validation.
  public let anyNetwork: ModelNetwork
  /// What tells the music that the model was trained on from its own; nil where none was learned.
  public internal(set) var critic: Critic?
  /// The state in which the network begins each piece, L × S·H numbers; empty for zero, as in training. Styles begin in others.
  public internal(set) var initialState: [Float] = []
  /// What sharpens what pieces say of themselves; nil for the network as it is.
  var guidance: Guidance?

  /// Reads the model in the folder at `path` and checks that its parts belong together.
  /// - Parameters:
  ///   - path: The folder.
  ///   - tokenizers: The tokenizers that its vocabulary may name.
  /// - Throws: `ComposingError`, which names the file at fault.
  public init(path: String, tokenizers: TokenizerRegistry = .standard) throws(ComposingError) {
    let folder = ModelFolder(path: path).current
    self.folder = folder
    description = try ModelDescription(folder: folder)
    let weights = folder.training.weightsPath
    guard fileExists(weights) else { throw folder.absenceOfWeights(description) }
    let vocabulary = try Self.vocabulary(atPath: folder.vocabularyPath, tokenizers: tokenizers)
    do {
      tokenizer = try vocabulary.makeTokenizer()
    } catch {
      throw .malformed(path: folder.vocabularyPath, reason: error.message)
    }
    try description.requireContext(of: tokenizer, folder: folder)
    critic = try Critic(of: folder)
    let file: SafetensorsFile
    do { file = try SafetensorsFile(path: weights) } catch { throw .cause(error) }
    try Self.requireMemory(file.floatByteCount, for: folder.owner.path)
    do throws(SafetensorsError) {
      guard let settings = description.settings else {
        anyNetwork = try ModelNetwork(description.architecture ?? .network, file: file)
        return
      }
      anyNetwork = .network(
        try Network(
          configuration: LanguageModelConfiguration(settings.network, for: tokenizer),
          tensors: file))
    } catch {
      throw .cause(error)
    }
  }

  /// A model of these parts.
  /// - Parameters:
  ///   - tokenizer: makes ids of scores and scores of ids.
  ///   - network: runs over these ids.
  ///   - folder: where its files are, if there are any.
  ///   - description: what it is and where it comes from; by default that it was made in a program.
  ///   - critic: what tells the music that it was trained on from its own.
  public init(
    tokenizer: any Tokenizer, network: ModelNetwork, folder: ModelFolder? = nil,
    description: ModelDescription? = nil, critic: Critic? = nil
  ) {
    self.critic = critic
    self.folder = folder
    var made = ModelDescription(program: "a program", architecture: network.architecture)
    made.setContext(of: tokenizer)
    self.description = description ?? made
    self.tokenizer = tokenizer
    anyNetwork = network
  }

  /// A model of a tokenizer and a network over its ids. Whether it can be composed with is asked when it is; see `network`.
  public init(tokenizer: any Tokenizer, network: Network) {
    self.init(tokenizer: tokenizer, network: .network(network))
  }

  /// A model of these parts, whose files may not exist.
  package init(
    folder: ModelFolder, description: ModelDescription, tokenizer: any Tokenizer, network: Network
  ) {
    self.init(tokenizer: tokenizer, network: .network(network), folder: folder, description: description)
  }

  /// Checks that the machine has this much memory for a model's weights, before they are read or converted.
  /// - Throws: `ComposingError.insufficientMemory`.
  static func requireMemory(
    _ needed: Int, for model: String, available: Int = ProcessMemory.available
  ) throws(ComposingError) {
    guard needed <= available else {
      throw .insufficientMemory(model: model, needed: needed, available: available)
    }
  }

  /// The weights as sampling reads them.
  /// - Parameters:
  ///   - format: how they lie in memory.
  ///   - available: how much memory there is, in bytes.
  /// - Throws: `ComposingError.unsuitableNetwork`, `.insufficientMemory`.
  func samplerWeights(
    _ format: WeightFormat, available: Int = ProcessMemory.available
  ) throws(ComposingError) -> SamplerWeights {
    let network = try network
    if let configuration = network.configuration.languageModel {
      let converted = SamplerWeights.byteCount(for: configuration, format: format)
      try Self.requireMemory(
        network.parameters.count * MemoryLayout<Float>.size + converted, for: name, available: available)
    }
    return SamplerWeights(
      model: network, format: format, initialState: initialState, guidance: guidance)
  }

  /// What the model is called in messages: its folder.
  public var name: String { folder?.path ?? "the model" }

  /// The network as composing needs it: one that reads one id at each step and tells what the next of the tokenizer's ids
  /// is.
  /// - Throws: `ComposingError.unsuitableNetwork` if the model has another.
  public var network: Network {
    get throws(ComposingError) {
      func refuse(_ reason: String) -> ComposingError { .unsuitableNetwork(model: name, reason: reason) }
      guard case .network(let network) = anyNetwork,
        let configuration = network.configuration.languageModel
      else { throw refuse("it has \(anyNetwork.summary)") }
      let size = configuration.vocabularySize
      guard size == tokenizer.vocabulary.count else {
        throw refuse("its network has \(size) ids, and its tokenizer \(tokenizer.vocabulary.count)")
      }
      let (known, given) = (configuration.contextSizes, tokenizer.contextFeatures.map(\.count))
      guard known == given else {
        throw refuse(
          "beside the ids its network is told features of \(known) values, and its tokenizer tells \(given)")
      }
      return network
    }
  }

  /// The model without its critic, which takes phrases as they come: for music that is to be other than the collection's.
  public func withoutCritic() -> MusicModel {
    var model = self
    model.critic = nil
    return model
  }

  /// Writes the model into a folder, from which `init(path:)` reads it.
  /// - Parameters:
  ///   - path: the folder; it is made where it is missing.
  ///   - replacing: whether a model that is there is replaced.
  ///   - program: what the description names as the program that made it.
  /// - Throws: `ComposingError`: a model that is in the way, a folder that cannot be written, a model in a style, which is kept in
  ///   a file of its own.
  public func write(to path: String, replacing: Bool = false, program: String) throws(ComposingError) {
    guard initialState.isEmpty else {
      throw .unsuitableNetwork(
        model: name, reason: "it begins in the state of a style, for which a model's folder has no place")
    }
    var description = ModelDescription(program: program, architecture: anyNetwork.architecture)
    description.setContext(of: tokenizer)
    try ModelFolder(path: path).write(
      description, vocabulary: tokenizer.vocabulary, replacing: replacing
    ) { weightsPath throws(SafetensorsError) in try anyNetwork.write(to: weightsPath) }
  }

  /// Reads a vocabulary in the form of `vocabulary.json`.
  static func vocabulary(
    atPath path: String, tokenizers: TokenizerRegistry
  ) throws(ComposingError) -> Vocabulary {
    let bytes: [UInt8]
    do { bytes = try JSONFile.content(of: path, limit: SizeLimit.vocabulary) } catch {
      throw ComposingError(error)
    }
    do {
      return try Vocabulary(json: bytes, tokenizers: tokenizers)
    } catch {
      throw .malformed(path: path, reason: error.message)
    }
  }
}
