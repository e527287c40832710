/// What a PyTorch module calls the parts of a language model: the beginnings of its tensors' names, without the last dot.
/// What is nil is found by its shape.
public struct PyTorchNames: Sendable, Hashable {
  /// The embedding, such as `encoder`.
  public var embedding: String?
  /// The recurrent layers, such as `lstm`.
  public var recurrent: String?
  /// The linear output, such as `decoder`.
  public var output: String?

  /// These names.
  public init(embedding: String? = nil, recurrent: String? = nil, output: String? = nil) {
    self.embedding = embedding
    self.recurrent = recurrent
    self.output = output
  }
}
