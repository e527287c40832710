internal import Groundwork
internal import Music

/// Tune books in ABC notation.
public struct ABCFormat: ScoreFormat {
  /// The format.
  public init() {}

  /// What a file of it is called.
  public var name: String { "a tune book" }
  /// `abc`.
  public var fileEndings: [String] { ["abc"] }

  /// Whether it is text in which a line begins with `X:`, as every tune does.
  public func recognizes(firstBytes: [UInt8]) -> Bool {
    let mark = Array("X:".utf8)
    // The mark of UTF-8 may stand before the first line.
    let text = firstBytes.dropFirst(firstBytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0)
    return text.prefix(ScoreReader.recognizableLength).split(separator: 0x0A).contains {
      $0.starts(with: mark)
    } && !firstBytes.contains(0)
  }

  /// The score of each tune.
  /// - Throws: `ABCError`.
  public func read(_ bytes: [UInt8], name: String, options: ScoreReadingOptions) throws -> ScoreReading {
    let book = try ABCBook(bytes: bytes, file: name, ornaments: options.ornaments)
    var reading = ScoreReading(scores: [], diagnostics: book.diagnostics)
    reading.scores.reserveCapacity(book.tunes.count)
    for tune in book.tunes {
      reading.diagnostics.merge(tune.diagnostics)
      var score = tune.score
      score.title = score.title ?? tune.title
      score.takeRolesFromNames()
      reading.scores.append(score)
    }
    return reading
  }
}
