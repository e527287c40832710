package import Arithmetic

// What a stack shows of itself. None of it is called in training: it runs the network again, as often as it needs.
extension RecurrentStack {
  /// Where the gates stand after a forward pass over `rowCount` rows, before the backward pass.
  package func gateSaturations(rowCount: Int) -> [GateSaturation] {
    layers.enumerated().flatMap { layer in
      layer.element.gateSaturations(rowCount: rowCount).map { gate in
        GateSaturation(layer: layer.offset, gate: gate.name, shut: gate.shut, open: gate.open)
      }
    }
  }

  /// How strongly the last step of a rectangular batch depends on the states before it; nil for layers that read backward.
  ///
  /// For each lag k = 1, 2, 4, … the stack runs over all but the last k steps and then over these, and the backward pass
  /// over these alone leaves the gradient of the state before them. The states are zero before the first step, and no
  /// stream is reset, so that nothing but the weights and the input decides how far gradients reach.
  /// - Parameters:
  ///   - input: T × B × I.
  ///   - layout: the rectangle.
  ///   - lastGradient: B × H, the gradient of the loss with respect to the last step's output.
  ///   - outputGradient: T × B × H, to be written.
  ///   - gradients: laid out as the parameters; their numbers mean nothing afterwards.
  package func gradientLags(
    input: UnsafePointer<Float>, layout: StepLayout, lastGradient: [Float],
    outputGradient: UnsafeMutablePointer<Float>, gradients: AlignedBuffer<Float>, team: ThreadTeam
  ) -> GradientLags? {
    let streams = layout.streamCount, steps = layout.stepCount, width = configuration.outputSize
    precondition(
      layout.rowCount == streams * steps && lastGradient.count == streams * width,
      "\(lastGradient.count) gradients for \(streams) streams of \(width) numbers")
    guard !configuration.isBidirectional else { return nil }
    omitDropout()
    let lags = sequence(first: 1) { $0 * 2 <= steps ? $0 * 2 : nil }
    var norms = [[Float]](repeating: [], count: configuration.layerCount)
    for lag in lags {
      clearState()
      if lag < steps {
        forward(input: input, layout: StepLayout(streamCount: streams, stepCount: steps - lag), team: team)
      }
      let rest = StepLayout(streamCount: streams, stepCount: lag)
      let restInput = input + (steps - lag) * streams * inputSize
      forward(input: restInput, layout: rest, team: team)
      let before = (lag - 1) * streams * width
      outputGradient.update(repeating: 0, count: before)
      for index in lastGradient.indices { outputGradient[before + index] = lastGradient[index] }
      stateGradient.clear()
      backward(
        input: restInput, outputGradient: outputGradient, inputGradient: nil, gradients: gradients,
        layout: rest, propagatesState: true, team: team)
      for layer in norms.indices {
        let count = streams * stateWidth
        let squares = Kernels.current.sumOfSquares(
          stateGradient.baseAddress + stateOffset(layer: layer, direction: 0), count: count)
        norms[layer].append(Float(squares.squareRoot()))
      }
    }
    return GradientLags(lags: Array(lags), norms: norms)
  }
}

extension RecurrentLayer {
  /// The shares of each gate's values near 0 and near 1 after a forward pass.
  func gateSaturations(rowCount: Int) -> [(name: String, shut: Float, open: Float)] {
    directions.flatMap { direction in
      direction.cell.gates.map { gate in
        let shares = direction.saturation(ofBlock: gate.block, rowCount: rowCount)
        return (direction.isReverse ? "reverse \(gate.name)" : gate.name, shares.shut, shares.open)
      }
    }
  }
}

extension LayerDirection {
  /// The shares of a kept block's values below 0.05 and above 0.95.
  fileprivate func saturation(ofBlock block: Int, rowCount: Int) -> (shut: Float, open: Float) {
    var (shut, open) = (0, 0)
    for row in 0..<rowCount {
      let values = kept.baseAddress + row * keptWidth + block * hiddenSize
      for index in 0..<hiddenSize {
        if values[index] < 0.05 { shut += 1 }
        if values[index] > 0.95 { open += 1 }
      }
    }
    let count = Float(max(1, rowCount * hiddenSize))
    return (Float(shut) / count, Float(open) / count)
  }
}
