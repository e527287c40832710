internal import Arithmetic

extension AttentionLayer {
  /// The backward pass of `projectKeys` and one `attend`.
  /// - Parameters:
  ///   - contextGradient: N × K.
  ///   - queryGradient: N × H with rows `queryStride` apart; added to.
  ///   - memoryGradient: M × K; replaced.
  ///   - gradients: of the tensors; added to.
  func backward(
    queries: MatrixView, memory: UnsafePointer<Float>, contextGradient: MatrixView, layout: AttentionLayout,
    tensors: Tensors, queryGradient: UnsafeMutablePointer<Float>, queryStride: Int,
    memoryGradient: UnsafeMutablePointer<Float>, gradients: Tensors, team: ThreadTeam
  ) {
    team.run { thread in
      for sequence in team.share(of: layout.sequenceCount, threadIndex: thread) {
        let scratch = team.scratch(threadIndex: thread)
        backwardThroughSoftmax(sequence, memory, contextGradient, layout, scratch)
        if let energy = tensors.energy {
          backwardThroughAdditiveScores(sequence, energy, layout)
        } else {
          backwardThroughProducts(
            sequence, queries, memory, layout, queryGradient, queryStride, memoryGradient, scratch)
        }
      }
    }
    addProjectionGradients(
      queries, memory, layout, queryGradient, queryStride, memoryGradient, gradients, team)
    team.run { thread in
      for sequence in team.share(of: layout.sequenceCount, threadIndex: thread) {
        let rows = layout.queries(of: sequence), columns = layout.memory(of: sequence)
        Kernels.current.multiply(
          matrix(weights, sequence, layout).transposed, contextGradient.rows(rows),
          into: memoryGradient + columns.lowerBound * memorySize, rowStride: memorySize, accumulate: true,
          scratch: team.scratch(threadIndex: thread))
      }
    }
  }

  private func matrix(
    _ buffer: AlignedBuffer<Float>, _ sequence: Int, _ layout: AttentionLayout
  ) -> MatrixView {
    MatrixView(
      buffer.baseAddress + layout.weightOffsets[sequence], rows: layout.queries(of: sequence).count,
      columns: layout.memory(of: sequence).count)
  }

  private func backwardThroughSoftmax(
    _ sequence: Int, _ memory: UnsafePointer<Float>, _ contextGradient: MatrixView, _ layout: AttentionLayout,
    _ scratch: UnsafeMutablePointer<Float>
  ) {
    let rows = layout.queries(of: sequence), columns = layout.memory(of: sequence)
    let weights = weights.baseAddress + layout.weightOffsets[sequence]
    let gradients = scoreGradients.baseAddress + layout.weightOffsets[sequence]
    let kernels = Kernels.current, values = MatrixView(memory, rows: layout.memoryCount, columns: memorySize)
    kernels.multiply(
      contextGradient.rows(rows), values.rows(columns).transposed, into: gradients, rowStride: columns.count,
      accumulate: false, scratch: scratch)
    for row in 0..<rows.count {
      kernels.softmaxBackward(
        y: weights + row * columns.count, gradient: gradients + row * columns.count, count: columns.count)
    }
    if scale != 1 { kernels.scale(gradients, by: scale, count: rows.count * columns.count) }
  }

  private func backwardThroughProducts(
    _ sequence: Int, _ queries: MatrixView, _ memory: UnsafePointer<Float>, _ layout: AttentionLayout,
    _ queryGradient: UnsafeMutablePointer<Float>, _ queryStride: Int,
    _ memoryGradient: UnsafeMutablePointer<Float>,
    _ scratch: UnsafeMutablePointer<Float>
  ) {
    let rows = layout.queries(of: sequence), columns = layout.memory(of: sequence)
    let gradients = matrix(scoreGradients, sequence, layout), kernels = Kernels.current
    kernels.multiply(
      gradients, keys(memory, columns), into: queryGradient + rows.lowerBound * queryStride,
      rowStride: queryStride,
      accumulate: true, scratch: scratch)
    let keyGradients = keyProjection == nil ? memoryGradient : keyGradients.baseAddress
    kernels.multiply(
      gradients.transposed, queries.rows(rows), into: keyGradients + columns.lowerBound * comparedSize,
      rowStride: comparedSize, accumulate: false, scratch: scratch)
  }

  private func backwardThroughAdditiveScores(
    _ sequence: Int, _ energy: UnsafePointer<Float>, _ layout: AttentionLayout
  ) {
    let rows = layout.queries(of: sequence), columns = layout.memory(of: sequence), size = comparedSize
    let keys = keys.baseAddress + columns.lowerBound * size
    let keyGradients = keyGradients.baseAddress + columns.lowerBound * size
    let energyGradient = energyGradients.baseAddress + sequence * size
    keyGradients.update(repeating: 0, count: columns.count * size)
    energyGradient.update(repeating: 0, count: size)
    for (index, row) in rows.enumerated() {
      let queryGradient = projectedQueryGradients.baseAddress + row * size
      queryGradient.update(repeating: 0, count: size)
      Kernels.current.additiveScoresBackward(
        rows: columns.count, size: size, query: projectedQueries.baseAddress + row * size, keys: keys,
        weight: energy,
        scoreGradients: scoreGradients.baseAddress + layout.weightOffsets[sequence] + index * columns.count,
        queryGradient: queryGradient, keyGradients: keyGradients, weightGradient: energyGradient)
    }
  }

  private func addProjectionGradients(
    _ queries: MatrixView, _ memory: UnsafePointer<Float>, _ layout: AttentionLayout,
    _ queryGradient: UnsafeMutablePointer<Float>, _ queryStride: Int,
    _ memoryGradient: UnsafeMutablePointer<Float>,
    _ gradients: Tensors, _ team: ThreadTeam
  ) {
    if let keyProjection, let weightGradient = gradients.key {
      let gradient = MatrixView(keyGradients.baseAddress, rows: layout.memoryCount, columns: comparedSize)
      keyProjection.backward(
        MatrixView(memory, rows: layout.memoryCount, columns: memorySize), outputGradient: gradient,
        inputGradient: memoryGradient, weightGradient: weightGradient, team: team)
    }
    if let queryProjection, let weightGradient = gradients.query, let energyGradient = gradients.energy {
      let gradient = MatrixView(
        projectedQueryGradients.baseAddress, rows: layout.queryCount, columns: comparedSize)
      queryProjection.backward(
        queries, outputGradient: gradient, inputGradient: queryGradient, inputStride: queryStride,
        isInputAccumulated: true, weightGradient: weightGradient, team: team)
      team.addColumnSums(
        of: MatrixView(energyGradients.baseAddress, rows: layout.sequenceCount, columns: comparedSize),
        to: energyGradient)
    }
  }
}
