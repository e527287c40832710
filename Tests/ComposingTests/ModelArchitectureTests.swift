import Arithmetic
import Foundation
import Groundwork
import Music
import Recurrent
import TestSupport
import Testing
import Tokenization
import Training

@testable import Composing

/// Models of any network: put together in a program, written, read back, and used for what they can be used for.
@Suite struct ModelArchitectureTests {
  private let tokenizer: any Tokenizer
  private let folder: TemporaryFolder
  private var size: Int { tokenizer.vocabulary.count }

  init() throws {
    tokenizer = try REMITokenizer(configuration: REMIConfiguration())
    folder = try TemporaryFolder()
  }

  private func network(
    _ input: Network.Input, head: Head, isBidirectional: Bool = false, tiesEmbedding: Bool = false
  ) -> Network {
    Network(
      configuration: Network.Configuration(
        input: input,
        stack: StackConfiguration(
          cell: .lstm, hiddenSize: 8, layerCount: 2, isBidirectional: isBidirectional, isResidual: true),
        head: head, tiesEmbedding: tiesEmbedding),
      seed: 1)
  }

  private var translator: EncoderDecoder {
    EncoderDecoder(
      configuration: EncoderDecoderConfiguration(
        sourceVocabularySize: size, targetVocabularySize: size, embeddingSize: 4,
        encoder: StackConfiguration(hiddenSize: 4, layerCount: 1),
        decoder: StackConfiguration(hiddenSize: 4, layerCount: 1), endID: 0),
      seed: 1)
  }

  @Test("A tokenizer and a network make a model that composes")
  func aTokenizerAndANetworkMakeAModelThatComposes() throws {
    let network = network(
      .ids(size, embeddingSize: 8), head: .softmax(classCount: size, labelSmoothing: 0.1), tiesEmbedding: true
    )
    let model = MusicModel(tokenizer: tokenizer, network: network)
    let piece = try Composer(model: model).compose(CompositionOptions(seed: 1, bars: 2))
    #expect(piece.bars == 2 && piece.notes > 0)
    let path = folder.file("model")
    try model.write(to: path, program: "a test")
    let again = try MusicModel(path: path)
    #expect(again.description.architecture == .network && again.description.format == 2)
    #expect(try again.network.configuration == network.configuration)
    let repeated = try Composer(model: again).compose(CompositionOptions(seed: 1, bars: 2))
    #expect(repeated.ids == piece.ids)
    let info = try ModelInfo(path: path)
    #expect(info.network?.vocabularySize == size && info.parameters == network.parameters.count)
    #expect(throws: ComposingError.self) { try model.write(to: path, program: "a test") }
    try model.write(to: path, replacing: true, program: "a test")
    let card = String(decoding: try readFile(path + "/card.md"), as: UTF8.self)
    #expect(card.contains("gruppetto generate model") && !card.contains("--resume"))
  }

