package import Groundwork

/// The bytes of a file of music, of which nothing is read that its beginning shows to be something else.
package enum MusicFile {
  /// The bytes of the file at `path`.
  /// - Parameter limit: how many are read at most.
  /// - Throws: `FileError`; `ScoreError.unknownKind` for a large file that does not begin like music.
  package static func bytes(of path: String, limit: Int = SizeLimit.music) throws -> [UInt8] {
    var file = try InputFile(path: path)
    return try bytes(of: &file, limit: limit)
  }

  /// The bytes of a file that is open.
  /// - Parameter limit: how many are read at most.
  /// - Throws: `FileError`; `ScoreError.unknownKind` for a large file that does not begin like music.
  package static func bytes(of file: inout InputFile, limit: Int = SizeLimit.music) throws -> [UInt8] {
    guard
      let bytes = try file.bytes(
        limit: limit, headLength: ScoreReader.recognizableLength, ifRecognized: ScoreReader.beginsLikeMusic)
    else { throw ScoreError.unknownKind(path: file.name) }
    return bytes
  }
}

extension ScoreReader {
  /// Whether a file that begins so may be one that can be read.
  static func beginsLikeMusic(_ head: [UInt8]) -> Bool {
    formats.contains { $0.recognizes(firstBytes: head) }
  }
}
