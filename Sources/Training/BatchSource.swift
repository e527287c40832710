public import Recurrent

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
