package import Arithmetic

// What a stack shows of itself. No step of training calls any of it.
extension RecurrentStack {
  /// The saturation of the gates after a forward pass over `rowCount` rows, before the backward pass.
  /// - Parameter name: what the stack is called before a gate's name, where there are several.
  package func gateSaturations(rowCount: Int, of name: String? = nil) -> [GateSaturation] {
    layers.enumerated().flatMap { layer in
      layer.element.gateSaturations(rowCount: rowCount).map { gate in
        GateSaturation(
          layer: layer.offset, gate: name.map { "\($0) \(gate.name)" } ?? gate.name, shut: gate.shut,
          open: gate.open)
      }
    }
  }

  /// How strongly the last states depend on those before them, at the lags 1, 2, 4, …; see `GradientLags`. It is measured
  /// on the way of one backward pass. A lag that only some streams have is theirs alone. Nil if no gradient enters at a
  /// last step.
  /// - Parameters:
  ///   - input: N × I, what `forward` was given, from zero states, without resets or dropout.
  ///   - layout: the batch's.
  ///   - outputGradient: N × D·H, the gradient of the loss; used up.
  ///   - gradients: laid out as the parameters; their numbers mean nothing afterwards.
  package func gradientLags(
    input: UnsafePointer<Float>, layout: StepLayout, outputGradient: UnsafeMutablePointer<Float>,
    gradients: AlignedBuffer<Float>, team: ThreadTeam
  ) -> GradientLags? {
    let entering = keepLastSteps(of: outputGradient, layout: layout)
    guard entering else { return nil }
    let lags = Array(sequence(first: 1) { $0 * 2 <= layout.stepCount ? $0 * 2 : nil })
    let directions = configuration.directionCount, width = stateWidth
    // A place for each stream, so that no two threads write to one.
    let squares = AlignedBuffer<Double>(count: layers.count * lags.count * directions * layout.streamCount)
    func places(layer: Int, lag: Int) -> Range<Int> {
      let count = directions * layout.streamCount, first = (layer * lags.count + lag) * count
      return first..<first + count
    }
    stateGradient.clear()
    backward(
      input: input, outputGradient: outputGradient, inputGradient: nil, gradients: gradients, layout: layout,
      propagatesState: true, team: team
    ) { layer, direction, stream, lag, gradient in
      guard lag & (lag - 1) == 0 else { return }
      let first = places(layer: layer, lag: lag.trailingZeroBitCount).lowerBound
      squares[first + direction * layout.streamCount + stream] =
        Kernels.current.sumOfSquares(gradient, count: width)
    }
    return GradientLags(
      lags: lags,
      norms: layers.indices.map { layer in
        lags.indices.map { lag in
          Float(squares.elements[places(layer: layer, lag: lag)].reduce(0, +).squareRoot())
        }
      })
  }

  /// Makes the gradient of what the stack gave 0 but where a direction has its last state.
  /// - Returns: whether it is another number than 0 there.
  private func keepLastSteps(of gradient: UnsafeMutablePointer<Float>, layout: StepLayout) -> Bool {
    let h = configuration.hiddenSize, width = configuration.outputSize
    var isThere = false
    for stream in 0..<layout.streamCount {
      for direction in 0..<configuration.directionCount {
        let last = layout.lastRow(ofStream: stream, direction: direction)
        for step in 0..<layout.lengths[stream] {
          let row = layout.row(step: step, stream: stream), part = gradient + row * width + direction * h
          if row != last { part.update(repeating: 0, count: h) }
        }
        let values = UnsafeBufferPointer(start: gradient + last * width + direction * h, count: h)
        if values.contains(where: { $0 != 0 }) { isThere = true }
      }
    }
    return isThere
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
  /// The shares of a saved block's values below 0.05 and above 0.95.
  fileprivate func saturation(ofBlock block: Int, rowCount: Int) -> (shut: Float, open: Float) {
    var (shut, open) = (0, 0)
    for row in 0..<rowCount {
      let values = saved.baseAddress + row * savedWidth + block * hiddenSize
      for index in 0..<hiddenSize {
        if values[index] < 0.05 { shut += 1 }
        if values[index] > 0.95 { open += 1 }
      }
    }
    let count = Float(max(1, rowCount * hiddenSize))
    return (Float(shut) / count, Float(open) / count)
  }
}
