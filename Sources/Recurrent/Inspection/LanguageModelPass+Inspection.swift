internal import Arithmetic

extension LanguageModelPass {
  /// Looks inside the network on a window, as it is without dropout: how far back the loss of the last step reaches, and
  /// where the gates stand.
  public func inspect(_ batch: TokenBatch) -> PassInspection? {
    clearCarriedState()
    _ = evaluate(batch)
    let gates = stack.gateSaturations(rowCount: layout.rowCount)
    let width = configuration.hiddenSize, lastRow = layout.rowCount - batchSize
    let count = (lastRow..<layout.rowCount).count { targets[$0] >= 0 }
    guard count > 0 else { return PassInspection(lags: nil, gates: gates) }
    // The window without resets, and the gradient of what the stack says last.
    stack.clearState()
    stack.forward(input: embedded.baseAddress, layout: layout, team: team)
    let lastOutput = stack.output.baseAddress + lastRow * width
    output.forward(input: lastOutput, rows: batchSize, output: logits.baseAddress, team: team)
    loss.run(
      logits: logits.baseAddress, bias: model.parameters.values.baseAddress + outputBias,
      targets: targets.baseAddress + lastRow, count: batchSize, scale: 1 / Float(count),
      losses: losses.baseAddress, team: team)
    output.backward(
      input: lastOutput, outputGradient: logits.baseAddress, rows: batchSize,
      inputGradient: outputGradient.baseAddress + lastRow * width,
      weightGradient: gradients.baseAddress + outputWeight,
      biasGradient: gradients.baseAddress + outputBias, team: team)
    let lags = stack.gradientLags(
      input: embedded.baseAddress, layout: layout, outputGradient: outputGradient.baseAddress,
      gradients: gradients, team: team)
    return PassInspection(lags: lags, gates: gates)
  }
}
