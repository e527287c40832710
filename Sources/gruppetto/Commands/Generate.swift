internal import ArgumentParser
internal import Composing
internal import Groundwork
internal import MIDI
internal import Music
internal import Notation

/// `gruppetto generate`: a new piece from a model.
struct Generate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compose new music with a model.",
    discussion: """
      Without --bars the model finds its own end, in at most \(Composer.barLimit) bars. Example:

        gruppetto generate model --bars 16 -o tune.mid -o tune.wav -o tune.svg
      """)

  @Argument(help: "The folder of a trained model.")
  var model: String

  @OptionGroup var outputs: CompositionOutputs

  @Option(help: ArgumentHelp("Exactly how many bars to write.", valueName: "n"))
  var bars: Int?

  @Option(help: ArgumentHelp("Music to go on from; what is written begins after it.", valueName: "file"))
  var primer: String?

  @OptionGroup var piece: PieceOption
  @OptionGroup var sampling: SamplingOptions
  @OptionGroup var weights: WeightOptions
  @OptionGroup var seed: SeedOptions
  @OptionGroup var sound: SoundOptions
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var input: InputOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    try CompositionOutputs.check(bars: bars)
    guard piece.piece == nil || primer != nil else {
      throw ValidationError("--piece chooses among the pieces of a --primer, and there is none.")
    }
  }

  func run() throws {
    let given = try primer.map {
      try MusicInput.readOne($0, piece: piece.piece, input: input, common: common)
    }
    let options = CompositionOptions(
      seed: seed.drawn(), sampling: try sampling.resolved(presets: sound.presets), bars: bars, primer: given)
    try CompositionCommand(
      model: model, outputs: outputs, options: options, weights: weights.weights, threadCount: threads.count,
      sound: sound, common: common,
      title: "A piece by \(ModelFolder(path: model).name)"
    ).run()
  }
}

/// `gruppetto continue`: a piece, and what a model thinks comes next.
struct Continue: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Let a model go on with a piece; the piece stays at the beginning.",
    discussion: """
      Every event of a MIDI file stays as it is; the new bars follow in its tracks, its ticks and its tempo.

      Example:

        gruppetto continue model tune.mid --bars 8 -o longer.mid
      """)

  @Argument(help: "The folder of a trained model.")
  var model: String

  @Argument(help: "The piece to go on with: a MIDI file or tune book; - is standard input.")
  var file: String

  @OptionGroup var outputs: CompositionOutputs

  @Option(help: ArgumentHelp("Exactly how many bars to add.", valueName: "n"))
  var bars: Int?

  @OptionGroup var piece: PieceOption
  @OptionGroup var sampling: SamplingOptions
  @OptionGroup var weights: WeightOptions
  @OptionGroup var seed: SeedOptions
  @OptionGroup var sound: SoundOptions
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var input: InputOptions
  @OptionGroup var common: CommonOptions

  func validate() throws { try CompositionOutputs.check(bars: bars) }

  func run() throws {
    let given = try MusicInput.readWhole(file, piece: piece.piece, input: input, common: common)
    let options = CompositionOptions(
      seed: seed.drawn(), sampling: try sampling.resolved(presets: sound.presets), bars: bars,
      primer: given.score, keepsPrimer: true)
    let name = given.score.title ?? file.split(separator: "/").last.map(String.init) ?? file
    try CompositionCommand(
      model: model, outputs: outputs, options: options, weights: weights.weights, threadCount: threads.count,
      sound: sound, common: common,
      original: try given.midi ?? MIDIFile(score: given.score),
      title: "\(name), continued by \(ModelFolder(path: model).name)"
    ).run()
  }
}
