extension LanguageModel: ExportableNetwork {
  /// Writes the network for another program, atomically.
  ///
  /// - PyTorch: `embedding.weight` V × E, `rnn.weight_ih_l0` and so on, `output.weight` V × H, `output.bias` V.
  /// - ONNX: inputs `ids` (T × B, 64-bit integers), `h_0` and, for an LSTM, `c_0` (L · D × B × H, the state before the
  ///   first step, zero at the beginning); outputs `logits` (T × B × V), `h_n` and `c_n` (the state after the last step).
  ///   T and B are free at each call.
  /// - Parameters:
  ///   - format: for which program.
  ///   - path: where to write.
  ///   - metadata: text to go with the network, such as its vocabulary.
  /// - Throws: `ExchangeError`: the format has no words for such a network, or the file cannot be written.
  public func export(
    as format: ExchangeFormat, to path: String, metadata: [String: String] = [:]
  ) throws(ExchangeError) {
    try write(as: format, to: path, metadata: metadata)
  }

  var stack: StackConfiguration { configuration.stack }

  /// Tied weights stand twice in a `state_dict`.
  func pytorchTensors() -> [SafetensorsTensor] {
    var tensors = tensors()
    if configuration.tiesEmbedding {
      var output = NamedTensors(tensors)[configuration.outputWeightName]
      output.name = "output.weight"
      tensors.append(output)
    }
    return tensors
  }
}
