internal import Arithmetic

/// Makes batches of sequences of similar length, in another order in each epoch.
///
/// A packed batch has no padding whatever its lengths are, but its last steps run over fewer streams and so slower. In
/// each epoch the sequences are shuffled, pieces of the shuffled list are sorted by length and cut into batches, and the
/// batches are shuffled. The seed and the epoch's number decide all of it.
public struct SequenceBatches: Sendable {
  /// The sequences that are batched.
  public let sequences: [TrainingSequence]
  /// How many streams a batch has, except for the last of a piece of the list.
  public let batchSize: Int
  /// What the sequences' targets are for.
  public let head: Head
  /// Decides the order.
  public let seed: UInt64

  /// How many batches' sequences are sorted together.
  private static let bucketBatches = 32

  /// Batches of `batchSize` sequences.
  public init(_ sequences: [TrainingSequence], batchSize: Int, head: Head, seed: UInt64) {
    precondition(
      !sequences.isEmpty && batchSize > 0, "\(sequences.count) sequences in batches of \(batchSize)")
    self.sequences = sequences
    self.batchSize = batchSize
    self.head = head
    self.seed = seed
  }

  /// How many rows a batch of any epoch can have, for the pass to be made with.
  public var rowCapacity: Int {
    sequences.map(\.length).sorted(by: >).prefix(batchSize).reduce(0, +)
  }

  /// How many streams a batch can have.
  public var streamCapacity: Int { min(batchSize, sequences.count) }

  /// Which sequences the batches of an epoch are made of, each exactly once.
  public func order(epoch: Int) -> [[Int]] {
    var random = RandomStream(seed: seed, name: "batches/\(epoch)")
    var indices = Array(sequences.indices)
    random.shuffle(&indices)
    var batches: [[Int]] = []
    let bucket = batchSize * Self.bucketBatches
    for first in stride(from: 0, to: indices.count, by: bucket) {
      let sorted = indices[first..<min(first + bucket, indices.count)].enumerated()
        .sorted {
          (sequences[$0.element].length, $0.offset) < (sequences[$1.element].length, $1.offset)
        }
        .map(\.element)
      for start in stride(from: 0, to: sorted.count, by: batchSize) {
        batches.append(Array(sorted[start..<min(start + batchSize, sorted.count)]))
      }
    }
    random.shuffle(&batches)
    return batches
  }

  /// The batches of an epoch, each made when it is requested.
  public func batches(epoch: Int) -> some Sequence<SequenceBatch> {
    order(epoch: epoch).lazy.map { indices in SequenceBatch(indices.map { sequences[$0] }, head: head) }
  }
}
