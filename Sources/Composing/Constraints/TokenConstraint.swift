/// Something that is asked of a piece while it is composed, beyond the tokenizer's grammar: a key, a range of pitches, a form.
///
/// It sees every id of the piece, given or chosen, and masks out those that may not come next. A mask alone cannot promise
/// that there is a way out, so it also tells how many ids are needed before the piece could end: an id after which there is no
/// way to the end (`nil`), or none within the most tokens of a piece, is never chosen. Several constraints hold together. Where none of them could know beforehand that nothing
/// is left that all of them allow, the composer takes ids back and goes another way; if there is none, it says which constraints
/// contradict each other.
///
/// A constraint is a value: a copy continues by itself.
public protocol TokenConstraint: Sendable {
  /// What it asks for, in a few words that end the sentence "nothing is left that satisfies …".
  var summary: String { get }
  /// Takes note of the next id of the piece, from the first that was given on.
  mutating func advance(_ id: Int32)
  /// Takes note of what the network expects next, before `narrow`: of what is left, some may be nothing but accidents. Most constraints
  /// need not know.
  /// - Parameters:
  ///   - logits: What the network gives for each token.
  ///   - allowed: Whether the grammar allows it.
  mutating func observe(logits: Span<Float>, allowed: [Bool])
  /// Masks out ids that may not come next, by writing false; the end of the piece among them where it would be too early. `mask`
  /// has one element for each token, and what is false already stays so.
  func narrow(_ mask: inout [Bool])
  /// The fewest ids that are needed before the piece could end, its end among them; 0 once it has ended as it should, nil if it
  /// cannot end as it should any more. It may be too low, and never too high.
  func leastToFinish() -> Int?
  /// What `leastToFinish` would be after one id more.
  func leastToFinish(after id: Int32) -> Int?
}

extension TokenConstraint {
  /// Does nothing: what is forbidden is so whatever the network expects.
  public mutating func observe(logits: Span<Float>, allowed: [Bool]) {}

  /// The result of a copy to which the id was added.
  public func leastToFinish(after id: Int32) -> Int? {
    var copy = self
    copy.advance(id)
    return copy.leastToFinish()
  }
}
