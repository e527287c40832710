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
    /// The offsets of its elements.
    public let range: Range<Int>
  }

  /// The tensors, in the order of the buffer.
  public let entries: [Entry]
  /// The weights.
  public let values: AlignedBuffer<Float>
  /// How many weights there are.
  public var count: Int { values.count }

  /// A store of zeros for tensors of these names and shapes.
  package init(shapes: [(name: String, shape: [Int])]) {
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
