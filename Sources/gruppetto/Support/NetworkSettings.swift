public import ArgumentParser
internal import Composing
internal import Recurrent

/// What the user wants of the network otherwise than the preset.
struct NetworkSettings: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The recurrent cell: \(Cell.allValueStrings.joined(separator: ", ")).", valueName: "name"))
  var cell: Cell?

  @Option(help: ArgumentHelp("How many layers are stacked.", valueName: "n"))
  var layers: Int?

  @Option(help: ArgumentHelp("How many values a layer's state has.", valueName: "n"))
  var hidden: Int?

  @Option(help: ArgumentHelp("How many values stand for a token.", valueName: "n"))
  var embedding: Int?

  @Option(help: ArgumentHelp("The probability with which a value is dropped in training.", valueName: "p"))
  var dropout: Double?

  @Option(help: ArgumentHelp("The same for the values of a token (default: as --dropout).", valueName: "p"))
  var embeddingDropout: Double?

  @Flag(
    inversion: .prefixedNo, help: "Drop the same values at all steps of a stream, or anew at each.")
  var lockedDropout: Bool?

  @Flag(inversion: .prefixedNo, help: "Add to what a layer gives what it was given.")
  var residual: Bool?

  @Flag(inversion: .prefixedNo, help: "Normalize what each layer gives.")
  var layerNorm: Bool?

  @Flag(
    inversion: .prefixedNo,
    help: "Let the output share the embedding's weights; needs --embedding as large as --hidden.")
  var tiedEmbedding: Bool?

  func apply(to network: inout LanguageModelShape) {
    network.cell = cell ?? network.cell
    network.layerCount = layers ?? network.layerCount
    network.hiddenSize = hidden ?? network.hiddenSize
    network.embeddingSize = embedding ?? network.embeddingSize
    network.dropout = dropout ?? network.dropout
    network.embeddingDropout = embeddingDropout ?? network.embeddingDropout
    network.dropoutKind = lockedDropout.map { $0 ? .locked : .independent } ?? network.dropoutKind
    network.isResidual = residual ?? network.isResidual
    network.normalizesLayers = layerNorm ?? network.normalizesLayers
    network.tiesEmbedding = tiedEmbedding ?? network.tiesEmbedding
  }
}

extension Cell: ExpressibleByArgument {
  /// What is offered to someone who names another.
  static var allValueStrings: [String] { ["rnn"] + allCases.map(\.rawValue) }

  /// `rnn` is the one with the hyperbolic tangent, as in PyTorch.
  init?(argument: String) {
    self.init(rawValue: argument == "rnn" ? Cell.rnnTanh.rawValue : argument)
  }
}
