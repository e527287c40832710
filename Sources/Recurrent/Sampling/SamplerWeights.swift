public import Arithmetic

/// A language model's weights as sampling reads them: in the order of reading, and in as few bytes as one likes. Samplers
/// on several threads may share them. Later changes of the model's parameters do not show.
///
/// Biases and normalisations stay in float32. So does what the first layer's input weights make of each id, where that
/// table is not too long: a step looks it up instead of multiplying.
public final class SamplerWeights: @unchecked Sendable {
  /// The architecture of the model.
  public let configuration: LanguageModelConfiguration
  /// How the matrices lie in memory.
  public let format: WeightFormat
  /// How many bytes of matrices each step reads.
  public var matrixByteCount: Int { matrices.byteCount }

  /// The tensors of a layer; shape letters as in `RecurrentCell`.
  struct Layer {
    /// G·H × I; nil for the first layer where there is a table.
    var inputWeight: StoredMatrix?
    /// For each phase of the cell its rows of the G·H × H.
    var recurrentWeights: [StoredMatrix]
    /// G·H.
    var inputBias: UnsafePointer<Float>
    /// G·H.
    var recurrentBias: UnsafePointer<Float>
    /// Weight and bias of the normalisation, H each.
    var norm: (weight: UnsafePointer<Float>, bias: UnsafePointer<Float>)?
  }

  let layers: [Layer]
  /// V × H.
  let outputWeight: StoredMatrix
  /// V.
  let outputBias: UnsafePointer<Float>
  /// V × G·H: W_i x of the first layer, for each id.
  let table: AlignedBuffer<Float>?
  /// V × E: where a step needs the embedded id itself.
  let embedding: AlignedBuffer<Float>?

  private let matrices: StoredMatrices
  /// All that is neither matrix nor table.
  private let vectors: AlignedBuffer<Float>

  /// The most numbers that the table may have: 32 MB of them.
  static let tableLimit = 8 << 20

  /// Converts the weights of `model`.
  public convenience init(model: LanguageModel, format: WeightFormat = .float32) {
    self.init(model: model, format: format, tableLimit: Self.tableLimit)
  }

  init(model: LanguageModel, format: WeightFormat, tableLimit: Int) {
    let configuration = model.configuration
    let tensors = SamplerTensors(model: model)
    let hasTable = configuration.vocabularySize * tensors.gateRows <= tableLimit
    self.configuration = configuration
    self.format = format

    var sources: [MatrixView] = []
    for layer in 0..<configuration.layerCount {
      if layer > 0 || !hasTable { sources.append(tensors.inputWeight(ofLayer: layer)) }
      sources += tensors.recurrentWeights(ofLayer: layer)
    }
    matrices = StoredMatrices(sources + [tensors.outputWeight], format: format)

    var views = matrices.views[...]
    let vectors = tensors.copyOfVectors()
    var vector = UnsafePointer(vectors.baseAddress)
    func next(_ count: Int) -> UnsafePointer<Float> {
      defer { vector += count }
      return vector
    }
    self.vectors = vectors
    layers = (0..<configuration.layerCount).map { layer in
      Layer(
        inputWeight: layer > 0 || !hasTable ? views.removeFirst() : nil,
        recurrentWeights: tensors.cell.phases.map { _ in views.removeFirst() },
        inputBias: next(tensors.gateRows), recurrentBias: next(tensors.gateRows),
        norm: configuration.normalizesLayers
          ? (next(configuration.hiddenSize), next(configuration.hiddenSize)) : nil)
    }
    outputWeight = views.removeFirst()
    outputBias = next(configuration.vocabularySize)

    let embedding = tensors.embedding
    let needsEmbedding =
      !hasTable || (configuration.isResidual && configuration.embeddingSize == configuration.hiddenSize)
    self.embedding =
      needsEmbedding
      ? AlignedBuffer(UnsafeBufferPointer(start: embedding.values, count: embedding.rows * embedding.columns))
      : nil
    table = hasTable ? AlignedBuffer(count: embedding.rows * tensors.gateRows) : nil
    if let table {
      ThreadTeam(threadCount: 1).multiply(
        embedding, tensors.inputWeight(ofLayer: 0).transposed, into: table.baseAddress)
    }
  }
}

/// A model's tensors in the order in which sampling stores them.
private struct SamplerTensors {
  let cell: any RecurrentCell
  private let configuration: LanguageModelConfiguration
  private let parameters: ParameterStore

  init(model: LanguageModel) {
    configuration = model.configuration
    cell = configuration.cell.implementation
    parameters = model.parameters
  }

  /// G·H.
  var gateRows: Int { cell.gateCount * configuration.hiddenSize }

  var embedding: MatrixView {
    matrix("embedding.weight", rows: configuration.vocabularySize, columns: configuration.embeddingSize)
  }

  var outputWeight: MatrixView {
    matrix(
      configuration.outputWeightName, rows: configuration.vocabularySize, columns: configuration.hiddenSize)
  }

  func inputWeight(ofLayer layer: Int) -> MatrixView {
    matrix(
      "rnn.weight_ih" + LayerOffsets.suffix(layer: layer, direction: 0), rows: gateRows,
      columns: configuration.stack.inputSize(ofLayer: layer, inputSize: configuration.embeddingSize))
  }

  func recurrentWeights(ofLayer layer: Int) -> [MatrixView] {
    let h = configuration.hiddenSize
    let whole = matrix(
      "rnn.weight_hh" + LayerOffsets.suffix(layer: layer, direction: 0), rows: gateRows, columns: h)
    return cell.phases.map { whole.rows($0.gates.lowerBound * h..<$0.gates.upperBound * h) }
  }

  /// For each layer the biases, weight and bias of its normalisation; then the output's bias.
  func copyOfVectors() -> AlignedBuffer<Float> {
    var names: [String] = []
    for layer in 0..<configuration.layerCount {
      let suffix = LayerOffsets.suffix(layer: layer, direction: 0)
      names += ["rnn.bias_ih" + suffix, "rnn.bias_hh" + suffix]
      if configuration.normalizesLayers { names += ["rnn.norm\(suffix).weight", "rnn.norm\(suffix).bias"] }
    }
    let entries = (names + ["output.bias"]).compactMap(parameters.entry)
    return AlignedBuffer(entries.flatMap { parameters.values.elements[$0.range] })
  }

  private func matrix(_ name: String, rows: Int, columns: Int) -> MatrixView {
    MatrixView(parameters.values.baseAddress + parameters.offset(of: name), rows: rows, columns: columns)
  }
}
