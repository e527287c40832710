internal import Groundwork
internal import Testing

@testable import Recurrent

/// Files whose metadata describe what no network is: each is answered, by no more than is in the file.
@Suite struct StoredArchitectureTests {
  static let network = Network(
    configuration: Network.Configuration(
      input: .init(
        vocabularySizes: [5, 3], embeddingSize: 3, frameSize: 2, normalization: .trainingSet, dropout: 0.25),
      stack: StackConfiguration(cell: .lstm, hiddenSize: 4, layerCount: 2, isBidirectional: true),
      head: .gaussian(size: 6, pooling: .attention)),
    normalization: FrameNormalization(mean: [1, 2], variance: [3, 4]), seed: 1)
  static let encoderDecoder = EncoderDecoder(
    configuration: EncoderDecoderConfiguration(
      sourceVocabularySize: 6, targetVocabularySize: 5, embeddingSize: 3,
      encoder: .init(cell: .lstm, hiddenSize: 3, layerCount: 1, isBidirectional: true),
      decoder: .init(cell: .gru, hiddenSize: 5, layerCount: 2, dropout: 0.25),
      attention: .init(score: .additive, alignmentSize: 4), beginID: 3, endID: 4), seed: 1)
  static let languageModel = Network(
    configuration: LanguageModelConfiguration(
      cell: .gru, vocabularySize: 7, embeddingSize: 2, hiddenSize: 4, layerCount: 2, dropout: 0.25), seed: 1)

  /// A file of these tensors and this text, with a checksum that is right.
  static func file(
    _ tensors: [SafetensorsTensor], metadata: [String: String]
  ) throws(SafetensorsError) -> SafetensorsFile {
    try SafetensorsFile(bytes: bytes(tensors, metadata: metadata), name: "x")
  }

  static func bytes(_ tensors: [SafetensorsTensor], metadata: [String: String]) -> [UInt8] {
    var bytes = Safetensors.header(of: tensors, metadata: metadata)
    for tensor in tensors { tensor.elements.withUnsafeBytes { bytes += $0 } }
    return bytes
  }

  /// Numbers that are no size, or lead to no size that 64 bits have room for.
  static let absurdSizes = [
    "9223372036854775807", "-9223372036854775808", "4611686018427387904", "1000000000000", "3000000000",
    "2147483648", "4294967296", "0", "-1", "18446744073709551616", "1e30", "0.5", "\"4\"", "null", "[]",
  ]

  private func replacing(_ field: String, by value: String, in json: String) throws -> String {
    let range = try #require(json.firstRange(of: "\(field)"), "\(field) is not in \(json)")
    return json.replacingCharacters(in: range, by: field.prefix { $0 != ":" } + ":" + value)
  }

