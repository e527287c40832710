internal import ArgumentParser
internal import Composing
internal import Groundwork
internal import Recurrent

/// `gruppetto model import`: a model from weights that PyTorch trained.
struct ModelImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Make a model from weights that PyTorch trained.",
    discussion: """
      The safetensors file holds a module with an embedding, an RNN, LSTM or GRU,
      and a linear output. The model can compose at once. `train --resume` trains
      it further, with any options except those of the network, and replaces its
      weights only by better ones.

      Examples:

        gruppetto model import weights.safetensors -o model --vocabulary corpus
        gruppetto model import weights.safetensors -o model \\
          --vocabulary other-model --output-layer decoder
        gruppetto train ~/music -o model --resume --learning-rate 0.0005 --minutes 5
      """)

  @Argument(help: "Safetensors file with the weights.")
  var weights: String

  @Option(name: .shortAndLong, help: ArgumentHelp("Folder of the model.", valueName: "folder"))
  var output: String

  @Option(
    help: ArgumentHelp(
      "A vocabulary.json, or a model or corpus with one (default: the one in the weights file, if gruppetto wrote it).",
      valueName: "path"))
  var vocabulary: String?

  @Option(
    help: ArgumentHelp(
      "The recurrent cell, if the shapes do not tell: rnn-tanh (default) or rnn-relu.",
      valueName: "name"))
  var cell: Cell?

  @Option(help: ArgumentHelp("Name of the embedding in the module, such as encoder.", valueName: "name"))
  var embedding: String?

  @Option(help: ArgumentHelp("Name of the recurrent layers in the module, such as lstm.", valueName: "name"))
  var recurrent: String?

  @Option(
    help: ArgumentHelp("Name of the linear output layer in the module, such as decoder.", valueName: "name"))
  var outputLayer: String?

  @Option(
    help: ArgumentHelp(
      "Preset of presets/models with the settings for further training.",
      valueName: "name"))
  var preset = "small"

  @Flag(help: "Replace an existing model.")
  var overwrite = false

  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard !output.isEmpty else { throw ValidationError("-o is empty; name the folder of the model.") }
  }

  func run() throws {
    let weights = try PyTorchWeights(
      file: file(),
      names: PyTorchNames(embedding: embedding, recurrent: recurrent, output: outputLayer), cell: cell)
    let model = try ModelImport(weights: weights, vocabulary: vocabulary)
    let preset = try ModelPreset(
      named: preset, folder: try Resources.presets(named: nil) + "/models")
    try model.write(
      to: output, preset: preset, replacing: overwrite, program: Gruppetto.signature)
    let info = try ModelInfo(path: output)
    try common.report(info) {
      let names = weights.names
      let origin =
        "  from \(self.weights): embedding \(quoted(names.embedding)), recurrent layers \(quoted(names.recurrent)), "
        + "output \(quoted(names.output))"
      return "\(ModelInfoCommand.text(info))\n\(Readable.line(origin))"
    }
  }

  private func file() throws -> SafetensorsFile {
    do throws(SafetensorsError) {
      return try SafetensorsFile(reading: weights)
    } catch {
      guard case .wrongHeaderLength = error else { throw error }
      throw ExchangeError.unsupported(
        file: weights,
        reason: "it is not a safetensors file, or is truncated; write one in PyTorch with "
          + "safetensors.torch.save_file(module.state_dict(), path), and ONNX files cannot be imported")
    }
  }

  private func quoted(_ name: String?) -> String { "'\(name ?? "")'" }
}
