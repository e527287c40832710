internal import Arithmetic
internal import Groundwork
internal import Recurrent

/// What a checkpoint calls its tensors and its small values.
enum CheckpointName {
  static let format = "format"
  static let formatValue = "gruppetto-training-2"
  static let state = "state"
  static let optimizer = "optimizer"
  static let weights = "weights."
  static let average = "average."
  static let carriedState = "carriedState"
}

extension TrainingRun {
  /// Writes the current weights, or their average where one is kept, as the best so far.
  func saveWeights() throws(TrainingError) {
    var metadata = ["format": "pt", "step": String(state.step)]
    if let loss = state.bestValidationLoss { metadata["validationLoss"] = "\(loss)" }
    let values = learner.average?.values ?? pass.parameters.values
    try requireNumbers(values)
    try write(
      pass.parameters.entries.map { .init(name: $0.name, shape: $0.shape, values: values, range: $0.range) },
      metadata: metadata, to: folder.weightsPath)
  }

  /// Writes all that resuming needs, in one file.
  func saveCheckpoint() throws(TrainingError) {
    state.source = source.position
    state.dropout = learner.dropout
    state.optimizerSteps = learner.optimizer.stepCount
    state.averageUpdates = learner.average?.updateCount ?? 0
    try requireNumbers(pass.parameters.values)
    var tensors = checkpointParts.flatMap { part in
      pass.parameters.entries.map {
        SafetensorsTensor(
          name: part.prefix + $0.name, shape: $0.shape, values: part.values, range: $0.range)
      }
    }
    let carried = pass.carriedState
    tensors.append(
      SafetensorsTensor(name: CheckpointName.carriedState, shape: [carried.count], values: carried))
    try write(
      tensors,
      metadata: [
        CheckpointName.format: CheckpointName.formatValue, CheckpointName.state: text(of: state),
        CheckpointName.optimizer: text(of: configuration.optimizer),
      ], to: folder.checkpointPath)
  }

  private func write(
    _ tensors: [SafetensorsTensor], metadata: [String: String], to path: String
  ) throws(TrainingError) {
    do { try Safetensors.write(tensors, metadata: metadata, to: path) } catch { throw .weights(error) }
  }

  private func text(of value: some Encodable) -> String {
    do {
      return String(decoding: try JSONFormat.encodeLine(value), as: UTF8.self)
    } catch {
      preconditionFailure("the state of a run has numbers that JSON cannot represent: \(error)")
    }
  }

  /// Throws where a weight has become infinite or no number, so that it never replaces what is good.
  private func requireNumbers(_ weights: AlignedBuffer<Float>) throws(TrainingError) {
    guard Kernels.current.sumOfSquares(weights.baseAddress, count: weights.count).isFinite else {
      throw diverged("a weight", step: learner.optimizer.stepCount)
    }
  }
}

extension TrainingRun {
  /// The buffers that are laid out as the parameters are, and what their tensors' names begin with.
  private var checkpointParts: [(prefix: String, values: AlignedBuffer<Float>)] {
    [(CheckpointName.weights, pass.parameters.values)]
      + learner.optimizer.stateBuffers.map { ("optimizer.\($0.name).", $0.values) }
      + (learner.average.map { [(CheckpointName.average, $0.values)] } ?? [])
  }

  /// Goes to where the folder's checkpoint is.
  func restore() throws(TrainingError) {
    let (file, saved) = try readCheckpoint()
    try restoreTensors(from: file)
    learner.optimizer.stepCount = saved.optimizerSteps
    learner.average?.updateCount = saved.averageUpdates
    learner.dropout = saved.dropout
    guard source.seek(to: saved.source) else { throw unusable("its position is outside the data") }
    state = saved
    if !fileExists(folder.weightsPath) {
      // Someone took the best weights away; the next validation writes some again.
      state.bestValidationLoss = nil
      state.lowestValidationLoss = nil
      state.validationsWithoutImprovement = 0
    }
    pass.parametersDidChange()
  }

  /// The folder's checkpoint and the state that it tells, if both are of this version and of this run's optimizer and seed.
  private func readCheckpoint() throws(TrainingError) -> (SafetensorsFile, TrainingState<Source.Position>) {
    let file: SafetensorsFile
    do { file = try SafetensorsFile(path: folder.checkpointPath) } catch { throw unusable(error.message) }
    guard file.metadata[CheckpointName.format] == CheckpointName.formatValue,
      let text = file.metadata[CheckpointName.state]
    else { throw unusable("it is not a checkpoint of this version") }
    let optimizer = self.text(of: configuration.optimizer)
    let savedOptimizer = file.metadata[CheckpointName.optimizer] ?? "none"
    guard savedOptimizer == optimizer else {
      throw unusable("it was made with the optimizer \(savedOptimizer), not with \(optimizer)")
    }
    let saved: TrainingState<Source.Position>
    do {
      saved = try JSONFormat.decode(TrainingState<Source.Position>.self, from: Array(text.utf8))
    } catch {
      throw unusable("its state cannot be read: \(JSONFile.reason(of: error))")
    }
    if let fault = saved.fault { throw unusable("its state is invalid: \(fault)") }
    guard (saved.dropout.seed, saved.dropout.name) == (learner.dropout.seed, learner.dropout.name) else {
      throw unusable(
        "it uses the random stream '\(saved.dropout.name)' of the seed \(saved.dropout.seed) and this run from "
          + "'\(learner.dropout.name)' of \(learner.dropout.seed)")
    }
    return (file, saved)
  }

  /// Reads weights, the optimizer's state, the average of the weights and the state that windows carry on.
  private func restoreTensors(from file: SafetensorsFile) throws(TrainingError) {
    if let known = file.entries.first(where: { $0.name.hasPrefix(CheckpointName.average) }),
      learner.average == nil
    {
      throw unusable("it has an average of the weights ('\(known.name)'), but this run does not")
    }
    for part in checkpointParts {
      for entry in pass.parameters.entries {
        try read(
          part.prefix + entry.name, shape: entry.shape, from: file,
          into: UnsafeMutableBufferPointer(rebasing: part.values.elements[entry.range]))
      }
    }
    let carried = AlignedBuffer<Float>(count: pass.carriedState.count)
    try read(CheckpointName.carriedState, shape: [carried.count], from: file, into: carried.elements)
    learner.pass.carriedState = carried.array
  }

  /// Reads a tensor that must have this shape and hold numbers.
  private func read(
    _ name: String, shape: [Int], from file: SafetensorsFile, into values: UnsafeMutableBufferPointer<Float>
  ) throws(TrainingError) {
    let found: [Float]
    do { found = try file.floats(named: name) } catch { throw unusable(error.message) }
    let foundShape = file.entry(named: name)?.shape ?? []
    guard foundShape == shape else {
      throw unusable("its tensor '\(name)' has the shape \(foundShape) instead of \(shape)")
    }
    guard found.allSatisfy(\.isFinite) else {
      throw unusable("its tensor '\(name)' has values that are not finite numbers")
    }
    _ = values.update(fromContentsOf: found)
  }

  private func unusable(_ reason: String) -> TrainingError {
    .unusableCheckpoint(path: folder.checkpointPath, reason: reason)
  }
}
