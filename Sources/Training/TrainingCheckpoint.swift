internal import Arithmetic
internal import Groundwork
internal import Recurrent

/// What a checkpoint calls its tensors and its small values.
private enum CheckpointName {
  static let format = "format"
  static let formatValue = "gruppetto-training-1"
  static let state = "state"
  static let weights = "weights."
  static let firstMoment = "optimizer.firstMoment."
  static let secondMoment = "optimizer.secondMoment."
  static let carriedState = "carriedState"
}

extension TrainingRun {
  /// Writes the current weights as the best so far.
  func saveWeights() throws(TrainingError) {
    var metadata = ["format": "pt", "step": String(state.step)]
    if let loss = state.bestValidationLoss { metadata["validationLoss"] = "\(loss)" }
    do {
      try Safetensors.write(model.tensors(), metadata: metadata, to: folder.weightsPath)
    } catch {
      throw .weights(error)
    }
  }

  /// Writes all that resuming needs, in one file.
  func saveCheckpoint() throws(TrainingError) {
    state.source = source.position
    state.optimizerSteps = optimizer.stepCount
    let text: [UInt8]
    do {
      text = try JSONFormat.encodeLine(state)
    } catch {
      preconditionFailure("the state of a run has numbers that JSON has no words for: \(error)")
    }
    var tensors: [SafetensorsTensor] = []
    for part in checkpointParts {
      for entry in model.parameters.entries {
        let values = Array(part.values.elements[entry.range])
        tensors.append(SafetensorsTensor(name: part.prefix + entry.name, shape: entry.shape, values: values))
      }
    }
    tensors.append(
      SafetensorsTensor(name: CheckpointName.carriedState, shape: carriedShape, values: pass.carriedState))
    do {
      try Safetensors.write(
        tensors,
        metadata: [
          CheckpointName.format: CheckpointName.formatValue,
          CheckpointName.state: String(decoding: text, as: UTF8.self),
        ], to: folder.checkpointPath)
    } catch {
      throw .weights(error)
    }
  }
}

extension TrainingRun {
  /// The buffers that are laid out as the parameters are, and what their tensors' names begin with.
  private var checkpointParts: [(prefix: String, values: AlignedBuffer<Float>)] {
    [
      (CheckpointName.weights, model.parameters.values),
      (CheckpointName.firstMoment, optimizer.firstMoments),
      (CheckpointName.secondMoment, optimizer.secondMoments),
    ]
  }

  /// The carried state's shape: layers, streams, values.
  private var carriedShape: [Int] {
    [model.configuration.layerCount, configuration.batchSize, model.configuration.hiddenSize]
  }

  /// Goes to where the folder's checkpoint is.
  func restore() throws(TrainingError) {
    let file: SafetensorsFile
    do { file = try SafetensorsFile(path: folder.checkpointPath) } catch { throw unusable(error.message) }
    guard file.metadata[CheckpointName.format] == CheckpointName.formatValue,
      let text = file.metadata[CheckpointName.state]
    else { throw unusable("it is not a checkpoint of this version") }
    let saved: TrainingState<Source.Position>
    do {
      saved = try JSONFormat.decode(TrainingState<Source.Position>.self, from: Array(text.utf8))
    } catch {
      throw unusable("its state cannot be read")
    }
    for part in checkpointParts {
      for entry in model.parameters.entries {
        try read(
          part.prefix + entry.name, shape: entry.shape, from: file,
          into: UnsafeMutableBufferPointer(rebasing: part.values.elements[entry.range]))
      }
    }
    let carried = AlignedBuffer<Float>(count: carriedShape.reduce(1, *))
    try read(CheckpointName.carriedState, shape: carriedShape, from: file, into: carried.elements)
    pass.carriedState = carried.array
    optimizer.stepCount = saved.optimizerSteps
    guard source.seek(to: saved.source) else { throw unusable("its place in the data lies outside the data") }
    state = saved
    if !fileExists(folder.weightsPath) {
      // Someone took the best weights away; the next validation writes some again.
      state.bestValidationLoss = nil
      state.validationsWithoutImprovement = 0
    }
    pass.parametersDidChange()
  }

  /// Reads a tensor that must have this shape and hold numbers.
  private func read(
    _ name: String, shape: [Int], from file: SafetensorsFile, into values: UnsafeMutableBufferPointer<Float>
  ) throws(TrainingError) {
    let found: [Float]
    do { found = try file.floats(named: name) } catch { throw unusable(error.message) }
    let foundShape = file.entry(named: name)?.shape ?? []
    guard foundShape == shape else {
      throw unusable("its tensor '\(name)' has the shape \(foundShape) and not \(shape)")
    }
    guard found.allSatisfy(\.isFinite) else {
      throw unusable("its tensor '\(name)' has values that are not numbers")
    }
    _ = values.update(fromContentsOf: found)
  }

  private func unusable(_ reason: String) -> TrainingError {
    .unusableCheckpoint(path: folder.checkpointPath, reason: reason)
  }
}
