/// Where a run keeps its files.
public struct TrainingFolder: Hashable, Sendable {
  /// The folder's path; it must exist.
  public let path: String

  /// The folder at `path`.
  public init(path: String) {
    self.path = path
  }

  /// The best weights so far: `model.safetensors`.
  public var weightsPath: String { path + "/model.safetensors" }
  /// All that resuming needs: `training.safetensors`.
  public var checkpointPath: String { path + "/training.safetensors" }
  /// One line a validation: `history.jsonl`.
  public var historyPath: String { path + "/history.jsonl" }
}
