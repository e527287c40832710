internal import Arithmetic

/// The simple recurrent network (Elman 1990):
///
///     h' = f(W_i x + b_i + W_h h + b_h)
///
/// where f is tanh or max(0, ·). A step keeps h'.
struct SimpleCell: RecurrentCell {
  /// Whether f is the rectifier.
  let isRectified: Bool

  let gateCount = 1
  let savedCount = 1
  let stateCount = 1
  var phases: [CellPhase] { [CellPhase(gates: 0..<1, gradientBlock: 0)] }
  var exchange: CellExchange? {
    CellExchange(
      onnxOperator: "RNN", onnxGateOrder: [0], onnxActivation: isRectified ? "Relu" : "Tanh",
      pytorchModule: "RNN", pytorchOption: isRectified ? "nonlinearity=\"relu\"" : nil)
  }

  func forward(_ step: CellForwardStep, phase: Int) {
    if isRectified {
      Kernels.current.rnnReLUForward(
        hiddenSize: step.hiddenSize, gates: step.saved, recurrent: step.recurrent, inputBias: step.inputBias,
        recurrentBias: step.recurrentBias, next: step.next)
    } else {
      Kernels.current.rnnTanhForward(
        hiddenSize: step.hiddenSize, gates: step.saved, recurrent: step.recurrent, inputBias: step.inputBias,
        recurrentBias: step.recurrentBias, next: step.next)
    }
  }

  func backward(_ step: CellBackwardStep, phase: Int) {
    if isRectified {
      Kernels.current.rnnReLUBackward(
        hiddenSize: step.hiddenSize, gates: step.saved, above: step.above, carry: step.carry)
    } else {
      Kernels.current.rnnTanhBackward(
        hiddenSize: step.hiddenSize, gates: step.saved, above: step.above, carry: step.carry)
    }
  }
}
