/// Guidance between what a network makes of a condition and what it makes without it (classifier-free guidance; Ho & Salimans 2022; of
/// language models Sanchez et al. 2023, "Stay on Topic with Classifier-Free Guidance"): two streams of a network read the same ids, one
/// of them with the condition left open, and logits are u + γ (c − u), c with the condition and u without it.
public struct Guidance: Sendable, Hashable {
  /// For each id the one that leaves open what it says; itself where it says nothing of the condition.
  public let openIDs: [Int32]
  /// The features of the context that say something of the condition, by their places; without it they say nothing.
  public let openFeatures: Set<Int>
  /// γ: 1 is the network as it is, more sharpens the condition, 0 forgets it.
  public let scale: Float

  /// Guidance by a table of V ids.
  public init(openIDs: [Int32], openFeatures: Set<Int> = [], scale: Float) {
    self.openIDs = openIDs
    self.openFeatures = openFeatures
    self.scale = scale
  }
}
