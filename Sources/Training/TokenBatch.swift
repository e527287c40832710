/// One window of truncated backpropagation through time: what the network reads, what it should have said, and where
/// its memory is cleared.
///
/// Shape letters of this room: `T` time steps, `B` parallel streams. Element `t * B + b` of each array belongs to
/// step `t` of stream `b`.
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

/// Where training windows come from, without end: after the last piece an epoch ends and the next begins.
///
/// The same position gives the same windows ever after, so that a run that was stopped goes on as if it had not been.
public protocol BatchSource {
  /// All that is needed to go on from here: the epoch, the order of its pieces, the place in each stream.
  associatedtype Position: Codable & Sendable

  /// How many streams a window has.
  var batchSize: Int { get }
  /// How many steps a window has.
  var truncationLength: Int { get }
  /// About how many windows an epoch has.
  var batchesPerEpoch: Int { get }
  /// How many epochs are done, with the share of the one under way.
  var epochsCompleted: Double { get }
  /// Where the source stands.
  var position: Position { get }

  /// Fills `batch` with the next window, whose streams go on where the last window's ended.
  mutating func nextBatch(into batch: inout TokenBatch)
  /// Goes to a position that this source or one over the same data was at.
  /// - Returns: False where the position lies outside the data; then nothing has changed.
  mutating func seek(to position: Position) -> Bool
}
