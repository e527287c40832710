import Groundwork
public import Music
internal import Notation

/// The melodies of a folder of ABC files, such as the project's `corpora`.
public enum Melodies {
  /// Its tunes that have at least that many notes. There are four or more: three to learn from and one for a test.
  public static func tunes(in folder: String, noteCount: Int) throws -> [Score] {
    let tunes = try files(in: folder).flatMap { try ScoreReader.read(path: $0).scores }
      .filter { $0.melody.count >= noteCount }
    guard tunes.count >= 4 else {
      throw InputError("\(folder): \(tunes.count) tunes of \(noteCount) notes or more; four are needed")
    }
    return tunes
  }

  /// Its files, one after the other, as they are written.
  public static func text(in folder: String) throws -> String {
    try files(in: folder).map(readText(ofFile:)).joined(separator: "\n")
  }

  private static func files(in folder: String) throws -> [String] {
    try names(inFolder: folder).filter { $0.hasSuffix(".abc") }.sorted().map { "\(folder)/\($0)" }
  }
}

extension Score {
  /// The notes of its first track.
  public var melody: [Note] { tracks.first?.notes ?? [] }
}

/// A file of UTF-8.
public func readText(ofFile path: String) throws -> String {
  guard let text = String(validating: try readFile(path), as: UTF8.self) else {
    throw InputError("\(path): is no text in UTF-8")
  }
  return text
}
