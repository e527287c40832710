import Groundwork
import Recurrent
import Testing

@Suite struct LanguageModelConfigurationTests {
  @Test("A flat object without the later fields is read") func aFlatObjectWithoutTheLaterFieldsIsRead() throws
  {
    let text = """
      {"cell": "lstm", "vocabularySize": 40, "embeddingSize": 8, "hiddenSize": 16, "layerCount": 3, "dropout": 0.1}
      """
    let configuration = try JSONFormat.decode(LanguageModelConfiguration.self, from: Array(text.utf8))
    let expected = LanguageModelConfiguration(
      cell: .lstm, vocabularySize: 40, embeddingSize: 8, hiddenSize: 16, layerCount: 3, dropout: 0.1)
    #expect(configuration == expected)
    #expect(configuration.hiddenSize == 16 && configuration.stack.layerCount == 3)
    let written = try JSONFormat.encodeLine(expected)
    #expect(try JSONFormat.decode(LanguageModelConfiguration.self, from: written) == expected)
    #expect(
      String(decoding: written, as: UTF8.self)
        == #"{"cell":"lstm","dropout":0.1,"dropoutKind":"independent","embeddingSize":8,"hiddenSize":16,"#
        + #""isResidual":false,"layerCount":3,"normalizesLayers":false,"tiesEmbedding":false,"vocabularySize":40}"#
    )
  }

  @Test("A context and a dropout of weights are written where they are") func contextIsWrittenWhereItIs()
    throws
  {
    let configuration = LanguageModelConfiguration(
      vocabularySize: 40, contextSizes: [48, 4], embeddingSize: 8, hiddenSize: 16, layerCount: 3,
      weightDropout: 0.25)
    let written = try JSONFormat.encodeLine(configuration)
    #expect(try JSONFormat.decode(LanguageModelConfiguration.self, from: written) == configuration)
    let text = String(decoding: written, as: UTF8.self)
    #expect(text.contains(#""contextSizes":[48,4]"#) && text.contains(#""weightDropout":0.25"#))
    #expect(configuration.network.input.vocabularySizes == [40, 48, 4])
    #expect(configuration.network.languageModel == configuration)
  }

  @Test(
    "A shape names its fault",
    arguments: [
      (LanguageModelShape(), nil), (LanguageModelShape(layerCount: 0), "layerCount"),
      (LanguageModelShape(embeddingSize: 0), "embeddingSize"),
      (LanguageModelShape(hiddenSize: -1), "hiddenSize"),
      (LanguageModelShape(dropout: 1), "dropout"), (LanguageModelShape(dropout: .nan), "dropout"),
      (LanguageModelShape(dropout: 0.99999999), "dropout"),
      (LanguageModelShape(embeddingDropout: -0.1), "embeddingDropout"),
      (LanguageModelShape(embeddingSize: 8, hiddenSize: 16, tiesEmbedding: true), "embeddingSize"),
    ])
  func aShapeNamesItsFault(shape: LanguageModelShape, name: String?) {
    #expect(shape.fault?.name == name)
  }
}
