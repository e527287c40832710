/// The PyTorch modules that take a network's exported weights, as one writes them in Python.
extension LanguageModelConfiguration {
  /// The module for the tensors `embedding.…`.
  public var pytorchEmbedding: String { "torch.nn.Embedding(\(vocabularySize), \(shape.embeddingSize))" }

  /// The module for the tensors `rnn.…`; nil for a cell that `torch.nn` does not have.
  public var pytorchRecurrent: String? { stack.pytorchModule(inputSize: shape.embeddingSize) }

  /// The module for the tensors `output.…`.
  public var pytorchOutput: String { "torch.nn.Linear(\(stack.outputSize), \(vocabularySize))" }
}
