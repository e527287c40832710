internal import Groundwork
internal import MIDI
internal import Music

/// Reads scores from files of any kind that this package knows.
public enum ScoreReader {
  /// The endings of the files that can be read, in lower case without the dot.
  public static let fileEndings: Set<String> = ["mid", "midi", "rmi", "kar", "abc"]

  /// Whether the name of the file at `path` ends as a file of music does.
  public static func canRead(_ path: String) -> Bool {
    fileEndings.contains(ending(of: path))
  }

  /// The scores of the file at `path`: of a tune book each tune, of a MIDI file of format 2 each sequence, else one.
  ///
  /// The name's ending decides how it is read; where that says nothing, the content does.
  /// - Parameter path: the file.
  /// - Parameter options: how a MIDI file is read.
  /// - Parameter ornaments: whether those of a tune book are played.
  /// - Throws: `FileError`, `MIDIError`, `ABCError`, or `ScoreError.unknownKind`.
  public static func read(
    path: String, options: MIDIScoreOptions = MIDIScoreOptions(), ornaments: ABCOrnaments = .play
  ) throws -> ScoreReading {
    try read(bytes: try readFile(path), name: path, options: options, ornaments: ornaments)
  }

  /// The scores that `bytes`, the content of a file of this name, hold.
  /// - Parameter bytes: the content.
  /// - Parameter name: the file's name.
  /// - Parameter options: how a MIDI file is read.
  /// - Parameter ornaments: whether those of a tune book are played.
  /// - Throws: `MIDIError`, `ABCError`, or `ScoreError.unknownKind`.
  public static func read(
    bytes: [UInt8], name: String, options: MIDIScoreOptions = MIDIScoreOptions(),
    ornaments: ABCOrnaments = .play
  ) throws -> ScoreReading {
    switch ending(of: name) {
    case "abc": return try readTunes(bytes, name: name, ornaments: ornaments)
    case "mid", "midi", "rmi", "kar": return try readMIDI(bytes, name: name, options: options)
    default:
      if looksLikeMIDI(bytes) { return try readMIDI(bytes, name: name, options: options) }
      guard looksLikeABC(bytes) else { throw ScoreError.unknownKind(path: name) }
      return try readTunes(bytes, name: name, ornaments: ornaments)
    }
  }

  private static func readMIDI(
    _ bytes: [UInt8], name: String, options: MIDIScoreOptions
  ) throws -> ScoreReading {
    do throws(MIDIError) {
      return Score.reading(try MIDIFile(bytes: bytes), options: options)
    } catch {
      throw MIDIError.inFile(path: name, error)
    }
  }

  private static func readTunes(
    _ bytes: [UInt8], name: String, ornaments: ABCOrnaments
  ) throws -> ScoreReading {
    let book = try ABCBook(bytes: bytes, file: name, ornaments: ornaments)
    var reading = ScoreReading(scores: [])
    for warning in book.warnings + book.tunes.flatMap(\.warnings) {
      reading.warnings.append(
        ScoreWarning(line: warning.line, column: warning.column, rule: "abc", message: warning.message))
    }
    for tune in book.tunes {
      var score = tune.score
      score.title = score.title ?? tune.title
      reading.scores.append(score)
    }
    return reading
  }

  private static func ending(of path: String) -> String {
    guard let dot = path.lastIndex(of: "."), !path[dot...].contains("/") else { return "" }
    return path[path.index(after: dot)...].lowercased()
  }

  /// A chunk named `MThd` at the beginning, or behind a RIFF header or 128 bytes of MacBinary.
  static func looksLikeMIDI(_ bytes: [UInt8]) -> Bool {
    let magic = Array("MThd".utf8)
    return bytes.starts(with: magic) || bytes.starts(with: Array("RIFF".utf8))
      || bytes.dropFirst(128).starts(with: magic)
  }

  /// A line that begins with `X:`, as every tune does.
  static func looksLikeABC(_ bytes: [UInt8]) -> Bool {
    let mark = Array("X:".utf8)
    return bytes.prefix(65_536).split(separator: 0x0A).contains { $0.starts(with: mark) }
      && !bytes.contains(0)
  }
}
