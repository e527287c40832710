/// The kinds of recurrent cell. Each has its own file, with its equations.
public enum Cell: String, Codable, Sendable, CaseIterable {
  /// The simple recurrent network with the hyperbolic tangent (Elman 1990), PyTorch's `RNN`.
  case rnnTanh = "rnn-tanh"
  /// The simple recurrent network with the rectifier, PyTorch's `RNN` with `nonlinearity="relu"` (Le et al. 2015).
  case rnnReLU = "rnn-relu"
  /// Long short-term memory with a forget gate (Hochreiter & Schmidhuber 1997; Gers et al. 2000), gates i, f, g, o.
  case lstm
  /// The gated recurrent unit in its reset-after form, the one that PyTorch and cuDNN run (ONNX: `linear_before_reset` = 1).
  case gru
  /// The gated recurrent unit in its reset-before form (Cho et al. 2014; ONNX: `linear_before_reset` = 0).
  case gruResetBefore = "gru-reset-before"
}
