/// The stacked recurrent layers between a network's input and its head.
///
/// L layers of H units in D directions, where D is 2 if the layers are bidirectional and else 1. Each layer takes the one
/// below it, D · H numbers a step; what it gives is normalized, then dropped from, and then added to what it took, each
/// where that is configured.
public struct StackConfiguration: Sendable, Hashable {
  /// The layers' cell.
  public var cell: Cell
  /// How many units a layer has in each direction, H.
  public var hiddenSize: Int
  /// How many layers there are, L.
  public var layerCount: Int
  /// Whether every layer reads the streams backward too (Schuster & Paliwal 1997), D = 2.
  public var isBidirectional: Bool
  /// The probability with which a number that a layer gives is dropped in training.
  public var dropout: Double
  /// For which numbers dropout makes a choice of their own.
  public var dropoutKind: DropoutKind
  /// The probability with which a weight of the recurrent matrices W_h is dropped in training, for all rows of a batch
  /// (DropConnect, Merity et al. 2018).
  public var weightDropout: Double
  /// Whether a layer gives the sum of what it computed and what it took, where both are equally long.
  public var isResidual: Bool
  /// Whether what a layer computed is normalized over its D · H units (Ba et al. 2016), with learned scale and shift.
  public var normalizesLayers: Bool

  /// A stack; at least one layer of at least one unit, `dropout` and `weightDropout` in 0 ..< 1.
  public init(
    cell: Cell = .gru, hiddenSize: Int, layerCount: Int, isBidirectional: Bool = false, dropout: Double = 0,
    dropoutKind: DropoutKind = .independent, weightDropout: Double = 0, isResidual: Bool = false,
    normalizesLayers: Bool = false
  ) {
    self.cell = cell
    self.hiddenSize = hiddenSize
    self.layerCount = layerCount
    self.isBidirectional = isBidirectional
    self.dropout = dropout
    self.dropoutKind = dropoutKind
    self.weightDropout = weightDropout
    self.isResidual = isResidual
    self.normalizesLayers = normalizesLayers
    if let fault { preconditionFailure(fault) }
  }

  /// What is invalid in it, or nil; a stack that was read from a file may be of any kind.
  var fault: String? {
    let (layers, units) = (ArchitectureLimit.layers, ArchitectureLimit.units)
    if !layers.contains(layerCount) || !units.contains(hiddenSize) {
      return
        "\(layerCount) layers of \(hiddenSize) units, outside 1 to \(layers.upperBound) of 1 to "
        + "\(units.upperBound)"
    }
    let invalid = [dropout, weightDropout].first { !ArchitectureLimit.isDropout($0) }
    return invalid.map { "a dropout of \($0) is not in 0 ..< 1" }
  }

  /// In how many directions the layers read, D.
  public var directionCount: Int { isBidirectional ? 2 : 1 }
  /// How many numbers a layer gives at each step, D · H.
  public var outputSize: Int { directionCount * hiddenSize }

  /// How many numbers layer `layer` takes at each step, where the first takes `inputSize`.
  public func inputSize(ofLayer layer: Int, inputSize: Int) -> Int { layer == 0 ? inputSize : outputSize }
}

extension StackConfiguration: Codable {
  private enum CodingKeys: String, CodingKey {
    case cell, hiddenSize, layerCount, isBidirectional, dropout, dropoutKind, weightDropout, isResidual
    case normalizesLayers
  }

  /// Reads a stack; cell, sizes and dropout must be there, all else has the defaults of `init`.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    cell = try fields.decode(Cell.self, forKey: .cell)
    hiddenSize = try fields.decode(Int.self, forKey: .hiddenSize)
    layerCount = try fields.decode(Int.self, forKey: .layerCount)
    dropout = try fields.decode(Double.self, forKey: .dropout)
    isBidirectional = try fields.decodeIfPresent(Bool.self, forKey: .isBidirectional) ?? false
    dropoutKind = try fields.decodeIfPresent(DropoutKind.self, forKey: .dropoutKind) ?? .independent
    weightDropout = try fields.decodeIfPresent(Double.self, forKey: .weightDropout) ?? 0
    isResidual = try fields.decodeIfPresent(Bool.self, forKey: .isResidual) ?? false
    normalizesLayers = try fields.decodeIfPresent(Bool.self, forKey: .normalizesLayers) ?? false
  }

  /// Writes a stack, and the dropout of weights only where there is any, so that all others are read by programs that know
  /// nothing of it.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode(cell, forKey: .cell)
    try fields.encode(hiddenSize, forKey: .hiddenSize)
    try fields.encode(layerCount, forKey: .layerCount)
    try fields.encode(isBidirectional, forKey: .isBidirectional)
    try fields.encode(dropout, forKey: .dropout)
    try fields.encode(dropoutKind, forKey: .dropoutKind)
    if weightDropout > 0 { try fields.encode(weightDropout, forKey: .weightDropout) }
    try fields.encode(isResidual, forKey: .isResidual)
    try fields.encode(normalizesLayers, forKey: .normalizesLayers)
  }
}
