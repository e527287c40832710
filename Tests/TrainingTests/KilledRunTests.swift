import Arithmetic
import Foundation
import Groundwork
import Recurrent
import TestSupport
import Testing
import Training

/// Runs in a process of their own, which is killed between the writing of a file and its renaming.
@Suite(.serialized) struct KilledRunTests {
  /// Trains in `folder` with this many threads, as far as it comes.
  static func train(in folder: String, resuming: Bool, threads: Int = 1) throws -> TrainingResult {
    let pattern: [Int32] = [1, 4, 5, 4, 6, 7, 4, 5, 3, 2]
    let network = LanguageModelConfiguration(
      cell: .gru, vocabularySize: 8, embeddingSize: 6, hiddenSize: 12, layerCount: 2, dropout: 0.1)
    let configuration = TrainingConfiguration(
      budget: .steps(20), optimizer: .rmsprop(momentum: 0.5, isCentered: true), learningRate: 1e-2,
      schedule: .init(shape: .plateau, warmUp: 0.1, patience: 0), batchSize: 3,
      truncationLength: 8, accumulation: 2, averageDecay: 0.9, validationInterval: 3,
      checkpointSeconds: 0, seed: 5)
    return try TrainingRun(
      model: Network(configuration: network, seed: 5), source: RepeatingSource(pattern: pattern),
      validationPieces: PieceIDs([pattern]), configuration: configuration,
      folder: TrainingFolder(path: folder),
      resuming: resuming, team: ThreadTeam(threadCount: threads)
    ).run()
  }

  @Test(
    "Ends as a run that was not killed",
    arguments: [
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
    #expect(try TrainedFiles(straight) == TrainedFiles(killed))
  }

  /// Killed with some number of threads and resumed with another, twice: all files are those of one thread.
  @Test(
    "Ends the same with other threads",
    arguments: [[1, 4, 2], [2, 1, 4], [4, 2, 1], [1, 2, 2], [4, 4, 4]])
  func endsTheSameWithOtherThreads(threads: [Int]) async throws {
    let (straight, killed) = (try TemporaryFolder(), try TemporaryFolder())
    _ = try Self.train(in: straight.path, resuming: false)
    let path = killed.path
    for count in threads.dropLast() {
      await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String, count = count as Int] in
        setenv("GRUPPETTO_FAULT", "before-rename:training.safetensors:7", 1)
        _ = try Self.train(in: path, resuming: true, threads: count)
      }
    }
    let result = try Self.train(in: killed.path, resuming: true, threads: threads[2])
    #expect(result.stopped == .budgetSpent && result.steps == 20)
    #expect(try TrainedFiles(straight) == TrainedFiles(killed))
  }
}
