internal import Arithmetic

/// A stack that reads forward and the linear output above it, as going step by step reads them: in the order of reading, and
/// in as few bytes as one likes. Several threads may share one. Later changes of the parameters do not show.
///
/// Biases and normalizations stay in float32.
final class StoredStack: @unchecked Sendable {
  /// The tensors of a layer; shape letters as in `RecurrentCell`.
  struct Layer {
    /// G·H × I; nil for the first layer where the caller makes the product.
    var inputWeight: StoredMatrix?
    /// For each phase of the cell its rows of the G·H × H.
    var recurrentWeights: [StoredMatrix]
    /// G·H.
    var inputBias: UnsafePointer<Float>
    /// G·H.
    var recurrentBias: UnsafePointer<Float>
    /// Weight and bias of the normalization, H each.
    var norm: (weight: UnsafePointer<Float>, bias: UnsafePointer<Float>)?
  }

  let configuration: StackConfiguration
  /// The length of what the first layer takes, I.
  let inputSize: Int
  let layers: [Layer]
  /// O × H.
  let outputWeight: StoredMatrix
  /// O.
  let outputBias: UnsafePointer<Float>
  /// How the matrices lie in memory.
  var format: WeightFormat { matrices.format }
  /// How many bytes of matrices a step reads.
  var matrixByteCount: Int { matrices.byteCount }

  private let matrices: StoredMatrices
  /// All that is no matrix.
  private let vectors: AlignedBuffer<Float>

  /// Stores a stack whose tensors' names begin with `rnn`.
  /// - Parameters:
  ///   - outputWeight: the name of the output's weight, O × H, whose bias is `output.bias`.
  ///   - omitsFirstInputWeight: whether the caller multiplies the first layer's input weight by the input.
  init(
    _ configuration: StackConfiguration, inputSize: Int, parameters: ParameterStore, outputWeight: String,
    omitsFirstInputWeight: Bool = false, format: WeightFormat
  ) {
    precondition(!configuration.isBidirectional, "a stream that is read step by step has no end to begin at")
    let phases = configuration.cell.implementation.phases
    let omits = { (layer: Int) in layer == 0 && omitsFirstInputWeight }
    let sources = (0..<configuration.layerCount).flatMap { layer in
      (omits(layer) ? [] : [Self.inputWeight(ofLayer: layer, in: parameters)])
        + Self.recurrentWeights(ofLayer: layer, configuration: configuration, parameters: parameters)
    }
    matrices = StoredMatrices(sources + [parameters.matrix(named: outputWeight)], format: format)
    vectors = AlignedBuffer(
      (Self.vectorNames(configuration) + ["output.bias"]).compactMap(parameters.entry)
        .flatMap { parameters.values.elements[$0.range] })
    self.configuration = configuration
    self.inputSize = inputSize

    var views = matrices.views[...]
    var vector = UnsafePointer(vectors.baseAddress)
    func next(_ count: Int) -> UnsafePointer<Float> {
      defer { vector += count }
      return vector
    }
    let h = configuration.hiddenSize, gateRows = configuration.cell.implementation.gateCount * h
    layers = (0..<configuration.layerCount).map { layer in
      Layer(
        inputWeight: omits(layer) ? nil : views.removeFirst(),
        recurrentWeights: phases.map { _ in views.removeFirst() },
        inputBias: next(gateRows), recurrentBias: next(gateRows),
        norm: configuration.normalizesLayers ? (next(h), next(h)) : nil)
    }
    self.outputWeight = views.removeFirst()
    outputBias = vector
  }

  /// How many bytes of scratch products with `streams` vectors need.
  func scratchSize(streams: Int) -> Int {
    matrices.views.map { $0.scratchSize(streams: streams) }.max() ?? 0
  }

  /// G·H × I of a layer.
  static func inputWeight(ofLayer layer: Int, in parameters: ParameterStore) -> MatrixView {
    parameters.matrix(named: "rnn.weight_ih" + LayerOffsets.suffix(layer: layer, direction: 0))
  }

  /// For each phase of the cell its rows of the G·H × H of a layer.
  private static func recurrentWeights(
    ofLayer layer: Int, configuration: StackConfiguration, parameters: ParameterStore
  ) -> [MatrixView] {
    let h = configuration.hiddenSize
    let whole = parameters.matrix(named: "rnn.weight_hh" + LayerOffsets.suffix(layer: layer, direction: 0))
    return configuration.cell.implementation.phases.map {
      whole.rows($0.gates.lowerBound * h..<$0.gates.upperBound * h)
    }
  }

  /// For each layer the biases, and weight and bias of its normalization.
  private static func vectorNames(_ configuration: StackConfiguration) -> [String] {
    (0..<configuration.layerCount).flatMap { layer in
      let suffix = LayerOffsets.suffix(layer: layer, direction: 0)
      return ["rnn.bias_ih" + suffix, "rnn.bias_hh" + suffix]
        + (configuration.normalizesLayers ? ["rnn.norm\(suffix).weight", "rnn.norm\(suffix).bias"] : [])
    }
  }
}

extension ParameterStore {
  /// A tensor of two axes.
  func matrix(named name: String) -> MatrixView {
    guard let entry = entry(named: name), entry.shape.count == 2 else {
      preconditionFailure("there is no matrix called \(name)")
    }
    return MatrixView(
      values.baseAddress + entry.range.lowerBound, rows: entry.shape[0], columns: entry.shape[1])
  }
}
