internal import Arithmetic

/// The gated recurrent unit in its reset-before form (Cho et al. 2014):
///
///     r = σ(W_ir x + b_ir + W_hr h + b_hr)
///     z = σ(W_iz x + b_iz + W_hz h + b_hz)
///     n = tanh(W_in x + b_in + W_hn (r ⊙ h) + b_hn)
///     h' = (1 − z) ⊙ n + z ⊙ h
///
/// Gates in the order r, z, n, as in the reset-after form, and z as there the part of h that stays. The candidate's product
/// waits for r, so that a step has two phases. It keeps r, z, n and r ⊙ h.
struct ResetBeforeGatedRecurrentUnit: RecurrentCell {
  let gateCount = 3
  let savedCount = 4
  let stateCount = 1
  var phases: [CellPhase] {
    [CellPhase(gates: 0..<2, gradientBlock: 0), CellPhase(gates: 2..<3, operandBlock: 3, gradientBlock: 2)]
  }
  var gates: [(block: Int, name: String)] { [(0, "reset"), (1, "update")] }
  var exchange: CellExchange? {
    CellExchange(onnxOperator: "GRU", onnxGateOrder: [1, 0, 2], onnxResetsAfterProduct: false)
  }

  func forward(_ step: CellForwardStep, phase: Int) {
    if phase == 0 {
      Kernels.current.gruBeforeGates(
        hiddenSize: step.hiddenSize, gates: step.saved, recurrent: step.recurrent, inputBias: step.inputBias,
        recurrentBias: step.recurrentBias, previous: step.previous)
    } else {
      Kernels.current.gruBeforeCandidate(
        hiddenSize: step.hiddenSize, gates: step.saved, recurrent: step.recurrent, inputBias: step.inputBias,
        recurrentBias: step.recurrentBias, previous: step.previous, next: step.next)
    }
  }

  func backward(_ step: CellBackwardStep, phase: Int) {
    if phase == 1 {
      Kernels.current.gruBeforeCandidateBackward(
        hiddenSize: step.hiddenSize, gates: step.saved, previous: step.previous, above: step.above,
        carry: step.carry)
    } else {
      Kernels.current.gruBeforeGatesBackward(
        hiddenSize: step.hiddenSize, gates: step.saved, previous: step.previous,
        operandGradient: step.operandGradient, carry: step.carry)
    }
  }
}
