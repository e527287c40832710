internal import Arithmetic

/// Where the tensors of an encoder–decoder are in a buffer that is laid out as its parameters are; those of the stacks,
/// which find theirs themselves, left out.
struct EncoderDecoderTensors {
  let sourceEmbedding: UnsafeMutablePointer<Float>
  let targetEmbedding: UnsafeMutablePointer<Float>
  /// H × (K + H).
  let combination: UnsafeMutablePointer<Float>
  let outputWeight: UnsafeMutablePointer<Float>
  let outputBias: UnsafeMutablePointer<Float>
  let attention: AttentionLayer.Tensors
  let bridge: StateBridge.Tensors?

  /// The tensors in `buffer`, laid out as `parameters`.
  init(_ parameters: ParameterStore, in buffer: AlignedBuffer<Float>) {
    func place(_ name: String) -> UnsafeMutablePointer<Float>? {
      parameters.entry(named: name).map { buffer.baseAddress + $0.range.lowerBound }
    }
    func required(_ name: String) -> UnsafeMutablePointer<Float> {
      guard let pointer = place(name) else { preconditionFailure("an encoder–decoder without \(name)") }
      return pointer
    }
    sourceEmbedding = required("encoder.embedding.weight")
    targetEmbedding = required("decoder.embedding.weight")
    combination = required("attention.combination.weight")
    outputWeight = required("output.weight")
    outputBias = required("output.bias")
    attention = AttentionLayer.Tensors(
      query: place("attention.query.weight"), key: place("attention.key.weight"),
      energy: place("attention.energy.weight"))
    bridge = place("bridge.weight").map { .init(weight: $0, bias: required("bridge.bias")) }
  }
}
