/// One window of truncated backpropagation through time: the input of the network, the expected output, and where
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
  /// How many features the context of an id has, `C`.
  public let contextCount: Int
  /// What the network is told beside each id, `T × B × C`: an index of each feature's vocabulary, −1 for nothing.
  public var contexts: [Int32]

  /// A window in which nothing is predicted and nothing told yet.
  /// - Parameters:
  ///   - batchSize: How many streams run side by side, `B`.
  ///   - truncationLength: How many steps the window has, `T`.
  ///   - contextCount: How many features the context of an id has, `C`.
  public init(batchSize: Int, truncationLength: Int, contextCount: Int = 0) {
    precondition(
      batchSize > 0 && truncationLength > 0,
      "a window of \(truncationLength) steps and \(batchSize) streams is empty")
    self.batchSize = batchSize
    self.truncationLength = truncationLength
    let count = batchSize * truncationLength
    inputs = Array(repeating: 0, count: count)
    targets = Array(repeating: -1, count: count)
    resets = Array(repeating: false, count: count)
    self.contextCount = contextCount
    contexts = Array(repeating: -1, count: count * contextCount)
  }

  /// Makes it a window in which nothing is predicted, keeping its storage.
  public mutating func clear() {
    for index in inputs.indices {
      inputs[index] = 0
      targets[index] = -1
      resets[index] = false
    }
    for index in contexts.indices { contexts[index] = -1 }
  }

  /// Sets the context of a step.
  /// - Parameters:
  ///   - element: The step's place in `inputs`.
  ///   - features: An index of each feature's vocabulary, `C` of them.
  package mutating func setContext(ofElement element: Int, to features: [Int32]) {
    precondition(features.count == contextCount, "\(features.count) features in a window of \(contextCount)")
    for (index, feature) in features.enumerated() { contexts[element * contextCount + index] = feature }
  }
}

extension TokenBatch {
  /// One long sequence as the windows of an epoch, for a pass that carries its states from one to the next.
  ///
  /// Each of the `B` streams reads a part of the sequence of its own, all equally long except for the last, from a zero state
  /// to the part's end. Each id but the first is predicted exactly once.
  /// - Parameters:
  ///   - ids: the sequence; there are no windows where it has fewer than two ids.
  ///   - batchSize: how many parts are read side by side, `B`.
  ///   - truncationLength: how many steps a window has, `T`.
  public static func windows(
    of ids: some Collection<Int32>, batchSize: Int, truncationLength: Int
  ) -> [TokenBatch] {
    let ids = Array(ids)
    let empty = TokenBatch(batchSize: batchSize, truncationLength: truncationLength)
    let predictions = max(0, ids.count - 1)
    let partLength = (predictions + batchSize - 1) / batchSize
    return stride(from: 0, to: partLength, by: truncationLength).map { start in
      var window = empty
      for stream in 0..<batchSize {
        for step in 0..<min(truncationLength, partLength - start) {
          let place = stream * partLength + start + step, element = step * batchSize + stream
          guard place < predictions else { break }
          window.inputs[element] = ids[place]
          window.targets[element] = ids[place + 1]
          window.resets[element] = start + step == 0
        }
      }
      return window
    }
  }
}
