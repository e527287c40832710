internal import Groundwork
internal import Music
internal import Notation
internal import Tokenization

/// What one file gave.
struct FileReading: Sendable {
  /// The hash of its bytes; 0 where they could not be read.
  var sourceHash: UInt64 = 0
  /// Its pieces, by name.
  var pieces: [(name: String, encoding: Encoding)] = []
  /// What in it could not be used, and why.
  var skipped: [SkippedFile] = []
  /// The names in lower case by which tracks got their programs.
  var usedPrograms: Set<String> = []
}

/// Reads files into pieces of tokens.
struct PieceReader: Sendable {
  let tokenizer: any Tokenizer
  private let programs: [String: Int]

  init(tokenizer: any Tokenizer, programs: [String: Int]) {
    self.tokenizer = tokenizer
    self.programs = Dictionary(programs.map { ($0.key.lowercased(), $0.value) }) { $1 }
  }

  func read(_ path: String) -> FileReading {
    var result = FileReading()
    do {
      let bytes = try readFile(path)
      result.sourceHash = StableHash.value(of: bytes)
      // A model learns a tune as it is written; how it is ornamented is finer than most grids.
      let scores = try ScoreReader.read(bytes: bytes, name: path, ornaments: .ignore).scores
      for (index, score) in scores.enumerated() {
        let title = score.title.map { " " + $0 } ?? ""
        let name = scores.count == 1 ? path : "\(path)#\(index + 1)\(title)"
        do {
          let score = instrumented(score, &result.usedPrograms)
          result.pieces.append((name, try tokenizer.encode(score)))
        } catch {
          result.skipped.append(SkippedFile(file: name, reason: reason(error, about: path)))
        }
      }
    } catch {
      result.skipped.append(SkippedFile(file: path, reason: reason(error, about: path)))
    }
    return result
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
