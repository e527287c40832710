public import ArgumentParser
internal import Composing
internal import Groundwork
internal import Recurrent

/// `gruppetto model export`: a model's network for PyTorch or for ONNX Runtime.
struct ModelExport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Export the network of a model for PyTorch or ONNX Runtime.",
    discussion: """
      Examples:

        gruppetto model export model -o model.onnx
        gruppetto model export model -o weights.safetensors
      """)

  @Argument(help: "Folder of a model.")
  var model: String

  @Option(
    name: .shortAndLong, help: ArgumentHelp("File to write: .safetensors or .onnx.", valueName: "file"))
  var output: String

  @Option(
    help: ArgumentHelp("Format, if the file name does not end in .safetensors or .onnx.", valueName: "format")
  )
  var format: ExchangeFormat?

  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard output != "-" else {
      throw ValidationError("-o must name a file; a network is not written to standard output.")
    }
  }

  func run() throws {
    guard let format = format ?? ExchangeFormat(endingOf: output) else {
      throw UsageError(
        "\(output): the ending must be .safetensors (PyTorch) or .onnx, or use --format pytorch or --format onnx"
      )
    }
    if let other = ExchangeFormat(endingOf: output), other != format {
      throw UsageError(
        "\(output): the ending means \(other.rawValue), but --format is \(format.rawValue); change one of them"
      )
    }
    try OutputFile.checkFolder(of: output)
    let music = try MusicModel(path: model)
    try music.export(as: format, to: output)
    let report = Report(
      model: model, file: output, format: format.rawValue, parameters: music.anyNetwork.parameters.count)
    try common.report(report) { text(of: music.anyNetwork, format: format) }
  }

  private func text(of network: ModelNetwork, format: ExchangeFormat) -> String {
    let count = Readable.count(network.parameters.count)
    guard case .network(let network) = network, let configuration = network.configuration.languageModel else {
      return "\(output): \(count) parameters"
    }
    switch format {
    case .pytorch:
      return """
        \(output): \(count) parameters; a torch.nn.Module loads them with load_state_dict if it has
          embedding = \(configuration.pytorchEmbedding)
          rnn = \(configuration.pytorchRecurrent ?? "")
          output = \(configuration.pytorchOutput)
        """
    case .onnx:
      let inputs = configuration.onnxInputs, outputs = configuration.onnxOutputs
      return "\(output): \(count) parameters; inputs \(inputs.joined(separator: ", ")), "
        + "outputs \(outputs.joined(separator: ", "))"
    }
  }

  private struct Report: Encodable {
    var model: String
    var file: String
    var format: String
    var parameters: Int
  }
}

extension ExchangeFormat: ExpressibleByArgument {}
