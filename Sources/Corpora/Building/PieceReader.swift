internal import Analysis
internal import Groundwork
internal import Music
internal import Notation
internal import Tokenization

/// What one file gave.
struct FileReading: Sendable {
  /// A piece of it.
  struct Piece: Sendable {
    var name: String
    var encoding: Encoding
    /// Whether it was moved to where its beats are.
    var isMoved: Bool
    /// Whether its onsets follow no steady beat.
    var isFree: Bool
  }

  /// The hash of its bytes; 0 if they could not be read.
  var sourceHash: UInt64 = 0
  /// Its pieces, by name.
  var pieces: [Piece] = []
  /// What is wrong with a file that was used all the same; none or one.
  var damaged: [DamagedFile] = []
  /// What in it could not be used, and why.
  var skipped: [SkippedFile] = []
  /// The names in lower case by which tracks got their programs.
  var usedPrograms: Set<String> = []
  /// Whether any of its pieces names a program.
  var namesPrograms = false
}

/// Reads files into pieces of tokens.
struct PieceReader: Sendable {
  let tokenizer: any Tokenizer
  private let preparation: ScorePreparation
  private let programs: [String: Int]
  private let sizeLimit: Int
  private let leavesOutDamaged: Bool
  /// The style of each file that has one, by its path.
  private let styles: [String: String]

  init(
    tokenizer: any Tokenizer, preparation: ScorePreparation, programs: [String: Int], sizeLimit: Int,
    leavesOutDamaged: Bool, styles: [String: String] = [:]
  ) {
    self.styles = styles
    self.tokenizer = tokenizer
    self.preparation = preparation
    self.sizeLimit = sizeLimit
    self.leavesOutDamaged = leavesOutDamaged
    self.programs = Dictionary(programs.map { ($0.key.lowercased(), $0.value) }) { $1 }
  }

  func read(_ path: String) -> FileReading {
    var result = FileReading()
    do {
      let bytes = try MusicFile.bytes(of: path, limit: sizeLimit)
      result.sourceHash = StableHash.value(of: bytes)
      // A model learns a tune as it is written; how it is ornamented is finer than most grids.
      let reading = try ScoreReader.read(bytes: bytes, name: path, ornaments: .ignore)
      if let damage = Self.damage(in: reading, path: path) {
        guard !leavesOutDamaged else {
          result.skipped.append(SkippedFile(file: path, reason: "damaged: \(damage.first)"))
          return result
        }
        result.damaged.append(damage)
      }
      let scores = reading.scores
      for (index, score) in scores.enumerated() {
        let title = score.title.map { " " + $0 } ?? ""
        let name = scores.count == 1 ? path : "\(path)#\(index + 1)\(title)"
        do {
          let score = instrumented(score, &result.usedPrograms)
          if score.namesPrograms { result.namesPrograms = true }
          let prepared = preparation.prepare(score)
          var encoding = try tokenizer.encode(prepared.score)
          if let style = styles[path] { encoding.ids = tokenizer.stating(style: style, in: encoding.ids) }
          result.pieces.append(
            FileReading.Piece(
              name: name, encoding: encoding, isMoved: prepared.isMoved,
              isFree: prepared.alignment?.reason == .noSteadyBeat))
        } catch {
          result.skipped.append(SkippedFile(file: name, reason: reason(error, about: path)))
        }
      }
    } catch {
      result.skipped.append(SkippedFile(file: path, reason: reason(error, about: path)))
    }
    return result
  }

  /// What of a file was lost or made up when it was read, if anything was.
  private static func damage(in reading: ScoreReading, path: String) -> DamagedFile? {
    let damage = reading.damage
    return damage.first.map { DamagedFile(file: path, faults: damage.count, first: $0.message) }
  }

  /// The score with the programs that its tracks have by name; the names that were found join `used`.
  private func instrumented(_ score: Score, _ used: inout Set<String>) -> Score {
    guard !programs.isEmpty else { return score }
    var score = score
    for index in score.tracks.indices
    where !score.tracks[index].isDrum && (score.tracks[index].program ?? 0) == 0 {
      let name = score.tracks[index].name.lowercased()
      if let program = programs[name] {
        score.tracks[index].program = program
        used.insert(name)
      }
    }
    return score
  }
}
