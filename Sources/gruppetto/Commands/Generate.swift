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
        gruppetto generate model --bars 16 --key "D dorian" --last D -o jig.mid
      """)

  @Argument(help: "Folder of a trained model.")
  var model: String

  @OptionGroup var outputs: CompositionOutputs

  @Option(help: ArgumentHelp("Number of bars (default: the model decides).", valueName: "n"))
  var bars: Int?

  @Option(
    help: ArgumentHelp(
      "Music that the new piece follows; the primer itself is not written.", valueName: "file"))
  var primer: String?

  @OptionGroup var piece: PieceOption
  @OptionGroup var plan: PlanOptions
  @OptionGroup(title: "What the piece has to hold") var limits: LimitOptions
  @OptionGroup var sampling: SamplingOptions
  @OptionGroup var novelty: NoveltyOptions
  @OptionGroup var seed: SeedOptions
  @OptionGroup(title: HelpPage.rarelyNeeded) var weights: WeightOptions
  @OptionGroup(title: HelpPage.rarelyNeeded) var sound: SoundOptions
  @OptionGroup(title: HelpPage.rarelyNeeded) var threads: ThreadOptions
  @OptionGroup(title: HelpPage.rarelyNeeded) var input: InputOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    try CompositionOutputs.check(bars: bars)
    _ = try plan.parsedForm(bars: bars)
    guard piece.piece == nil || primer != nil else {
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
      limits: try limits.parsed { path in
        try MusicInput.readOne(path, piece: nil, input: input, common: common)
      },
      weights: weights.weights,
      threadCount: threads.count, sound: sound, common: common, primerPath: primer,
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
  @OptionGroup(title: "What the new bars have to hold") var limits: LimitOptions
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
      model: model, outputs: outputs, options: options, novelty: novelty,
      limits: try limits.parsed { path in
        try MusicInput.readOne(path, piece: nil, input: input, common: common)
      },
      weights: weights.weights, threadCount: threads.count,
      sound: sound, common: common, primerPath: file,
      original: try given.midi ?? MIDIFile(score: given.score), originalOffset: -prepared.shiftAtEnd,
      title: "\(name), continued by \(ModelFolder(path: model).name)"
    ).run()
  }
}
