/// A language model in a safetensors file that PyTorch wrote: an embedding, `torch.nn.RNN`, `LSTM` or `GRU`, and a linear
/// output, whatever the module calls them.
///
/// The recurrent layers are known by their tensors' names (`weight_ih_l0`, …), their kind and size by the shapes. The
/// embedding is the matrix V × E without a bias, where the recurrent layers take E; the output is the matrix V × H. Where
/// both are one matrix, or two with the same numbers, they are tied. A list of embeddings (`torch.nn.ModuleList`) is that of the
/// ids and, after it, those of the context's features. Biases that are missing are zero.
public struct PyTorchWeights: Sendable {
  /// The file.
  public let file: SafetensorsFile
  /// The architecture; how much was dropped in training is not in such a file, so that the dropout is 0.
  public let configuration: LanguageModelConfiguration
  /// What the file calls the parts.
  public let names: PyTorchNames
  /// The key of the metadata in which an exported file names its cell.
  static let cellKey = "gruppetto.cell"
  /// The file's tensor for each tensor of the network; biases that are zero have none.
  private let sources: [String: String]

  /// Finds the parts of the language model in a file.
  /// - Parameters:
  ///   - file: the file.
  ///   - names: the names of the parts, if they are given.
  ///   - cell: the kind of cell, where the shapes leave a choice: those of a simple network mean `.rnnTanh`, if neither this
  ///     nor the metadata of a file that gruppetto wrote gives another.
  /// - Throws: `ExchangeError`: a part is missing, there more than once or of a shape that does not fit, or there is
  ///   something else.
  public init(file: SafetensorsFile, names: PyTorchNames = .init(), cell: Cell? = nil) throws(ExchangeError) {
    let finder = PyTorchPartFinder(file: file)
    let recurrent = try finder.recurrentPart(named: names.recurrent, cell: cell)
    let (embedding, contexts, output) = try finder.matrices(named: names, around: recurrent)
    self.file = file
    // A list has the prefix of its modules without their number.
    let prefix = contexts.isEmpty ? embedding.prefix : String(embedding.prefix.dropLast(2))
    self.names = PyTorchNames(
      embedding: PyTorchPartFinder.name(ofPrefix: prefix), recurrent: recurrent.name, output: output.name)
    let shape = LanguageModelShape(
      cell: recurrent.cell, embeddingSize: recurrent.inputSize, hiddenSize: recurrent.hiddenSize,
      layerCount: recurrent.layerCount, dropout: 0, tiesEmbedding: try finder.areEqual(embedding, output))
    let sizes = contexts.map(\.rowCount)
    if let fault = LanguageModelConfiguration.fault(
      of: shape, vocabularySize: embedding.rowCount, contextSizes: sizes)
    {
      throw .unsupported(file: file.path, reason: fault)
    }
    configuration = LanguageModelConfiguration(
      shape, vocabularySize: embedding.rowCount, contextSizes: sizes)
    let theirs = ["embedding": prefix, "rnn": recurrent.prefix, "output": output.prefix]
    var sources: [String: String] = [:]
    for (name, shape) in configuration.network.parameterShapes {
      let parts = name.split(separator: ".", maxSplits: 1)
      let source = (theirs[String(parts[0])] ?? "") + parts[1]
      if file.entry(named: source) == nil, parts[1].hasPrefix("bias") { continue }
      do { try file.requireTensor(named: source, shape: shape) } catch { throw .weights(error) }
      sources[name] = source
    }
    self.sources = sources
    let used = Set(sources.values).union([output.prefix + "weight"])
    if let unused = file.entries.first(where: { !used.contains($0.name) }) {
      throw .unusedTensor(file: file.path, tensor: unused.name)
    }
  }

  /// The model with the file's weights, rounded to Float.
  /// - Throws: `ExchangeError.weights` for a weight that is infinite or no number.
  public func model() throws(ExchangeError) -> Network {
    do throws(SafetensorsError) {
      return try Network(configuration: configuration.network) { (entry, values) throws(SafetensorsError) in
        if let source = sources[entry.name] { try file.read(tensor: source, into: values) }
      }
    } catch {
      throw .weights(error)
    }
  }
}
