/// Where training batches come from, without end: after the last piece an epoch ends and the next begins.
///
/// The same position gives the same batches from then on, so that a run that was stopped continues as if it had not been stopped.
public protocol BatchSource {
  /// What one step of training learns from, such as a `TokenBatch`.
  associatedtype Batch
  /// All that is needed to continue from here: the epoch, the order of its pieces, the place in each stream.
  associatedtype Position: Codable & Sendable

  /// About how many batches an epoch has.
  var batchesPerEpoch: Int { get }
  /// How many epochs are done, with the part of the current one.
  var epochsCompleted: Double { get }
  /// The position of the source.
  var position: Position { get }

  /// A batch to be filled.
  func makeBatch() -> Batch
  /// Fills `batch` with the next one, whose streams continue where those of the last ended.
  mutating func nextBatch(into batch: inout Batch)
  /// Goes to a position that this source or one over the same data was at.
  /// - Returns: False where the position lies outside the data; then nothing has changed.
  mutating func seek(to position: Position) -> Bool
}

/// Batches that a network is measured on, always the same and in the same order.
public protocol ValidationBatches {
  /// What the network is measured on, such as a `TokenBatch`.
  associatedtype Batch

  /// How many batches there are; 0 if there is nothing to measure on.
  var batchCount: Int { get }

  /// A batch to be filled.
  func makeBatch() -> Batch
  /// Fills `batch` with number `index`, 0 ..< `batchCount`. Batches are requested in order, since each may carry on the
  /// states of the last.
  func fill(_ batch: inout Batch, index: Int)
  /// A fixed sample of about `batchCount` batches that represents all; of those that there are more of, the first
  /// are taken.
  func sample(batchCount: Int) -> Self
}

extension ValidationBatches {
  /// All batches, of which the first are taken.
  public func sample(batchCount: Int) -> Self { self }
}
