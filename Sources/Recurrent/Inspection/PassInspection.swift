/// Measurements inside a recurrent network on one batch: how far gradients reach back, and the saturation of the gates.
public struct PassInspection: Codable, Hashable, Sendable {
  /// How strongly the last states depend on what was before; nil if there is no such picture.
  public var lags: GradientLags?
  /// The saturation of each layer's gates.
  public var gates: [GateSaturation]

  /// An inspection.
  public init(lags: GradientLags?, gates: [GateSaturation]) {
    self.lags = lags
    self.gates = gates
  }
}

/// How many values of a gate are nearly shut or nearly open, where it hardly learns any more (Karpathy et al. 2015).
public struct GateSaturation: Codable, Hashable, Sendable {
  /// The layer, from 0.
  public var layer: Int
  /// The gate's name, such as `reset` or `forget`; in the second direction `reverse reset`, and with what the stack is
  /// before it where there are several, `encoder reset`.
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
