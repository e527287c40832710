public import Arithmetic

/// A language model's weights as sampling reads them: in the order of reading, and in as few bytes as one likes. Samplers
/// on several threads may share them. Later changes of the model's parameters do not show.
///
/// Biases and normalizations stay in float32. So does what the first layer's input weights make of each id, where that
/// table is not too long: a step looks it up instead of multiplying.
public final class SamplerWeights: Sendable {
  /// The architecture of the model.
  public let configuration: LanguageModelConfiguration
  /// How the matrices lie in memory.
  public var format: WeightFormat { stack.format }
  /// How many bytes of matrices each step reads.
  public var matrixByteCount: Int { stack.matrixByteCount }

  /// The state in which pieces begin, L × S·H; empty for zero.
  package let initialState: [Float]
  /// What sharpens a condition; nil for the network as it is.
  package let guidance: Guidance?

  let stack: StoredStack
  /// V × G·H: W_i x of the first layer, for each id; and after them the rows of each feature of the context.
  let table: AlignedBuffer<Float>?
  /// V × E: where a step needs the embedded id itself; and after them the rows of each feature of the context.
  let embedding: AlignedBuffer<Float>?
  /// The row at which each feature of the context begins in these tables.
  let contextRows: [Int]
  /// G·H.
  let tableWidth: Int

  /// The most numbers that the table may have: 32 MB of them.
  static let tableLimit = 8 << 20

  /// From so many products on, some milliseconds of work, the table is computed by several threads.
  private static let sharedProducts = 1 << 26

  /// Converts the weights of `model`, which must be a language model; see `Network.Configuration.languageModel`.
  /// - Parameters:
  ///   - model: The network.
  ///   - format: How the matrices are to lie in memory.
  ///   - initialState: The state in which pieces begin, L × S·H; empty for zero.
  ///   - guidance: What sharpens a condition; nil for the network as it is.
  public convenience init(
    model: Network, format: WeightFormat = .float32, initialState: [Float] = [], guidance: Guidance? = nil
  ) {
    self.init(
      model: model, format: format, initialState: initialState, guidance: guidance,
      tableLimit: Self.tableLimit)
  }

  /// How many bytes the weights of a language model take once they are converted, within a few in a hundred.
  public static func byteCount(
    for configuration: LanguageModelConfiguration, format: WeightFormat
  ) -> Int {
    let float = MemoryLayout<Float>.size
    let gateRows = configuration.cell.implementation.gateCount * configuration.hiddenSize
    let tableSize = configuration.vocabularySizes.reduce(0, +) * gateRows
    let hasTable = tableSize <= tableLimit
    let outputName = configuration.network.outputWeightName
    return configuration.network.parameterShapes.reduce(hasTable ? tableSize * float : 0) { sum, entry in
      let count = entry.shape.reduce(1, *)
      guard entry.shape.count == 2 else { return sum + count * float }
      let stored = Kernels.current.storedSize(format: format, rows: entry.shape[0], columns: entry.shape[1])
      if entry.name.hasPrefix("embedding.") {
        let isTied = configuration.tiesEmbedding && entry.name == outputName
        return sum + (isTied ? stored : 0)
          + (!hasTable || addsEmbedding(configuration) ? count * float : 0)
      }
      // What the first layer makes of each id stands in the table.
      return sum + (hasTable && entry.name == "rnn.weight_ih_l0" ? 0 : stored)
    }
  }

  /// Whether a step adds the embedded id to what the first layer gives.
  private static func addsEmbedding(_ configuration: LanguageModelConfiguration) -> Bool {
    configuration.isResidual && configuration.embeddingSize == configuration.hiddenSize
  }

  init(
    model: Network, format: WeightFormat, initialState: [Float] = [], guidance: Guidance? = nil,
    tableLimit: Int, threadCount: Int? = nil
  ) {
    guard let configuration = model.configuration.languageModel else {
      preconditionFailure(
        "only a network from ids to a softmax over the same ids, step by step, is sampled from")
    }
    let stateSize = configuration.carriedStateSize
    precondition(
      initialState.isEmpty || initialState.count == stateSize,
      "\(initialState.count) numbers for \(stateSize) of state")
    self.initialState = initialState
    precondition(
      guidance.map { $0.openIDs.count == configuration.vocabularySize } ?? true,
      "guidance of another vocabulary")
    self.guidance = guidance
    let parameters = model.parameters
    let inputWeight = StoredStack.inputWeight(ofLayer: 0, in: parameters)
    // The tables of all vocabularies stand one behind the other at the beginning of the weights.
    let first = parameters.matrix(named: model.configuration.embeddingName(0))
    let embedding = MatrixView(
      first.values, rows: configuration.vocabularySizes.reduce(0, +), columns: first.columns)
    let hasTable = embedding.rows * inputWeight.rows <= tableLimit
    self.configuration = configuration
    tableWidth = inputWeight.rows
    contextRows = configuration.contextSizes.indices.map {
      configuration.vocabularySize + configuration.contextSizes[..<$0].reduce(0, +)
    }
    stack = StoredStack(
      configuration.stack, inputSize: configuration.embeddingSize, parameters: parameters,
      outputWeight: model.configuration.outputWeightName, omitsFirstInputWeight: hasTable, format: format)
    table = hasTable ? AlignedBuffer(count: embedding.rows * inputWeight.rows) : nil
    if let table {
      // Music that is to begin at once waits for this; the bits are the same with any number of threads.
      let isSmall = table.count * embedding.columns < Self.sharedProducts
      let team = ThreadTeam(threadCount: threadCount ?? (isSmall ? 1 : nil))
      team.multiply(embedding, inputWeight.transposed, into: table.baseAddress)
    }
    self.embedding =
      hasTable && !Self.addsEmbedding(configuration)
      ? nil
      : AlignedBuffer(UnsafeBufferPointer(start: embedding.values, count: embedding.rows * embedding.columns))
  }
}
