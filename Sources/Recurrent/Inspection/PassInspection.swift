/// What stands inside a recurrent network on one batch: how far gradients reach back, and where the gates stand.
public struct PassInspection: Codable, Hashable, Sendable {
  /// How strongly the loss of a batch's last step depends on what was before; nil where there is no such picture.
  public var lags: GradientLags?
  /// Where each layer's gates stand.
  public var gates: [GateSaturation]

  /// An inspection.
  public init(lags: GradientLags?, gates: [GateSaturation]) {
    self.lags = lags
    self.gates = gates
  }
}

/// The picture of vanishing and exploding gradients (Bengio et al. 1994; Pascanu et al. 2013): the norm of ∂L/∂s, where L
/// is the loss of the last step and s a layer's state some steps before it.
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

/// How many values of a gate are nearly shut or nearly open, where it hardly learns any more (Karpathy et al. 2015).
public struct GateSaturation: Codable, Hashable, Sendable {
  /// The layer, from 0.
  public var layer: Int
  /// The gate's name, such as `reset` or `forget`; in the second direction `reverse reset`.
  public var gate: String
  /// The share of its values below 0.05.
  public var shut: Float
  /// The share of its values above 0.95.
  public var open: Float

  /// The shares of a gate of a layer.
  public init(layer: Int, gate: String, shut: Float, open: Float) {
    self.layer = layer
    self.gate = gate
    self.shut = shut
    self.open = open
  }
}
