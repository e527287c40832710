internal import Arithmetic

/// Long short-term memory (Hochreiter & Schmidhuber 1997) with the forget gate of Gers et al. (2000):
///
///     i = σ(W_ii x + b_ii + W_hi h + b_hi)      f = σ(W_if x + b_if + W_hf h + b_hf)
///     g = tanh(W_ig x + b_ig + W_hg h + b_hg)   o = σ(W_io x + b_io + W_ho h + b_ho)
///     c' = f ⊙ c + i ⊙ g                        h' = o ⊙ tanh(c')
///
/// Gates in PyTorch's order i, f, g, o. A step keeps i, f, g, o and c.
struct LongShortTermMemory: RecurrentCell {
  let gateCount = 4
  let savedCount = 5
  let stateCount = 2
  var phases: [CellPhase] { [CellPhase(gates: 0..<4, gradientBlock: 0)] }
  var gates: [(block: Int, name: String)] { [(0, "input"), (1, "forget"), (3, "output")] }
  var exchange: CellExchange? {
    CellExchange(onnxOperator: "LSTM", onnxGateOrder: [0, 3, 1, 2], pytorchModule: "LSTM")
  }

  func forward(_ step: CellForwardStep, phase: Int) {
    Kernels.current.lstmForward(
      hiddenSize: step.hiddenSize, gates: step.saved, recurrent: step.recurrent, inputBias: step.inputBias,
      recurrentBias: step.recurrentBias, memory: step.memory, next: step.next)
  }

  func backward(_ step: CellBackwardStep, phase: Int) {
    Kernels.current.lstmBackward(
      hiddenSize: step.hiddenSize, gates: step.saved, above: step.above, carry: step.carry,
      memoryCarry: step.memoryCarry)
  }
}
