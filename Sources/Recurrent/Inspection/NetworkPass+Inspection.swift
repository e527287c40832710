internal import Arithmetic

extension NetworkPass {
  /// Measures the network on a batch, as it is without dropout: how far back the loss of the last step, or of the
  /// label, reaches (see `GradientLags`; no stream is reset on the way), and the saturation of the gates. Where the batch has no
  /// targets, or none at the last steps, the gates are all there is to see.
  public func inspect(_ batch: SequenceBatch) -> PassInspection? {
    let layout = batch.layout
    omitDropout()
    clearCarriedState()
    read(batch)
    let gates = stack.gateSaturations(rowCount: layout.rowCount)
    guard batch.targets != .none else { return PassInspection(lags: nil, gates: gates) }
    clearCarriedState()
    read(
      layout: layout, ids: batch.ids.span, contexts: Span(), frames: batch.frames.span, resets: Span())
    let taken = head.take(batch.targets, layout: layout)
    _ = head.learn(
      taken, scale: 1 / Float(max(1, head.streamsWithLastTarget(layout))), input: stack.output.baseAddress,
      inputGradient: outputGradient.baseAddress, layout: layout, gradients: gradients, team: team)
    let lags = stack.gradientLags(
      input: input.output.baseAddress, layout: layout, outputGradient: outputGradient.baseAddress,
      gradients: gradients, team: team)
    return PassInspection(lags: lags, gates: gates)
  }
}
