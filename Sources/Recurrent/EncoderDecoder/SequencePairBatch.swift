/// Some sequences of ids and what each is to become: what an encoder–decoder learns from at one step.
///
/// Sources and targets may be of any lengths and in any order. The order in which the network runs over them, and where each
/// id is in it, is settled here, so that a step of training has nothing to allocate.
public struct SequencePairBatch: Sendable, Hashable {
  /// What is read.
  public let sources: [[Int32]]
  /// What is to be written, without the ids that begin and end it.
  public let targets: [[Int32]]

  let source: PackedOrder
  /// With a row more a sequence than the target has ids: its end is to be written too.
  let target: PackedOrder
  let attention: AttentionLayout

  /// As many sources as targets; a source has at least one id.
  public init(sources: [[Int32]], targets: [[Int32]]) {
    precondition(
      sources.count == targets.count && !sources.isEmpty,
      "\(sources.count) sources for \(targets.count) targets")
    precondition(sources.allSatisfy { !$0.isEmpty }, "an empty source")
    self.sources = sources
    self.targets = targets
    source = PackedOrder(lengths: sources.map(\.count))
    target = PackedOrder(lengths: targets.map { $0.count + 1 })
    attention = AttentionLayout(queryCounts: targets.map { $0.count + 1 }, memoryCounts: sources.map(\.count))
  }

  /// How many pairs there are.
  public var count: Int { sources.count }
  /// How many ids are predicted, ends included.
  public var targetCount: Int { target.layout.rowCount }
}
