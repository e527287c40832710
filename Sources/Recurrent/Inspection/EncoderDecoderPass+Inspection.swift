extension EncoderDecoderPass {
  /// The saturation of the gates of both stacks on a batch without dropout. There is no chart of lags: by attention
  /// the loss reaches every state of the encoder past the states after it.
  public func inspect(_ batch: SequencePairBatch) -> PassInspection? {
    _ = evaluate(batch)
    return PassInspection(
      lags: nil,
      gates: encoder.gateSaturations(rowCount: batch.source.layout.rowCount, of: "encoder")
        + decoder.gateSaturations(rowCount: batch.target.layout.rowCount, of: "decoder"))
  }
}
