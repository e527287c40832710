internal import Arithmetic

/// The tensors of a recurrent layer in one direction, or their gradients, in PyTorch's layouts: W_i G·H × I, W_h G·H × H,
/// b_i and b_h G·H.
struct LayerTensors {
  var inputWeight: UnsafeMutablePointer<Float>
  var recurrentWeight: UnsafeMutablePointer<Float>
  var inputBias: UnsafeMutablePointer<Float>
  var recurrentBias: UnsafeMutablePointer<Float>
}

/// Where the tensors of one direction of a layer begin in a buffer that is laid out as the parameters are.
struct LayerOffsets: Sendable {
  private let inputWeight: Int
  private let recurrentWeight: Int
  private let inputBias: Int
  private let recurrentBias: Int

  /// The offsets of `prefix.weight_ih_lK`, with `_reverse` after it for the second direction, and so on.
  init(_ parameters: ParameterStore, prefix: String, layer: Int, direction: Int) {
    let suffix = Self.suffix(layer: layer, direction: direction)
    inputWeight = parameters.offset(of: "\(prefix).weight_ih\(suffix)")
    recurrentWeight = parameters.offset(of: "\(prefix).weight_hh\(suffix)")
    inputBias = parameters.offset(of: "\(prefix).bias_ih\(suffix)")
    recurrentBias = parameters.offset(of: "\(prefix).bias_hh\(suffix)")
  }

  /// What PyTorch's names of a layer's tensors end with.
  static func suffix(layer: Int, direction: Int) -> String {
    "_l\(layer)" + (direction == 0 ? "" : "_reverse")
  }

  /// The tensors in `buffer`.
  func tensors(in buffer: AlignedBuffer<Float>) -> LayerTensors {
    let base = buffer.baseAddress
    return LayerTensors(
      inputWeight: base + inputWeight, recurrentWeight: base + recurrentWeight, inputBias: base + inputBias,
      recurrentBias: base + recurrentBias)
  }
}
