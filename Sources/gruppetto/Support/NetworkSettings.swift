public import ArgumentParser
internal import Composing
internal import Recurrent

/// The options that replace the preset's settings of the network.
struct NetworkSettings: ParsableArguments {
  @Option(help: ArgumentHelp("The recurrent cell.", valueName: "name"))
  var cell: Cell?

  @Option(help: ArgumentHelp("Number of recurrent layers.", valueName: "n"))
  var layers: Int?

  @Option(help: ArgumentHelp("Units in each layer (hidden size).", valueName: "n"))
  var hidden: Int?

  @Option(help: ArgumentHelp("Size of the token embedding.", valueName: "n"))
  var embedding: Int?

  @Option(help: ArgumentHelp("Dropout probability between layers in training.", valueName: "p"))
  var dropout: Double?

  @Option(help: ArgumentHelp("Dropout probability of the embedding (default: as --dropout).", valueName: "p"))
  var embeddingDropout: Double?

  @Option(
    help: ArgumentHelp(
      "Dropout probability of the recurrent weights, for a window of training at a time.", valueName: "p"))
  var weightDropout: Double?

  @Flag(
    inversion: .prefixedNo,
    help: "Use one dropout mask for all steps of a sequence, or a new one at each step.")
  var lockedDropout: Bool?

  @Flag(inversion: .prefixedNo, help: "Add each layer's input to its output (residual connections).")
  var residual: Bool?

  @Flag(inversion: .prefixedNo, help: "Normalize the output of each layer (layer normalization).")
  var layerNorm: Bool?

  @Flag(
    inversion: .prefixedNo,
    help: "Use the embedding's weights in the output layer too; --embedding must equal --hidden.")
  var tiedEmbedding: Bool?

  func apply(to network: inout LanguageModelShape) {
    network.cell = cell ?? network.cell
    network.layerCount = layers ?? network.layerCount
    network.hiddenSize = hidden ?? network.hiddenSize
    network.embeddingSize = embedding ?? network.embeddingSize
    network.dropout = dropout ?? network.dropout
    network.embeddingDropout = embeddingDropout ?? network.embeddingDropout
    network.dropoutKind = lockedDropout.map { $0 ? .locked : .independent } ?? network.dropoutKind
    network.weightDropout = weightDropout ?? network.weightDropout
    network.isResidual = residual ?? network.isResidual
    network.normalizesLayers = layerNorm ?? network.normalizesLayers
    network.tiesEmbedding = tiedEmbedding ?? network.tiesEmbedding
  }
}

extension Cell: ExpressibleByArgument {
  /// The names that a usage error and the help list.
  static var allValueStrings: [String] { ["rnn"] + allCases.map(\.rawValue) }

  /// `rnn` is the one with the hyperbolic tangent, as in PyTorch.
  init?(argument: String) {
    self.init(rawValue: argument == "rnn" ? Cell.rnnTanh.rawValue : argument)
  }
}
