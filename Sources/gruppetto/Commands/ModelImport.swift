internal import ArgumentParser
internal import Composing
internal import Groundwork
internal import Recurrent

/// `gruppetto model import`: a model of weights that PyTorch trained.
struct ModelImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Make a model of weights that PyTorch trained.",
    discussion: """
      The file is a safetensors file of a module with an embedding, an RNN, LSTM or GRU, and a linear output, whatever
      they are called. The model composes at once. It has no history, and nothing is known of what it was trained on; train
      goes on from its weights, with any options but those of the network, and replaces them only by better ones. Examples:

        gruppetto model import weights.safetensors -o model --vocabulary corpus
        gruppetto model import weights.safetensors -o model --vocabulary other-model --output-layer decoder
        gruppetto train ~/music -o model --resume --learning-rate 0.0005 --minutes 5
      """)

  @Argument(help: "A safetensors file.")
  var weights: String

  @Option(name: .shortAndLong, help: ArgumentHelp("The folder of the model.", valueName: "folder"))
  var output: String

  @Option(
    help: ArgumentHelp(
      "Where the vocabulary is: a vocabulary.json, a model or a corpus (default: in the weights file, if we wrote it).",
      valueName: "path"))
  var vocabulary: String?

  @Option(
    help: ArgumentHelp(
      "The kind of cell, where the shapes leave a choice: rnn-tanh (the default then) or rnn-relu.",
      valueName: "name"))
  var cell: Cell?

  @Option(help: ArgumentHelp("What the module calls its embedding, such as encoder.", valueName: "name"))
  var embedding: String?

  @Option(help: ArgumentHelp("What the module calls its recurrent layers, such as lstm.", valueName: "name"))
  var recurrent: String?

  @Option(help: ArgumentHelp("What the module calls its linear output, such as decoder.", valueName: "name"))
  var outputLayer: String?

  @Option(
    help: ArgumentHelp(
      "The preset of presets/models by which training is continued, if it is, unless train is told otherwise.",
      valueName: "name"))
  var preset = "small"

  @Flag(help: "Replace a model that is there.")
  var overwrite = false

  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard !output.isEmpty else { throw ValidationError("-o names the folder of the model, and is empty.") }
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
        reason: "it is no safetensors file, or was cut short; PyTorch writes one with "
          + "safetensors.torch.save_file(module.state_dict(), path), and ONNX files cannot be taken back")
    }
  }

  private func quoted(_ name: String?) -> String { "'\(name ?? "")'" }
}
