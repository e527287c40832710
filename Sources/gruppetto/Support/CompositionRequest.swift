internal import Analysis
internal import Composing
internal import Corpora
internal import Groundwork
internal import MIDI
internal import Music
internal import Notation

/// What a command asks of its pieces, and the music that it takes: settings that can be written down, and what they name.
struct CompositionRequest {
  var settings: CompositionSettings
  /// The music that the pieces go on from.
  var primer: GivenPrimer?
  /// The passages that they may not share.
  var passages: PassageIndex?
  /// The styles that they are composed in.
  var styles: [(style: Style, weight: Double)] = []

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
    settings.styles = (settings.styles ?? []) + [
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
