/// What stands between a network's input and its head: recurrent layers, one on top of the other.
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
  /// Whether a layer gives the sum of what it computed and what it took, where both are equally long.
  public var isResidual: Bool
  /// Whether what a layer computed is normalized over its D · H units (Ba et al. 2016), with learned scale and shift.
  public var normalizesLayers: Bool

  /// A stack; at least one layer of at least one unit, `dropout` in 0 ..< 1.
  public init(
    cell: Cell = .gru, hiddenSize: Int, layerCount: Int, isBidirectional: Bool = false, dropout: Double = 0,
    dropoutKind: DropoutKind = .independent, isResidual: Bool = false, normalizesLayers: Bool = false
  ) {
    self.cell = cell
    self.hiddenSize = hiddenSize
    self.layerCount = layerCount
    self.isBidirectional = isBidirectional
    self.dropout = dropout
    self.dropoutKind = dropoutKind
    self.isResidual = isResidual
    self.normalizesLayers = normalizesLayers
    if let fault { preconditionFailure(fault) }
  }

  /// What makes no sense in it, if anything does; a stack that was read from a file may be of any kind.
  var fault: String? {
    let (layers, units) = (ArchitectureLimit.layers, ArchitectureLimit.units)
    if !layers.contains(layerCount) || !units.contains(hiddenSize) {
      return
        "\(layerCount) layers of \(hiddenSize) units, where there may be 1 to \(layers.upperBound) of 1 to "
        + "\(units.upperBound)"
    }
    return ArchitectureLimit.isDropout(dropout) ? nil : "a dropout of \(dropout) is not in 0 ..< 1"
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
    case cell, hiddenSize, layerCount, isBidirectional, dropout, dropoutKind, isResidual, normalizesLayers
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
    isResidual = try fields.decodeIfPresent(Bool.self, forKey: .isResidual) ?? false
    normalizesLayers = try fields.decodeIfPresent(Bool.self, forKey: .normalizesLayers) ?? false
  }
}