  @Test(
    "A network of absurd sizes is refused",
    arguments: [
      #""hiddenSize":4"#, #""layerCount":2"#, #""embeddingSize":3"#, #""frameSize":2"#, #""size":6"#,
      #""vocabularySizes":[5,3]"#,
    ])
  func aNetworkOfAbsurdSizesIsRefused(field: String) throws {
    let (key, json) = try #require(Self.network.configuration.metadata.first)
    for value in Self.absurdSizes {
      let damaged = try replacing(field, by: field.contains("[") ? "[5,\(value)]" : value, in: json)
      let file = try Self.file(Self.network.tensors(), metadata: [key: damaged])
      #expect(throws: SafetensorsError.self, "\(damaged)") { try Network(file: file) }
    }
    #expect(throws: Never.self) {
      try Network(file: Self.file(Self.network.tensors(), metadata: [key: json]))
    }
  }

  @Test(
    "An encoder decoder of absurd sizes is refused",
    arguments: [
      #""hiddenSize":3"#, #""hiddenSize":5"#, #""layerCount":1"#, #""layerCount":2"#, #""embeddingSize":3"#,
      #""sourceVocabularySize":6"#, #""targetVocabularySize":5"#, #""alignmentSize":4"#, #""beginID":3"#,
      #""endID":4"#,
    ])
  func anEncoderDecoderOfAbsurdSizesIsRefused(field: String) throws {
    let (key, json) = try #require(Self.encoderDecoder.configuration.metadata.first)
    for value in Self.absurdSizes where !(field.contains("ID") && value == "0") {
      let damaged = try replacing(field, by: value, in: json)
      let file = try Self.file(Self.encoderDecoder.tensors(), metadata: [key: damaged])
      #expect(throws: SafetensorsError.self, "\(damaged)") { try EncoderDecoder(file: file) }
    }
    #expect(throws: Never.self) {
      try EncoderDecoder(file: Self.file(Self.encoderDecoder.tensors(), metadata: [key: json]))
    }
  }

  @Test(
    "A language model of absurd sizes is not decoded",
    arguments: [
      #""hiddenSize":4"#, #""layerCount":2"#, #""embeddingSize":2"#, #""vocabularySize":7"#,
    ])
  func aLanguageModelOfAbsurdSizesIsNotDecoded(field: String) throws {
    let json = String(
      decoding: try JSONFormat.encodeLine(Self.languageModel.configuration.languageModel), as: UTF8.self)
    for value in Self.absurdSizes {
      let damaged = try replacing(field, by: value, in: json)
      #expect(throws: (any Error).self, "\(damaged)") {
        try JSONFormat.decode(LanguageModelConfiguration.self, from: Array(damaged.utf8))
      }
    }
  }

  @Test("A layer that is not in the file is named") func aLayerThatIsNotInTheFileIsNamed() throws {
    let (key, json) = try #require(Self.network.configuration.metadata.first)
    let file = try Self.file(
      Self.network.tensors(),
      metadata: [key: replacing(#""layerCount":2"#, by: "1000", in: json)])
    #expect(throws: SafetensorsError.missingTensor(file: "x", tensor: "rnn.weight_ih_l2")) {
      try Network(file: file)
    }
  }

  /// The most that is allowed makes no number that 64 bits have no room for.
  @Test("The largest architectures can be counted") func theLargestArchitecturesCanBeCounted() {
    let (units, ids) = (ArchitectureLimit.units.upperBound, ArchitectureLimit.ids.upperBound)
    let stack = StackConfiguration(
      cell: .lstm, hiddenSize: units, layerCount: ArchitectureLimit.layers.upperBound, isBidirectional: true,
      normalizesLayers: true)
    var decoder = stack
    decoder.isBidirectional = false
    let network = Network.Configuration(
      input: .init(
        vocabularySizes: .init(repeating: ids, count: ArchitectureLimit.vocabularyCount),
        embeddingSize: units, frameSize: units),
      stack: stack, head: .gaussian(size: ids, pooling: .attention))
    #expect(network.fault == nil && network.parameterCount > 0)
    let encoderDecoder = EncoderDecoderConfiguration(
      sourceVocabularySize: ids, targetVocabularySize: ids, embeddingSize: units, encoder: stack,
      decoder: decoder, attention: .init(score: .additive, alignmentSize: units), bridge: .learned, endID: 0)
    #expect(encoderDecoder.parameterCount > 0)
    let languageModel = LanguageModelConfiguration(
      cell: .lstm, vocabularySize: ids, embeddingSize: units, hiddenSize: units, layerCount: 1024)
    #expect(languageModel.parameterCount > 0)
  }

  @Test(
    "A normalization that is none is refused by name",
    arguments: [
      ("normalization.mean", Float.nan), ("normalization.mean", -.infinity), ("normalization.variance", .nan),
      ("normalization.variance", .infinity), ("normalization.variance", -0.5),
    ])
  func aNormalizationThatIsNoneIsRefusedByName(name: String, value: Float) throws {
    let tensors = Self.network.tensors().map {
      $0.name == name ? SafetensorsTensor(name: name, shape: [2], values: [1, value]) : $0
    }
    let file = try Self.file(tensors, metadata: Self.network.configuration.metadata)
    do throws(SafetensorsError) {
      _ = try Network(file: file)
      Issue.record("\(value) went unnoticed")
    } catch {
      #expect(
        error
          == (value == -0.5
            ? .negative(file: "x", tensor: name, index: 1) : .notFinite(file: "x", tensor: name, index: 1)))
      #expect(error.message.contains(name))
    }
  }

  @Test("A file of more layers than there may be is not imported")
  func aFileOfMoreLayersThanThereMayBeIsNotImported() throws {
    let shape = { (rows: Int, columns: Int) in [rows, columns] }
    var tensors = [
      SafetensorsTensor(name: "e.weight", shape: shape(2, 1), values: [1, 2]),
      SafetensorsTensor(name: "o.weight", shape: shape(2, 1), values: [3, 4]),
    ]
    for layer in 0..<1025 {
      tensors.append(.init(name: "rnn.weight_ih_l\(layer)", shape: shape(1, 1), values: [1]))
      tensors.append(.init(name: "rnn.weight_hh_l\(layer)", shape: shape(1, 1), values: [1]))
    }
    let file = try Self.file(tensors, metadata: [:])
    #expect(throws: ExchangeError.self) {
      try PyTorchWeights(file: file, names: PyTorchNames(embedding: "e", output: "o"))
    }
  }
}

extension String {
  fileprivate func replacingCharacters(in range: Range<Index>, by text: some StringProtocol) -> String {
    String(self[..<range.lowerBound]) + text + self[range.upperBound...]
  }
}
