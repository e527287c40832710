public import ArgumentParser
internal import Composing
internal import Groundwork
internal import Recurrent

/// `gruppetto model export`: a model's network for PyTorch or for ONNX Runtime.
struct ModelExport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write a model's network for PyTorch or for ONNX Runtime.",
    discussion: """
      Examples:

        gruppetto model export model -o model.onnx
        gruppetto model export model -o weights.safetensors
      """)

  @Argument(help: "The folder of a model.")
  var model: String

  @Option(
    name: .shortAndLong, help: ArgumentHelp("The file to write: .safetensors or .onnx.", valueName: "file"))
  var output: String

  @Option(
    help: ArgumentHelp("pytorch or onnx, where the file's ending does not say it.", valueName: "format"))
  var format: ExchangeFormat?

  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard output != "-" else {
      throw ValidationError("-o names a file; a network is not written to standard output.")
    }
  }

  func run() throws {
    guard let format = format ?? ExchangeFormat(endingOf: output) else {
      throw UsageError(
        "\(output): the ending says for which program to write, and must be .safetensors (PyTorch) or .onnx; "
          + "--format pytorch or --format onnx says it too")
    }
    if let other = ExchangeFormat(endingOf: output), other != format {
      throw UsageError(
        "\(output): the ending says \(other.rawValue) and --format \(format.rawValue); give the file the other's ending"
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
      return "\(output): \(count) parameters; takes \(inputs.joined(separator: ", ")), "
        + "gives \(outputs.joined(separator: ", "))"
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
