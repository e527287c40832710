internal import CKernels

// One step of one stream of `hiddenSize` units for each recurrent cell, and layer normalization. What `gates` holds
// before and after each of them: `CKernels.h`.

extension Kernels {
  package func gruForward(
    hiddenSize: Int, gates: UnsafeMutablePointer<Float>, recurrent: UnsafePointer<Float>,
    inputBias: UnsafePointer<Float>, recurrentBias: UnsafePointer<Float>, previous: UnsafePointer<Float>,
    next: UnsafeMutablePointer<Float>
  ) {
    table.pointee.gru_forward(hiddenSize, gates, recurrent, inputBias, recurrentBias, previous, next)
  }

  package func gruBackward(
    hiddenSize: Int, gates: UnsafeMutablePointer<Float>, previous: UnsafePointer<Float>,
    above: UnsafePointer<Float>, carry: UnsafeMutablePointer<Float>
  ) {
    table.pointee.gru_backward(hiddenSize, gates, previous, above, carry)
  }

  package func gruBeforeGates(
    hiddenSize: Int, gates: UnsafeMutablePointer<Float>, recurrent: UnsafePointer<Float>,
    inputBias: UnsafePointer<Float>, recurrentBias: UnsafePointer<Float>, previous: UnsafePointer<Float>
  ) {
    table.pointee.gru_before_gates(hiddenSize, gates, recurrent, inputBias, recurrentBias, previous)
  }

  package func gruBeforeCandidate(
    hiddenSize: Int, gates: UnsafeMutablePointer<Float>, recurrent: UnsafePointer<Float>,
    inputBias: UnsafePointer<Float>, recurrentBias: UnsafePointer<Float>, previous: UnsafePointer<Float>,
    next: UnsafeMutablePointer<Float>
  ) {
    table.pointee.gru_before_candidate(
      hiddenSize, gates, recurrent, inputBias, recurrentBias, previous, next)
  }

  package func gruBeforeCandidateBackward(
    hiddenSize: Int, gates: UnsafeMutablePointer<Float>, previous: UnsafePointer<Float>,
    above: UnsafePointer<Float>, carry: UnsafeMutablePointer<Float>
  ) {
    table.pointee.gru_before_candidate_backward(hiddenSize, gates, previous, above, carry)
  }

  package func gruBeforeGatesBackward(
    hiddenSize: Int, gates: UnsafeMutablePointer<Float>, previous: UnsafePointer<Float>,
    operandGradient: UnsafePointer<Float>, carry: UnsafeMutablePointer<Float>
  ) {
    table.pointee.gru_before_gates_backward(hiddenSize, gates, previous, operandGradient, carry)
  }

  package func lstmForward(
    hiddenSize: Int, gates: UnsafeMutablePointer<Float>, recurrent: UnsafePointer<Float>,
    inputBias: UnsafePointer<Float>, recurrentBias: UnsafePointer<Float>,
    memory: UnsafeMutablePointer<Float>, next: UnsafeMutablePointer<Float>
  ) {
    table.pointee.lstm_forward(hiddenSize, gates, recurrent, inputBias, recurrentBias, memory, next)
  }

  package func lstmBackward(
    hiddenSize: Int, gates: UnsafeMutablePointer<Float>, above: UnsafePointer<Float>,
    carry: UnsafeMutablePointer<Float>, memoryCarry: UnsafeMutablePointer<Float>
  ) {
    table.pointee.lstm_backward(hiddenSize, gates, above, carry, memoryCarry)
  }

  package func rnnTanhForward(
    hiddenSize: Int, gates: UnsafeMutablePointer<Float>, recurrent: UnsafePointer<Float>,
    inputBias: UnsafePointer<Float>, recurrentBias: UnsafePointer<Float>, next: UnsafeMutablePointer<Float>
  ) {
    table.pointee.rnn_tanh_forward(hiddenSize, gates, recurrent, inputBias, recurrentBias, next)
  }

  package func rnnTanhBackward(
    hiddenSize: Int, gates: UnsafeMutablePointer<Float>, above: UnsafePointer<Float>,
    carry: UnsafeMutablePointer<Float>
  ) {
    table.pointee.rnn_tanh_backward(hiddenSize, gates, above, carry)
  }

  package func rnnReLUForward(
    hiddenSize: Int, gates: UnsafeMutablePointer<Float>, recurrent: UnsafePointer<Float>,
    inputBias: UnsafePointer<Float>, recurrentBias: UnsafePointer<Float>, next: UnsafeMutablePointer<Float>
  ) {
    table.pointee.rnn_relu_forward(hiddenSize, gates, recurrent, inputBias, recurrentBias, next)
  }

  package func rnnReLUBackward(
    hiddenSize: Int, gates: UnsafeMutablePointer<Float>, above: UnsafePointer<Float>,
    carry: UnsafeMutablePointer<Float>
  ) {
    table.pointee.rnn_relu_backward(hiddenSize, gates, above, carry)
  }

  /// `statistics` holds two numbers.
  package func normalize(
    _ x: UnsafePointer<Float>, count: Int, weight: UnsafePointer<Float>, bias: UnsafePointer<Float>,
    epsilon: Float, into y: UnsafeMutablePointer<Float>, statistics: UnsafeMutablePointer<Float>
  ) {
    table.pointee.layer_norm_forward(count, x, weight, bias, epsilon, y, statistics)
  }

  package func normalizeBackward(
    count: Int, weight: UnsafePointer<Float>, statistics: UnsafePointer<Float>,
    x: UnsafeMutablePointer<Float>,
    gradient: UnsafeMutablePointer<Float>
  ) {
    table.pointee.layer_norm_backward(count, weight, statistics, x, gradient)
  }
}
