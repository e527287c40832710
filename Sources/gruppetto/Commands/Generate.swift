internal import Analysis
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
      Without --bars the model decides where the piece ends, after at most
      \(Composer.barLimit) bars; where its tokens tell at the beginning how many there are,
      after at most as many as they can tell, usually 128.

      Examples:

        gruppetto generate model --bars 16 -o tune.mid -o tune.wav -o tune.svg
        gruppetto generate model --form "A8 A'8 B8 A8" --endings 64 -o song.mid
        gruppetto generate model --fill tune.mid --bars 9-12 --parts chords -o new.mid
        gruppetto generate model --vary tune.mid --share 0.2 -o other.mid
        gruppetto generate model --morph a.mid --to b.mid --steps 5 -o between.mid
      """)

  @Argument(help: "Folder of a trained model.")
  var model: String

  @OptionGroup var outputs: CompositionOutputs

  @Option(
    name: .customLong("bars"),
    help: ArgumentHelp(
      "Number of bars (default: the model decides); with --fill, which bars, such as 9-12 (default: all).",
      valueName: "n"))
  var chosenBars: BarsArgument?

  @Option(
    help: ArgumentHelp(
      "Music that the new piece follows; the primer itself is not written.", valueName: "file"))
  var primer: String?

  @OptionGroup var piece: PieceOption
  @OptionGroup var plan: PlanOptions
  @OptionGroup(title: "Changing a piece") var fills: FillOptions
  @OptionGroup var sampling: SamplingOptions
  @OptionGroup var novelty: NoveltyOptions
  @OptionGroup var seed: SeedOptions
  @OptionGroup(title: HelpPage.rarelyNeeded) var weights: WeightOptions
  @OptionGroup(title: HelpPage.rarelyNeeded) var sound: SoundOptions
  @OptionGroup(title: HelpPage.rarelyNeeded) var threads: ThreadOptions
  @OptionGroup(title: HelpPage.rarelyNeeded) var input: InputOptions
  @OptionGroup var common: CommonOptions

  /// The number of bars of a new piece.
  private var bars: Int? { fills.file == nil ? chosenBars?.number : nil }

  func validate() throws {
    try fills.validate(bars: chosenBars)
    guard fills.file == nil || (primer == nil && plan.form == nil) else {
      throw ValidationError("--fill, --vary and --morph have a piece already; drop --primer and --form.")
    }
    guard fills.morph == nil || outputs.count == 1 else {
      throw ValidationError("--morph writes as many pieces as --steps says; drop --count.")
    }
    try CompositionOutputs.check(bars: bars)
    _ = try plan.parsedForm(bars: bars)
    guard piece.piece == nil || primer != nil || fills.file != nil else {
      throw ValidationError("--piece chooses a piece of the --primer; give a --primer, or drop --piece.")
    }
  }

  func run() throws {
    let given = try primer.map {
      try ModelFolder(path: model).preparation().prepare(
        try MusicInput.readOne($0, piece: piece.piece, input: input, common: common)
      ).score
    }
    let options = CompositionOptions(
      seed: seed.drawn(), sampling: try sampling.resolved(presets: sound.presets), bars: bars, primer: given,
      form: try plan.parsedForm(bars: bars), variation: plan.variation)
    try CompositionCommand(
      model: model, outputs: outputs, options: options, novelty: novelty, plan: plan,
      weights: weights.weights,
      threadCount: threads.count, sound: sound, common: common, primerPath: primer ?? fills.file,
      job: fills.job(bars: chosenBars, piece: piece.piece, input: input, common: common),
      title: "A piece by \(ModelFolder(path: model).name)"
    ).run()
  }
}

/// `gruppetto continue`: a piece followed by bars that a model composed.
struct Continue: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Continue a piece with a model; the piece itself stays unchanged.",
    discussion: """
      The events of a MIDI file stay as they are; the new bars follow in the same
      tracks, ticks and tempo.

      Example:

        gruppetto continue model tune.mid --bars 8 -o longer.mid
      """)

  @Argument(help: "Folder of a trained model.")
  var model: String

  @Argument(help: "The piece to continue: a MIDI file or tune book; - is standard input.")
  var file: String

  @OptionGroup var outputs: CompositionOutputs

  @Option(help: ArgumentHelp("Number of bars to add (default: the model decides).", valueName: "n"))
  var bars: Int?

  @OptionGroup var piece: PieceOption
  @OptionGroup var sampling: SamplingOptions
  @OptionGroup var novelty: NoveltyOptions
  @OptionGroup var seed: SeedOptions
  @OptionGroup(title: HelpPage.rarelyNeeded) var weights: WeightOptions
  @OptionGroup(title: HelpPage.rarelyNeeded) var sound: SoundOptions
  @OptionGroup(title: HelpPage.rarelyNeeded) var threads: ThreadOptions
  @OptionGroup(title: HelpPage.rarelyNeeded) var input: InputOptions
  @OptionGroup var common: CommonOptions

  func validate() throws { try CompositionOutputs.check(bars: bars) }

  func run() throws {
    let given = try MusicInput.readWhole(file, piece: piece.piece, input: input, common: common)
    let prepared = try ModelFolder(path: model).preparation().prepare(given.score)
    let options = CompositionOptions(
      seed: seed.drawn(), sampling: try sampling.resolved(presets: sound.presets), bars: bars,
      primer: prepared.score, keepsPrimer: true)
    let name = given.score.title ?? file.split(separator: "/").last.map(String.init) ?? file
    try CompositionCommand(
      model: model, outputs: outputs, options: options, novelty: novelty, weights: weights.weights,
      threadCount: threads.count,
      sound: sound, common: common, primerPath: file,
      original: try given.midi ?? MIDIFile(score: given.score), originalOffset: -prepared.shiftAtEnd,
      title: "\(name), continued by \(ModelFolder(path: model).name)"
    ).run()
  }
}
