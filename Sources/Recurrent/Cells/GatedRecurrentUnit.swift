internal import Arithmetic

/// The gated recurrent unit in its reset-after form:
///
///     r = σ(W_ir x + b_ir + W_hr h + b_hr)
///     z = σ(W_iz x + b_iz + W_hz h + b_hz)
///     n = tanh(W_in x + b_in + r ⊙ (W_hn h + b_hn))
///     h' = (1 − z) ⊙ n + z ⊙ h
///
/// Gates in PyTorch's order r, z, n. A step keeps r, z, n and W_hn h + b_hn. The gradients are left in the order n, r, z,
/// r ⊙ n: so those of W_i x are the first three blocks and those of W_h h the last three, each one range.
struct GatedRecurrentUnit: RecurrentCell {
  let gateCount = 3
  let savedCount = 4
  let stateCount = 1
  var phases: [CellPhase] { [CellPhase(gates: 0..<3, gradientBlock: 1)] }
  var inputGradientOrder: [Int] { [2, 0, 1] }
  var gates: [(block: Int, name: String)] { [(0, "reset"), (1, "update")] }
  var exchange: CellExchange? {
    CellExchange(
      onnxOperator: "GRU", onnxGateOrder: [1, 0, 2], onnxResetsAfterProduct: true, pytorchModule: "GRU")
  }

  func forward(_ step: CellForwardStep, phase: Int) {
    Kernels.current.gruForward(
      hiddenSize: step.hiddenSize, gates: step.saved, recurrent: step.recurrent, inputBias: step.inputBias,
      recurrentBias: step.recurrentBias, previous: step.previous, next: step.next)
  }

  func backward(_ step: CellBackwardStep, phase: Int) {
    Kernels.current.gruBackward(
      hiddenSize: step.hiddenSize, gates: step.saved, previous: step.previous, above: step.above,
      carry: step.carry)
  }
}
