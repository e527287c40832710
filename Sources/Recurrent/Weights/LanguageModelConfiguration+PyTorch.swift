/// The PyTorch modules that take a network's exported weights, as one writes them in Python.
extension LanguageModelConfiguration {
  /// The module for the tensors `embedding.…`: that of the ids, or a list of it and those of the context's features, what
  /// they give of each being added.
  public var pytorchEmbedding: String {
    guard !contextSizes.isEmpty else {
      return "torch.nn.Embedding(\(vocabularySize), \(shape.embeddingSize))"
    }
    return "torch.nn.ModuleList(torch.nn.Embedding(n, \(shape.embeddingSize)) for n in \(vocabularySizes))"
  }

  /// The module for the tensors `rnn.…`; nil for a cell that `torch.nn` does not have.
  public var pytorchRecurrent: String? { stack.pytorchModule(inputSize: shape.embeddingSize) }

  /// The module for the tensors `output.…`.
  public var pytorchOutput: String { "torch.nn.Linear(\(stack.outputSize), \(vocabularySize))" }
}
