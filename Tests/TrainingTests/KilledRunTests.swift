import Arithmetic
import Foundation
import Groundwork
import Recurrent
import TestSupport
import Testing
import Training

/// Runs in a process of their own, which is killed between the writing of a file and its renaming.
@Suite(.serialized) struct KilledRunTests {
  /// Trains in `folder`, as far as it comes.
  static func train(in folder: String, resuming: Bool) throws -> TrainingResult {
    let pattern: [Int32] = [1, 4, 5, 4, 6, 7, 4, 5, 3, 2]
    let network = LanguageModelConfiguration(
      cell: .gru, vocabularySize: 8, embeddingSize: 6, hiddenSize: 12, layerCount: 2, dropout: 0.1)
    let configuration = TrainingConfiguration(
      budget: .steps(20), optimizer: .rmsprop(momentum: 0.5, isCentred: true), learningRate: 1e-2,
      schedule: .init(shape: .plateau, warmUp: 0.1, patience: 0), batchSize: 3,
      truncationLength: 8, accumulation: 2, averageDecay: 0.9, validationInterval: 3,
      checkpointSeconds: 0, seed: 5)
    return try TrainingRun(
      model: LanguageModel(configuration: network, seed: 5), source: RepeatingSource(pattern: pattern),
      validationPieces: PieceIDs([pattern]), configuration: configuration,
      folder: TrainingFolder(path: folder),
      resuming: resuming, team: ThreadTeam(threadCount: 1)
    ).run()
  }

  @Test(arguments: [
    "before-rename:training.safetensors", "before-rename:training.safetensors:2",
    "before-rename:training.safetensors:9", "before-rename:model.safetensors",
    "before-rename:model.safetensors:3",
  ])
  func endsAsARunThatWasNotKilled(fault: String) async throws {
    let (straight, killed) = (try TemporaryFolder(), try TemporaryFolder())
    _ = try Self.train(in: straight.path, resuming: false)
    let path = killed.path
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String, fault = fault as String] in
      setenv("GRUPPETTO_FAULT", fault, 1)
      _ = try Self.train(in: path, resuming: true)
    }
    let result = try Self.train(in: killed.path, resuming: true)
    #expect(result.stopped == .budgetSpent && result.steps == 20)
    #expect(
      try readFile(straight.file("model.safetensors")) == readFile(killed.file("model.safetensors")))
    let histories = try [straight, killed].map { folder in
      try TrainingHistory(path: folder.file("history.jsonl")).entries.map { entry in
        var entry = entry
        entry.seconds = 0
        return entry
      }
    }
    #expect(histories[0] == histories[1])
  }
}
