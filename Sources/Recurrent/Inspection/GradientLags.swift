/// The picture of vanishing and exploding gradients (Bengio et al. 1994; Pascanu et al. 2013): how strongly the last states
/// that a network reaches depend on the states before them,
///
///     norm(l, k) = √ Σ_b Σ_d ‖∂L / ∂s(l, d, b, n_b − k)‖²
///
/// where s(l, d, b, j) is what direction d of layer l hands on after j of the n_b steps of stream b: h, and for the LSTM h and
/// c. It is followed along this one way: what the same h gives to the layer above is another's share. L is the loss of the last
/// step or of the sequence's label, the mean over the streams that have one, so far as it comes through the last state of each
/// direction: the last layer's h at a stream's last step, and at its first step where the layer reads backward. (Where a
/// label is read from all steps, by a mean or by attention, what comes through earlier steps would hide how
/// far the last one reaches.) So k counts a direction's own steps, and lengths and directions may differ.
public struct GradientLags: Codable, Hashable, Sendable {
  /// How many steps before the last state each state lies, rising.
  public var lags: [Int]
  /// For each layer from the lowest, and each lag, the norm over all streams.
  public var norms: [[Float]]

  /// The norms of some layers at some lags.
  public init(lags: [Int], norms: [[Float]]) {
    precondition(
      norms.allSatisfy { $0.count == lags.count }, "norms of \(norms.map(\.count)) lags for \(lags.count)")
    self.lags = lags
    self.norms = norms
  }
}