  @Test("A model that the machine cannot hold is refused before its weights are converted")
  func aModelThatTheMachineCannotHoldIsRefused() throws {
    let network = network(.ids(size, embeddingSize: 8), head: .softmax(classCount: size))
    let model = MusicModel(tokenizer: tokenizer, network: network)
    let needed = 4 * network.parameters.count
    #expect(throws: ComposingError.self) { try model.samplerWeights(.float32, available: needed) }
    #expect(try model.samplerWeights(.float32, available: 4 * needed).format == .float32)

    // Nothing of a terabyte of weights is read or converted, if they are of a model at all.
    let path = folder.file("model"), weights = path + "/model.safetensors"
    try model.write(to: path, program: "a test")
    let header = #"{"a":{"dtype":"F32","shape":[274877906944],"data_offsets":[0,1099511627776]}}"#
    try replaceFile(
      at: weights,
      with: withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) } + Array(header.utf8))
    #expect(truncate(weights, off_t(8 + header.utf8.count) + 1 << 40) == 0)
    for use in [{ _ = try MusicModel(path: path) }, { _ = try ModelInfo(path: path) }] {
      let error = #expect(throws: ComposingError.self) { try use() }
      guard case .insufficientMemory(path, 1 << 40, _)? = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
      #expect(error?.kind == .badInput && error?.message.contains("1,048,576 MB") == true)
    }
  }

  @Test("A model that is written in another's place leaves nothing of it")
  func aModelThatIsWrittenInAnothersPlace() throws {
    let small = network(.ids(size, embeddingSize: 8), head: .softmax(classCount: size))
    let path = folder.file("model")
    try MusicModel(tokenizer: tokenizer, network: small).write(to: path, program: "a test")
    try replaceFile(at: path + "/history.jsonl", with: "{}\n")
    let other = MusicModel(
      tokenizer: tokenizer,
      network: network(.ids(size, embeddingSize: 4), head: .softmax(classCount: size)))
    // Whoever works in the folder is not disturbed.
    do {
      let lock = try FolderLock(path: path)
      #expect(throws: ComposingError.self) { try other.write(to: path, replacing: true, program: "a test") }
      withExtendedLifetime(lock) {}
    }
    #expect(try MusicModel(path: path).network.configuration == small.configuration)
    try other.write(to: path, replacing: true, program: "a test")
    #expect(try MusicModel(path: path).network.configuration == other.network.configuration)
    #expect(
      try names(inFolder: path) == ["card.md", "model.json", "model.safetensors", "vocabulary.json"])
  }

  @Test("A network that cannot compose is refused by what it is")
  func aNetworkThatCannotComposeIsRefusedByWhatItIs() throws {
    let networks: [(ModelNetwork, String)] = [
      (.encoderDecoder(translator), "an encoder–decoder"),
      (.network(network(.frames(3, normalization: .none), head: .bernoulli(size: 5))), "bernoulli head"),
      (
        .network(
          network(.ids(size, embeddingSize: 4), head: .softmax(classCount: size), isBidirectional: true)),
        "softmax head"
      ),
      (
        .network(network(.ids(size + 1, embeddingSize: 4), head: .softmax(classCount: size + 1))),
        "its network has \(size + 1) ids, and its tokenizer \(size)"
      ),
    ]
    for (index, (network, reason)) in networks.enumerated() {
      let path = folder.file("model-\(index)")
      try MusicModel(tokenizer: tokenizer, network: network).write(to: path, program: "a test")
      let model = try MusicModel(path: path)
      #expect(model.anyNetwork.parameters.values.array == network.parameters.values.array)
      let error = #expect(throws: ComposingError.self) { try Composer(model: model) }
      #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
      #expect(error?.kind == .badInput && error?.file == path)
      #expect(try ModelInfo(path: path).parameters == network.parameters.count)
    }
  }

  @Test("The tag and the weights belong together") func theTagAndTheWeightsBelongTogether() throws {
    let path = folder.file("model")
    try MusicModel(tokenizer: tokenizer, network: .encoderDecoder(translator)).write(
      to: path, program: "a test")
    let json = String(decoding: try readFile(path + "/model.json"), as: UTF8.self)
    #expect(json.contains("\"encoder-decoder\""))
    for tag in ["network", "language-model", "perceptron"] {
      try replaceFile(at: path + "/model.json", with: json.replacing("encoder-decoder", with: tag))
      #expect(throws: ComposingError.self, "\(tag)") { try MusicModel(path: path) }
    }
  }

  @Test("A model of another program is not trained here") func aModelOfAnotherProgramIsNotTrainedHere() throws
  {
    let path = folder.file("model")
    try MusicModel(tokenizer: tokenizer, network: .encoderDecoder(translator)).write(
      to: path, program: "a test")
    try removeFile(path + "/model.safetensors")
    let settings = ModelPreset(training: TrainingConfiguration(budget: .steps(1)))
    let error = #expect(throws: ComposingError.self) {
      try MusicTraining(
        path: path, preset: "small", settings: settings, existing: .resume, program: "a test")
    }
    #expect(error?.message.contains("it was built by a test") == true)
  }
}
