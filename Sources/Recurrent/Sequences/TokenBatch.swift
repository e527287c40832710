/// One window of truncated backpropagation through time: what the network reads, what it should have said, and where
/// its memory is cleared.
///
/// `T` time steps of `B` parallel streams: element `t * B + b` of each array belongs to step `t` of stream `b`.
public struct TokenBatch: Sendable {
  /// How many streams run side by side, `B`.
  public let batchSize: Int
  /// How many steps the window has, `T`.
  public let truncationLength: Int
  /// The ids given to the network, `T × B`.
  public var inputs: [Int32]
  /// The ids to be predicted, `T × B`; −1 where nothing is predicted.
  public var targets: [Int32]
  /// Whether the stream's state is cleared before the step, `T × B`.
  public var resets: [Bool]

  /// A window in which nothing is predicted yet.
  public init(batchSize: Int, truncationLength: Int) {
    precondition(
      batchSize > 0 && truncationLength > 0,
      "a window of \(truncationLength) steps and \(batchSize) streams is empty")
    self.batchSize = batchSize
    self.truncationLength = truncationLength
    let count = batchSize * truncationLength
    inputs = Array(repeating: 0, count: count)
    targets = Array(repeating: -1, count: count)
    resets = Array(repeating: false, count: count)
  }

  /// Makes it a window in which nothing is predicted, keeping its storage.
  public mutating func clear() {
    for index in inputs.indices {
      inputs[index] = 0
      targets[index] = -1
      resets[index] = false
    }
  }
}
