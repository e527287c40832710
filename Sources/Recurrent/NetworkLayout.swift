internal import Arithmetic

/// Where each tensor of a network begins in a buffer that is laid out as its parameters are.
struct NetworkLayout: Sendable {
  struct Layer: Sendable {
    var inputWeight: Int
    var recurrentWeight: Int
    var inputBias: Int
    var recurrentBias: Int
  }

  let embedding: Int
  let layers: [Layer]
  let outputWeight: Int
  let outputBias: Int

  init(_ configuration: NetworkConfiguration) {
    var offsets: [Int] = []
    var count = 0
    for (_, shape) in configuration.parameterShapes {
      offsets.append(count)
      count += shape.reduce(1, *)
    }
    embedding = offsets[0]
    layers = (0..<configuration.layerCount).map { layer in
      let first = 1 + 4 * layer
      return Layer(
        inputWeight: offsets[first], recurrentWeight: offsets[first + 1], inputBias: offsets[first + 2],
        recurrentBias: offsets[first + 3])
    }
    outputWeight = offsets[offsets.count - 2]
    outputBias = offsets[offsets.count - 1]
  }
}

extension GRULayer.Tensors {
  /// The four tensors of a layer in `buffer`.
  init(_ layer: NetworkLayout.Layer, in buffer: AlignedBuffer<Float>) {
    inputWeight = buffer.baseAddress + layer.inputWeight
    recurrentWeight = buffer.baseAddress + layer.recurrentWeight
    inputBias = buffer.baseAddress + layer.inputBias
    recurrentBias = buffer.baseAddress + layer.recurrentBias
  }
}
