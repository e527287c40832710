public import Arithmetic

/// All weights of a network in one contiguous buffer, each tensor a range of it under PyTorch's name and in PyTorch's
/// layout.
public final class ParameterStore: Sendable {
  /// One tensor in the buffer.
  public struct Entry: Sendable, Hashable {
    /// PyTorch's name, such as `rnn.weight_hh_l0`.
    public let name: String
    /// The length of each axis, outermost first.
    public let shape: [Int]
    /// Where its elements stand.
    public let range: Range<Int>
  }

  /// The tensors, in the order of the buffer.
  public let entries: [Entry]
  /// The weights.
  public let values: AlignedBuffer<Float>
  /// How many weights there are.
  public var count: Int { values.count }

  /// A store of zeros for tensors of these names and shapes.
  init(shapes: [(name: String, shape: [Int])]) {
    var entries: [Entry] = []
    var count = 0
    for (name, shape) in shapes {
      let end = count + shape.reduce(1, *)
      entries.append(Entry(name: name, shape: shape, range: count..<end))
      count = end
    }
    self.entries = entries
    values = AlignedBuffer(count: count)
  }

  /// The tensor of this name.
  public func entry(named name: String) -> Entry? { entries.first { $0.name == name } }
}

extension NetworkConfiguration {
  /// The names and shapes of the weights, in their order in the buffer.
  var parameterShapes: [(name: String, shape: [Int])] {
    var shapes: [(name: String, shape: [Int])] = [("embedding.weight", [vocabularySize, embeddingSize])]
    for layer in 0..<layerCount {
      shapes += [
        ("rnn.weight_ih_l\(layer)", [3 * hiddenSize, inputSize(ofLayer: layer)]),
        ("rnn.weight_hh_l\(layer)", [3 * hiddenSize, hiddenSize]),
        ("rnn.bias_ih_l\(layer)", [3 * hiddenSize]),
        ("rnn.bias_hh_l\(layer)", [3 * hiddenSize]),
      ]
    }
    return shapes + [
      ("output.weight", [vocabularySize, hiddenSize]), ("output.bias", [vocabularySize]),
    ]
  }

  /// How many weights such a network has.
  public var parameterCount: Int { parameterShapes.reduce(0) { $0 + $1.shape.reduce(1, *) } }
}
