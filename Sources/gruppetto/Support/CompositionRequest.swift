internal import Analysis
internal import Composing
internal import Corpora
internal import Groundwork
internal import MIDI
internal import Music
internal import Notation
internal import Tokenization

/// What a command asks of its pieces, and the music that it takes: settings that can be written down, and what they name.
struct CompositionRequest {
  var settings: CompositionSettings
  /// The music that the pieces go on from.
  var primer: GivenPrimer?
  /// The passages that they may not share.
  var passages: PassageIndex?
  /// The styles that they are composed in.
  var styles: [(style: Style, weight: Double)] = []

  /// Makes what is filled in, where the pieces are not new.
  var job: FillJob.Maker?
  /// What the pieces are called, before "by" and the model's name; nil for the usual.
  var title: String?
  /// What the pieces have to hold, beside tempo and time signature.
  var limits = Limits()

  /// What tempo, time signature and limits ask of the tokens of a model.
  /// - Throws: `LimitError`, `ComposingError.invalidOption`, `UsageError` for a form with limits that sections cannot hold.
  func held(by tokenizer: any Tokenizer) throws -> HeldLimits {
    var limits = limits
    let runs = try PlanOptions.timeSignatureRuns(settings.timeSignature)
    let isPlain = limits.isEmpty && runs.count < 2 && runs.allSatisfy { $0.bars == nil }
    guard !isPlain else {
      // As before there were limits, so that a seed gives the piece that it gave.
      return HeldLimits(
        bars: settings.bars, constraints: try settings.plainConstraints(tokenizer),
        quartersPerMinute: settings.tempo)
    }
    (limits.timeSignatures, limits.tempo) = (runs, settings.tempo)
    if settings.form != nil { try checkForm(limits) }
    return try limits.held(by: tokenizer, bars: settings.bars, primer: primer?.prepared.score)
  }

  /// Checks that each section of a form can hold what is asked of the piece.
  private func checkForm(_ limits: Limits) throws {
    var rest = limits
    (rest.key, rest.ranges, rest.noteLengths, rest.tempo) = (nil, [], nil, nil)
    rest.chromaticShare = limits.chromaticShare > 0 ? 1 : 0
    if limits.timeSignatures.count == 1, limits.timeSignatures[0].bars == nil { rest.timeSignatures = [] }
    guard rest.isEmpty else {
      throw UsageError(
        "--form writes a piece section by section, and its sections hold --key, --range, --note-lengths, --tempo and one "
          + "--time-signature alone; drop --form, or the other limits")
    }
  }

  /// A model in these styles, with the guidance that is asked for.
  /// - Throws: `StyleError`, `ComposingError`.
  func applied(to model: MusicModel) throws -> MusicModel {
    try settings.guided(try model.styled(by: styles))
  }

  /// Takes a style in, and notes it in the settings.
  /// - Throws: `StyleError`, `FileError`.
  mutating func add(style path: String, weight: Double) throws {
    let style = try Style(path: path)
    let bytes = try readFile(path, limit: SizeLimit.standard)
    settings.styles =
      (settings.styles ?? []) + [
        CompositionSettings.StyleShare(
          path: path, fingerprint: Fingerprint(of: bytes).text, weight: weight)
      ]
    styles.append((style, weight))
  }
}

/// Music that was given for new music to go on from.
struct GivenPrimer {
  /// The file, the fingerprint of its bytes, and which of its pieces it is.
  var source: CompositionSettings.Primer
  /// As the model reads it.
  var prepared: PreparedScore
  /// As it is.
  var score: Score
  /// The MIDI file that it comes from, if it does.
  var midi: MIDIFile?

  /// Reads the music at `path`.
  /// - Parameters:
  ///   - path: The file; `-` for standard input.
  ///   - piece: Which of its pieces, from 1.
  ///   - isKept: Whether what is written begins with it.
  ///   - model: What goes on from it.
  ///   - input: How large it may be.
  ///   - common: Whether remarks are shown.
  init(
    path: String, piece: Int?, isKept: Bool, for model: MusicModel, input: InputOptions, common: CommonOptions
  ) throws {
    let given = try MusicInput.readWhole(path, piece: piece, input: input, common: common)
    source = CompositionSettings.Primer(
      path: path, fingerprint: given.fingerprint, piece: piece, isKept: isKept)
    (score, midi) = (given.score, given.midi)
    prepared = try model.preparation().prepare(given.score)
  }

  /// What it is called in titles.
  var title: String { score.title ?? lastName(of: source.path) }
}

/// The passages that pieces may not share, and what says which they are.
struct ForbiddenPassages {
  var limit: CompositionSettings.PassageLimit
  var index: PassageIndex

  /// Reads the training pieces of a model.
  /// - Parameters:
  ///   - notes: How many notes a shared passage does not reach.
  ///   - path: The corpus; nil for the one in the model's folder.
  ///   - model: The model.
  ///   - common: Whether progress is shown.
  init(notes: Int, corpus path: String?, of model: MusicModel, common: CommonOptions) throws {
    let cancellation = Interruption.cancellation()
    do {
      let corpus = try model.trainingCorpus(path, cancellation: cancellation, progress: common.progress)
      limit = CompositionSettings.PassageLimit(notes: notes, corpus: corpus.fingerprint, path: path)
      index = try PassageIndex(corpus: corpus, cancellation: cancellation, progress: common.progress)
    } catch ComposingError.noTrainingPieces(let name) {
      throw MissingCorpus(model: name)
    }
  }
}
