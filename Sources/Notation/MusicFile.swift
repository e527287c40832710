package import Groundwork

/// The bytes of a file of music, of which nothing is read that its beginning shows to be something else.
package enum MusicFile {
  /// How much is read of a file that does not begin like music, so that its reader can say what is wrong with it.
  private static let strangerLimit = 1 << 20

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
    let isMusic = ScoreReader.beginsLikeMusic(try file.firstBytes(ScoreReader.recognizableLength))
    do {
      return try file.bytes(limit: isMusic ? limit : min(limit, strangerLimit))
    } catch FileError.tooLarge where !isMusic {
      throw ScoreError.unknownKind(path: file.name)
    }
  }
}

extension ScoreReader {
  /// Whether a file that begins so may be one that can be read.
  static func beginsLikeMusic(_ head: [UInt8]) -> Bool {
    formats.contains { $0.recognizes(firstBytes: head) }
  }
}
