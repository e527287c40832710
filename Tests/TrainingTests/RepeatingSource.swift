import Recurrent
import Training

/// Windows over an endless repetition of a pattern of ids, every stream at a place of its own; the state is cleared
/// where the pattern begins again. Its position is the number of windows so far.
struct RepeatingSource: BatchSource {
  let batchSize: Int
  let truncationLength: Int
  let batchesPerEpoch: Int
  let pattern: [Int32]
  private(set) var position = 0
  /// Is told the number of each window before it is made.
  var onBatch: (Int) -> Void = { _ in }

  init(pattern: [Int32], batchSize: Int = 3, truncationLength: Int = 8, batchesPerEpoch: Int = 5) {
    self.pattern = pattern
    self.batchSize = batchSize
    self.truncationLength = truncationLength
    self.batchesPerEpoch = batchesPerEpoch
  }

  var epochsCompleted: Double { Double(position) / Double(batchesPerEpoch) }

  func makeBatch() -> TokenBatch { TokenBatch(batchSize: batchSize, truncationLength: truncationLength) }

  mutating func nextBatch(into batch: inout TokenBatch) {
    onBatch(position)
    for step in 0..<truncationLength {
      for stream in 0..<batchSize {
        let element = step * batchSize + stream
        let place = position * truncationLength + step + 2 * stream
        batch.inputs[element] = pattern[place % pattern.count]
        batch.targets[element] = pattern[(place + 1) % pattern.count]
        batch.resets[element] = place % pattern.count == 0
      }
    }
    position += 1
  }

  mutating func seek(to position: Int) -> Bool {
    guard position >= 0 else { return false }
    self.position = position
    return true
  }
}
