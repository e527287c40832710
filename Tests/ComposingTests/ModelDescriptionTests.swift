import Composing
import Groundwork
import Recurrent
import TestSupport
import Testing
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
      ("\"hiddenSize\" : 16", "\"hiddenSize\" : 9000", "hidden size is 9000; expected at most 8192"),
      ("\"layerCount\" : 2", "\"layerCount\" : 0", "number of layers is 0; expected at least 1"),
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
}
