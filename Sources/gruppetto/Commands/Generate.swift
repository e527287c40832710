internal import ArgumentParser
internal import Composing
internal import Groundwork

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
        gruppetto generate model --fill tune.mid --bars 9-12 --parts chords -o new.mid
        gruppetto generate model --vary tune.mid --share 0.2 -o other.mid
        gruppetto generate model --count 100 -o tunes/
        gruppetto generate --like tunes/007.mid -o seven.wav --explain seven.html
      """)

  @Argument(help: "Folder of a trained model; with --like by default the one that the file names.")
  var model: String?

  @OptionGroup var outputs: CompositionOutputs
  @OptionGroup(title: HelpPage.form) var length: ChosenBarsOption
  @OptionGroup(title: HelpPage.form) var plan: PlanOptions
  @OptionGroup(title: HelpPage.limits) var limits: LimitOptions
  @OptionGroup(title: HelpPage.music) var primer: PrimerOptions
  @OptionGroup(title: HelpPage.change) var fills: FillOptions
  @OptionGroup(title: HelpPage.music) var styles: StyleOptions
  @OptionGroup(title: HelpPage.music) var asking: AskingOptions
  @OptionGroup(title: HelpPage.daring) var sampling: SamplingOptions
  @OptionGroup(title: HelpPage.daring) var novelty: NoveltyOptions
  @OptionGroup(title: HelpPage.again) var seed: SeedOptions
  @OptionGroup(title: HelpPage.again) var like: LikeOption
  @OptionGroup(title: HelpPage.again) var explanation: ExplanationOption
  @OptionGroup(title: HelpPage.rarelyNeeded) var weights: WeightOptions
  @OptionGroup(title: HelpPage.rarelyNeeded) var sound: SoundOptions
  @OptionGroup(title: HelpPage.rarelyNeeded) var threads: ThreadOptions
  @OptionGroup(title: HelpPage.rarelyNeeded) var input: InputOptions
  @OptionGroup var common: CommonOptions

  /// The number of bars of a new piece.
  private var bars: Int? { fills.file == nil ? length.bars?.number : nil }

  func validate() throws {
    guard model != nil || like.like != nil else {
      throw ValidationError("Name the folder of a model, or a piece to make again with --like FILE.")
    }
    try fills.validate(bars: length.bars)
    guard fills.file == nil || (primer.primer == nil && plan.form == nil) else {
      throw ValidationError("--fill, --vary and --morph have a piece already; drop --primer and --form.")
    }
    guard fills.morph == nil || outputs.count == 1 else {
      throw ValidationError("--morph writes as many pieces as --steps says; drop --count.")
    }
    guard primer.piece.piece == nil || primer.primer != nil || fills.file != nil else {
      throw ValidationError("--piece chooses a piece of the --primer; give a --primer, or drop --piece.")
    }
    guard asking.asked.isEmpty || primer.primer == nil else {
      throw ValidationError("--ask is for a piece from its beginning, and a --primer has begun it; drop one.")
    }
    guard styles.styles.isEmpty || (plan.search ?? 0) == 0 else {
      throw ValidationError(
        "--search chooses what is like the collection, and a --style is something else; drop one.")
    }
    try explanation.check(count: outputs.count)
    _ = try plan.parsedForm(bars: bars)
    try novelty.check(isRepeated: like.like != nil)
  }

  func run() throws {
    guard let repeated = try like.piece(input) else {
      return try CompositionCommand(
        model: model ?? "", outputs: outputs, seed: seed.drawn(), request: request,
        explanation: explanation.explain,
        threadCount: threads.count, sound: sound, common: common
      ).run()
    }
    try CompositionCommand(
      model: try repeated.modelPath(given: model), outputs: outputs, seed: seed.seed ?? repeated.record.seed,
      request: {
        try repeated.request($0, primer: primer.primer, corpus: novelty.corpus, input: input, common: common)
      },
      repeated: repeated, explanation: explanation.explain, threadCount: threads.count,
      sound: try sound.following(repeated),
      common: common
    ).run()
  }

  /// What the options ask for.
  private func request(_ model: MusicModel) throws -> CompositionRequest {
    var request = CompositionRequest(
      settings: CompositionSettings(
        sampling: try sampling.resolved(presets: sound.presets), weights: weights.weights))
    request.settings.bars = bars
    // What is like the collection is not like a style.
    plan.record(in: &request.settings, styles.styles.isEmpty ? model : model.withoutCritic())
    request.primer = try primer.primer.map {
      try GivenPrimer(
        path: $0, piece: primer.piece.piece, isKept: false, for: model, input: input, common: common)
    }
    request.settings.primer = request.primer?.source
    asking.record(in: &request.settings)
    try styles.record(in: &request)
    fills.record(in: &request, bars: length.bars, piece: primer.piece.piece, input: input, common: common)
    try limits.record(in: &request, input: input, common: common)
    try novelty.record(in: &request, of: model, common: common)
    return request
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

  @OptionGroup var length: LengthOption
  @OptionGroup var piece: PieceOption
  @OptionGroup(title: "What the new bars have to hold") var limits: LimitOptions
  @OptionGroup(title: HelpPage.music) var styles: StyleOptions
  @OptionGroup(title: HelpPage.daring) var sampling: SamplingOptions
  @OptionGroup(title: HelpPage.daring) var novelty: NoveltyOptions
  @OptionGroup var seed: SeedOptions
  @OptionGroup(title: HelpPage.rarelyNeeded) var weights: WeightOptions
  @OptionGroup(title: HelpPage.rarelyNeeded) var sound: SoundOptions
  @OptionGroup(title: HelpPage.rarelyNeeded) var threads: ThreadOptions
  @OptionGroup(title: HelpPage.rarelyNeeded) var input: InputOptions
  @OptionGroup var common: CommonOptions

  func validate() throws { try novelty.check() }

  func run() throws {
    try CompositionCommand(
      model: model, outputs: outputs, seed: seed.drawn(), request: request, threadCount: threads.count,
      sound: sound, common: common
    ).run()
  }

  /// What the options ask for.
  private func request(_ model: MusicModel) throws -> CompositionRequest {
    var request = CompositionRequest(
      settings: CompositionSettings(
        sampling: try sampling.resolved(presets: sound.presets), weights: weights.weights))
    request.settings.bars = length.bars
    let primer = try GivenPrimer(
      path: file, piece: piece.piece, isKept: true, for: model, input: input, common: common)
    request.primer = primer
    request.settings.primer = primer.source
    try styles.record(in: &request)
    try limits.record(in: &request, input: input, common: common)
    try novelty.record(in: &request, of: model, common: common)
    return request
  }
}
