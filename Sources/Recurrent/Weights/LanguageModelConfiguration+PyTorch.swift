/// The PyTorch modules that take a network's exported weights, as one writes them in Python.
extension LanguageModelConfiguration {
  /// The module for the tensors `embedding.…`.
  public var pytorchEmbedding: String { "torch.nn.Embedding(\(vocabularySize), \(shape.embeddingSize))" }

  /// The module for the tensors `rnn.…`.
  public var pytorchRecurrent: String {
    let name =
      switch stack.cell {
      case .rnnTanh, .rnnReLU: "RNN"
      case .lstm: "LSTM"
      case .gru, .gruResetBefore: "GRU"
      }
    return "torch.nn.\(name)(\(shape.embeddingSize), \(stack.hiddenSize), num_layers=\(stack.layerCount)"
      + (stack.cell == .rnnReLU ? ", nonlinearity=\"relu\"" : "")
      + (stack.isBidirectional ? ", bidirectional=True" : "") + ")"
  }

  /// The module for the tensors `output.…`.
  public var pytorchOutput: String { "torch.nn.Linear(\(stack.outputSize), \(vocabularySize))" }
}
