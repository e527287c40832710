internal import Composing
internal import Corpora
internal import Evaluation
internal import Groundwork
internal import Music
internal import Synthesis

/// A folder of pieces with a page to listen through them.
final class BatchFolder {
  private let path: String
  /// Where the sound of a piece begins.
  private let start: RenderStart
  private let common: CommonOptions
  /// The training pieces; nil if they are not at hand.
  private let index: PassageIndex?
  private var pieces: [ListeningPage.Piece] = []

  /// Makes the folder where it is missing.
  /// - Parameters:
  ///   - folder: The folder.
  ///   - model: The model, with whose training pieces the new ones are compared.
  ///   - start: Where the sound of a piece begins.
  ///   - common: Whether remarks and progress are shown.
  init(_ folder: OutputFile, model: MusicModel, start: RenderStart, common: CommonOptions) throws {
    path = folder.folderPath
    self.start = start
    self.common = common
    do {
      index = try model.trainingPassages(
        cancellation: Interruption.cancellation(), progress: common.progress)
    } catch ComposingError.noTrainingPieces(let name) {
      index = nil
      common.remark("\(name): has no corpus in its folder, so what pieces copy is not shown")
    }
    try makeFolder(path)
  }

  /// The page's path.
  private var pagePath: String { path + "/index.html" }

  /// Puts a piece that was written on the page.
  func add(_ job: PieceWriter.Job) {
    let own = job.files.filter { folderName(of: $0.path) == path }
    guard let notes = own.first(where: { $0.form == .midi })?.path,
      let sound = own.first(where: { $0.form == .sound })?.path
    else { return }
    let composition = job.piece.composition, score = job.piece.score
    let name = lastName(of: notes)
    pieces.append(
      ListeningPage.Piece(
        name: String(name.prefix { $0 != "." }), sound: lastName(of: sound), notes: name,
        seed: composition.seed, score: score,
        soundStart: score.timeMap.seconds(at: start.tick(in: score)),
        nllPerNote: composition.nllPerToken * Double(composition.tokens) / Double(max(1, composition.notes)),
        comparedWith: index))
  }

  /// Writes the page of the pieces so far, if there are any.
  func writePage(_ record: CompositionRecord) throws {
    guard !pieces.isEmpty else { return }
    let page = ListeningPage(
      title: "\(Readable.plural(pieces.count, "piece")) by \(ModelFolder(path: record.model.path).name)",
      facts: record.facts, pieces: pieces)
    try replaceFile(at: pagePath, with: page.html)
    if !common.json {
      try common.report(pagePath) {
        "\(pagePath): \(Readable.plural(pieces.count, "piece")) to listen through in a browser"
      }
    }
  }
}
