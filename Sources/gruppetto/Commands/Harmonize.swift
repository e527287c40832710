internal import Analysis
internal import ArgumentParser
internal import Composing
internal import Groundwork
internal import Music

/// `gruppetto harmonize`: further parts to a piece.
struct Harmonize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write chords, a bass or other parts to a melody; or a melody to chords.",
    discussion: """
      The piece itself stays as it is; the new parts are further tracks. Without
      --parts and --voices it gets what the model's music has most often beside
      the parts that are given. Parts that are named and there already are
      written anew.

      Examples:

        gruppetto harmonize model tune.mid -o with-chords.mid
        gruppetto harmonize model soprano.mid --voices 4 -o chorale.mid
        gruppetto harmonize model chords.mid --parts melody -o song.mid
      """)

  @Argument(help: "Folder of a trained model.")
  var model: String

  @Argument(help: "The melody or the chords: a MIDI file or tune book; - is standard input.")
  var file: String

  @OptionGroup var outputs: CompositionOutputs

  @Option(
    help: ArgumentHelp(
      "Parts to write: melody, chords, bass, other or drums, separated by commas.", valueName: "list"))
  var parts: String?

  @Option(help: ArgumentHelp("Number of parts in all, those that are given among them.", valueName: "n"))
  var voices: Int?

  @Option(
    help: ArgumentHelp(
      "Write the parts n times, and keep what most of them agree on (default: 16).", valueName: "n"))
  var tries: Int?

  @OptionGroup var piece: PieceOption
  @OptionGroup var sampling: SamplingOptions
  @OptionGroup var novelty: NoveltyOptions
  @OptionGroup var seed: SeedOptions
  @OptionGroup(title: HelpPage.rarelyNeeded) var weights: WeightOptions
  @OptionGroup(title: HelpPage.rarelyNeeded) var sound: SoundOptions
  @OptionGroup(title: HelpPage.rarelyNeeded) var threads: ThreadOptions
  @OptionGroup(title: HelpPage.rarelyNeeded) var input: InputOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    try FillOptions.check(tries: tries)
    _ = try roles()
    if let voices, !(2...16).contains(voices) {
      throw ValidationError("--voices is a number from 2 to 16, not \(voices).")
    }
    guard voices == nil || parts == nil else { throw ValidationError("Choose one of --voices and --parts.") }
  }

  private func roles() throws -> [PartRole]? {
    let roles = try namedRoles()
    // A piece has two tunes or inner voices, but one harmony, one lowest voice and one drummer.
    for role in [PartRole.chords, .bass, .drums] where (roles ?? []).count(where: { $0 == role }) > 1 {
      throw ValidationError(
        "--parts names \(role.rawValue) twice; a piece has one such part. Only melody and other can be named several times."
      )
    }
    return roles
  }

  private func namedRoles() throws -> [PartRole]? {
    try parts?.split(separator: ",").map { text in
      let name = text.drop { $0 == " " }.lowercased()
      guard let role = PartRole(rawValue: name) else {
        throw ValidationError(
          "--parts names melody, chords, bass, other or drums, not '\(name)'.")
      }
      return role
    }
  }

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
    request.title = "\(lastName(of: file)), harmonized"
    try novelty.record(in: &request, of: model, common: common)
    var words: [String] = []
    if let parts { words += ["--parts", parts] }
    if let voices { words += ["--voices", "\(voices)"] }
    if let tries { words += ["--tries", "\(tries)"] }
    if let number = piece.piece { words += ["--piece", "\(number)"] }
    request.settings.change = CompositionSettings.Change(command: "harmonize", options: [file] + words)
    request.job = try Self.job(
      file, roles: try roles(), voices: voices, tries: tries, piece: piece.piece, input: input, common: common
    )
    return request
  }

  /// What is written to a melody or to chords, by the model that will do it.
  private static func job(
    _ file: String, roles: [PartRole]?, voices: Int?, tries: Int?, piece: Int?, input: InputOptions,
    common: CommonOptions
  ) throws -> FillJob.Maker {
    let accompaniment = Accompaniment(roles: roles, partCount: voices)
    return { composer, _ in
      let given = try FillJob.Given(file, piece: piece, input: input, common: common)
      let filling = try FillJob.naming(file) {
        try PieceFilling(accompaniment, to: given.score, model: composer.model)
      }
      // Chords are best where most tries agree on them; a melody is not.
      let writesMelody = accompaniment.roles?.contains(.melody) ?? !filling.original.hasMelody
      return FillJob(
        filling, in: given, tries: tries ?? 16, choice: writesMelody ? .likeliest : .mostTypicalHarmony)
    }
  }

  /// What a record of this command asks for.
  /// - Throws: `CompositionRecordError.damaged`; what parsing throws.
  static func job(of words: [String], input: InputOptions, common: CommonOptions) throws -> FillJob.Maker {
    let command = try Self.parse(["model", "-o", "-"] + words)
    return try job(
      command.file, roles: try command.roles(), voices: command.voices, tries: command.tries,
      piece: command.piece.piece, input: input, common: common)
  }
}

extension Score {
  /// Whether a track plays one note at a time.
  fileprivate var hasMelody: Bool { partRoles.contains(.melody) }
}
