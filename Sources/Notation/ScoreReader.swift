public import Groundwork
public import Music

/// Reads scores from files of any kind that this package knows.
public enum ScoreReader {
  /// The formats that are known, in the order in which they are asked whether they recognize a file.
  public static let formats: [any ScoreFormat] = [MIDIFormat(), ABCFormat()]

  /// How many bytes of a file's beginning tell its format.
  public static let recognizableLength = 65_536

  /// The endings of the files that can be read, in lower case without the dot.
  public static let fileEndings = Set(formats.flatMap(\.fileEndings))

  /// Whether the name of the file at `path` ends as a file of music does.
  public static func canRead(_ path: String) -> Bool {
    format(ofFileNamed: path) != nil
  }

  /// The format that the ending of a file's name stands for; nil if it stands for none.
  public static func format(ofFileNamed name: String) -> (any ScoreFormat)? {
    let ending = ending(of: name)
    return formats.first { $0.fileEndings.contains(ending) }
  }

  /// The format of a file: the name's ending decides; if that is unknown, the content does.
  ///
  /// This can be asked before the whole file is read.
  /// - Parameters:
  ///   - name: its name.
  ///   - firstBytes: its first `recognizableLength` bytes, all of them where it has fewer.
  /// - Throws: `ScoreError.unknownKind`.
  public static func format(
    ofFileNamed name: String, firstBytes: [UInt8]
  ) throws(ScoreError) -> any ScoreFormat {
    if let format = format(ofFileNamed: name) { return format }
    guard let format = formats.first(where: { $0.recognizes(firstBytes: firstBytes) }) else {
      throw .unknownKind(path: name)
    }
    return format
  }

  /// The scores of the file at `path`: of a tune book each tune, of a MIDI file of format 2 each sequence, else one.
  ///
  /// The name's ending decides how it is read; if that is unknown, the content does.
  /// - Parameter path: the file.
  /// - Parameter options: how a MIDI file is read.
  /// - Parameter ornaments: whether those of a tune book are played.
  /// - Parameter limit: how many bytes are read at most; of a file that does not begin like music, few.
  /// - Throws: `FileError`, `MIDIError`, `ABCError`, or `ScoreError.unknownKind`.
  public static func read(
    path: String, options: MIDIScoreOptions = MIDIScoreOptions(), ornaments: ABCOrnaments = .play,
    limit: Int = SizeLimit.music
  ) throws -> ScoreReading {
    try read(
      bytes: try MusicFile.bytes(of: path, limit: limit), name: path, options: options, ornaments: ornaments)
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
    try format(ofFileNamed: name, firstBytes: bytes).read(
      bytes, name: name, options: ScoreReadingOptions(midi: options, ornaments: ornaments))
  }

  private static func ending(of path: String) -> String {
    guard let dot = path.lastIndex(of: "."), !path[dot...].contains("/") else { return "" }
    return path[path.index(after: dot)...].lowercased()
  }
}

extension Score {
  /// Writes the score to the file at `path`, atomically, in the format that its ending stands for.
  /// - Returns: what could not be represented exactly.
  /// - Throws: `ScoreError.notWritable` if that format cannot be written, `.unrepresentable` where it has no room for
  ///   a value of the score; `FileError.unwritable`.
  @discardableResult
  public func write(to path: String) throws -> [Diagnostic] {
    guard let format = ScoreReader.format(ofFileNamed: path) else {
      throw ScoreError.notWritable(format: "a file of this ending (\(path))")
    }
    let encoded = try format.encode(self)
    try replaceFile(at: path, with: encoded.bytes)
    return encoded.warnings
  }
}
