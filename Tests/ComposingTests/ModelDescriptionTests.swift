import Composing
import Groundwork
import Recurrent
import TestSupport
import Testing
import Tokenization
import Training

@Suite struct ModelDescriptionTests {
  /// As it was written before networks had residual connections and trainings accumulated gradients.
  private static let early = """
    {
      "corpus" : {
        "fingerprint" : "0123456789abcdef", "name" : "tunes", "trainingPieces" : 6, "trainingTokens" : 900,
        "validationPieces" : 2, "validationTokens" : 300
      },
      "format" : 1, "preset" : "small", "program" : "gruppetto 0.1.0",
      "settings" : {
        "network" : {"cell" : "gru", "dropout" : 0.1, "embeddingSize" : 8, "hiddenSize" : 16, "layerCount" : 2},
        "training" : {
          "batchSize" : 4, "budget" : {"steps" : 30}, "checkpointSeconds" : 30, "clipNorm" : 1,
          "learningRate" : 0.002,
          "optimizer" : {"beta1" : 0.9, "beta2" : 0.999, "epsilon" : 1e-08, "rule" : "adamw", "weightDecay" : 0.01},
          "schedule" : {"finalFactor" : 0, "shape" : "cosine", "warmUp" : 0}, "seed" : 1, "truncationLength" : 32
        }
      }
    }
    """

  @Test("A description that was written earlier is read") func aDescriptionThatWasWrittenEarlierIsRead()
    throws
  {
    let folder = try TemporaryFolder()
    try replaceFile(at: folder.file("model.json"), with: Self.early)
    let description = try ModelDescription(folder: ModelFolder(path: folder.path))
    #expect(
      description.settings?.network
        == LanguageModelShape(embeddingSize: 8, hiddenSize: 16, layerCount: 2, dropout: 0.1))
    #expect(description.settings?.training.accumulation == 1 && description.corpus?.trainingTokens == 900)
  }

  @Test(
    "A network that cannot be is named",
    arguments: [
      ("\"hiddenSize\" : 16", "\"hiddenSize\" : 9000", "hiddenSize is 9000; expected at most 8192"),
      ("\"layerCount\" : 2", "\"layerCount\" : 0", "layerCount is 0; expected at least 1"),
      ("\"dropout\" : 0.1", "\"dropout\" : 1", "dropout is 1.0; expected a probability"),
    ])
  func aNetworkThatCannotBeIsNamed(setting: String, instead: String, reason: String) throws {
    let folder = try TemporaryFolder()
    try replaceFile(
      at: folder.file("model.json"), with: Self.early.replacing(setting, with: instead))
    let error = #expect(throws: ComposingError.self) {
      try ModelDescription(folder: ModelFolder(path: folder.path))
    }
    #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
  }

  /// Every number of a model's files at the ends of what JSON can say: each is read or refused, and what is read can be
  /// shown and planned with.
  @Test("Numbers without measure in model.json and presets are read or refused")
  func numbersWithoutMeasureAreReadOrRefused() throws {
    let folder = try TemporaryFolder()
    let model = ModelFolder(path: folder.file("model"))
    try makeFolder(model.path)
    let tokenizer = try REMITokenizer(configuration: REMIConfiguration())
    try replaceFile(at: model.vocabularyPath, with: tokenizer.vocabulary.json())
    let extremes = [
      "0", "-1", "1e-320", "0.99999999999", "1e30", "1e308", "4096", "9223372036854775807",
      "-9223372036854775808", "18446744073709551615",
    ]
    var accepted = 0
    for number in Self.early.matches(of: /: (-?[0-9][0-9.e+-]*)/) {
      for extreme in extremes {
        let range = number.output.1.startIndex..<number.output.1.endIndex
        let json = Self.early[..<range.lowerBound] + extreme + Self.early[range.upperBound...]
        try replaceFile(at: model.descriptionPath, with: String(json))
        do throws(ComposingError) {
          _ = try ModelReport(path: model.path)
          let settings = try ModelDescription(folder: model).trainingSettings(of: model)
          _ = LanguageModelPass.memoryRequirement(
            for: LanguageModelConfiguration(settings.network, vocabularySize: tokenizer.vocabulary.count),
            batchSize: settings.training.batchSize, truncationLength: settings.training.truncationLength)
          accepted += 1
        } catch {
          #expect(error.kind == .badInput, "\(json): \(error.message)")
        }
      }
    }
    #expect(accepted > 20)
  }
}
