internal import Groundwork

/// The comment (chunk `ICMT` of a list `INFO`, Microsoft and IBM 1991) of a WAV file, which libsndfile reads only where it is shorter
/// than 2 kB.
enum WAVComment {
  /// How far from its beginning a file is searched: what is asked for stands before the sound.
  private static let limit = 1 << 20

  /// The comment of the file at `path`; nil if it has none, or is no WAV file.
  static func read(_ path: String) -> String? {
    guard var file = try? InputFile(path: path), let bytes = try? file.firstBytes(limit) else { return nil }
    let head = bytes.prefix(12)
    guard head.count == 12, head.starts(with: Array("RIFF".utf8)) || head.starts(with: Array("RF64".utf8)),
      head.suffix(4).elementsEqual("WAVE".utf8),
      let list = chunk("LIST", in: bytes[12...], where: { $0.starts(with: Array("INFO".utf8)) }),
      let comment = chunk("ICMT", in: list.dropFirst(4), where: { _ in true })
    else { return nil }
    return String(decoding: comment.prefix { $0 != 0 }, as: UTF8.self)
  }

  /// The content of the first chunk of this name of which something holds; nil if there is none before the bytes end.
  private static func chunk(
    _ name: String, in bytes: ArraySlice<UInt8>, where isMeant: (ArraySlice<UInt8>) -> Bool
  ) -> ArraySlice<UInt8>? {
    var rest = bytes
    while rest.count >= 8 {
      let length = rest.dropFirst(4).prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
      let content = rest.dropFirst(8).prefix(length)
      guard content.count == length else { return nil }
      if rest.prefix(4).elementsEqual(name.utf8), isMeant(content) { return content }
      // Chunks begin at even places.
      rest = rest.dropFirst(8 + length + length % 2)
    }
    return nil
  }
}
