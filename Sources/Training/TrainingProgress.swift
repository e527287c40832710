internal import Groundwork
internal import Recurrent

/// How far a run has come, as its checkpoint tells.
public struct TrainingProgress: Codable, Hashable, Sendable {
  /// Updates of the weights so far.
  public var step: Int
  /// Seconds of training time so far.
  public var seconds: Double
  /// Epochs so far.
  public var epochs: Double
  /// How many validations in a row did not better the loss.
  public var validationsWithoutImprovement: Int

  /// Whether a run of this configuration that has come so far is over.
  public func isOver(_ configuration: TrainingConfiguration) -> Bool {
    let isSpent =
      switch configuration.budget {
      case .minutes(let minutes): seconds >= minutes * 60
      case .epochs(let count): epochs >= Double(count)
      case .steps(let count): step >= count
      }
    return isSpent || validationsWithoutImprovement >= configuration.patience ?? .max
  }
}

extension TrainingFolder {
  /// How far the run in the folder has come; nil if there is no checkpoint.
  /// - Throws: `TrainingError.unusableCheckpoint`.
  public func progress() throws(TrainingError) -> TrainingProgress? {
    guard fileExists(checkpointPath) else { return nil }
    let file: SafetensorsFile
    do { file = try SafetensorsFile(path: checkpointPath) } catch {
      throw .unusableCheckpoint(path: checkpointPath, reason: error.message)
    }
    guard let state = file.metadata[CheckpointName.state],
      let progress = try? JSONFormat.decode(TrainingProgress.self, from: Array(state.utf8))
    else { throw .unusableCheckpoint(path: checkpointPath, reason: "its state cannot be read") }
    return progress
  }
}
