/// A form in which other programs take a network.
public enum ExchangeFormat: String, Sendable, CaseIterable {
  /// A safetensors file whose tensors a PyTorch module with the members `embedding` (`torch.nn.Embedding`), `rnn`
  /// (`torch.nn.RNN`, `LSTM` or `GRU`) and `output` (`torch.nn.Linear`) loads by name.
  case pytorch
  /// A file that ONNX Runtime and other readers of ONNX run.
  case onnx

  /// The format that the ending of `path` names; nil for another ending.
  public init?(endingOf path: String) {
    if path.hasSuffix(".safetensors") {
      self = .pytorch
    } else if path.hasSuffix(".onnx") {
      self = .onnx
    } else {
      return nil
    }
  }
}
