internal import Arithmetic

extension NetworkPass {
  /// Looks inside the network on a batch, as it is without dropout: how far back the loss of the last step, or of the
  /// label, reaches (see `GradientLags`; no stream is reset on the way), and where the gates stand. Where the batch has no
  /// targets, or none at the last steps, the gates are all there is to see.
  public func inspect(_ batch: SequenceBatch) -> PassInspection? {
    let layout = batch.layout
    omitDropout()
    clearCarriedState()
    forward(batch)
    let gates = stack.gateSaturations(rowCount: layout.rowCount)
    guard batch.targets != .none else { return PassInspection(lags: nil, gates: gates) }
    var unbroken = batch
    unbroken.resets = []
    clearCarriedState()
    forward(unbroken)
    var loss = head.take(batch.targets, layout: layout)
    head.addLosses(to: &loss, scale: 1 / Float(layout.streamCount), layout: layout, team: team)
    head.backward(
      input: stack.output.baseAddress, inputGradient: outputGradient.baseAddress, layout: layout,
      gradients: gradients, team: team)
    let lags = stack.gradientLags(
      input: input.output.baseAddress, layout: layout, outputGradient: outputGradient.baseAddress,
      gradients: gradients, team: team)
    return PassInspection(lags: lags, gates: gates)
  }
}
