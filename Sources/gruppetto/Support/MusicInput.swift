internal import ArgumentParser
internal import Groundwork
internal import Music

/// Reads the music that a command was given: a file, or standard input as `-`.
enum MusicInput {
  /// All scores of the file at `path`.
  static func readAll(_ path: String) throws -> ScoreReading {
    guard path == "-" else { return try ScoreReader.read(path: path) }
    return try ScoreReader.read(bytes: Console.readStandardInput(), name: "standard input")
  }

  /// The one score of the file at `path`; of several, the one of number `piece`, from 1.
  /// - Throws: `UsageError` where there is no such piece, or several and none is named.
  static func readOne(_ path: String, piece: Int?) throws -> (score: Score, warnings: [ScoreWarning]) {
    let reading = try readAll(path)
    let count = reading.scores.count
    guard piece != nil || count == 1 else {
      let titles = reading.scores.prefix(3).enumerated().map {
        "\($0.offset + 1) \($0.element.title ?? "untitled")"
      }
      throw UsageError(
        "\(path) holds \(count) pieces; choose one with --piece N (\(titles.joined(separator: ", "))\(count > 3 ? ", …" : ""))"
      )
    }
    let number = piece ?? 1
    guard (1...max(count, 1)).contains(number), count > 0 else {
      throw UsageError("\(path) has no piece \(number); it holds \(Readable.plural(count, "piece"))")
    }
    return (reading.scores[number - 1], reading.warnings)
  }
}

/// Which piece of a file of several is meant.
struct PieceOption: ParsableArguments {
  @Option(
    help: ArgumentHelp("Which piece of a tune book or of a MIDI file of format 2, from 1.", valueName: "n"))
  var piece: Int?
}
