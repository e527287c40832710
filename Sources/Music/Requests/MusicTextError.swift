public import Groundwork

/// What is wrong with music that was written as a short text: a chord, a scale, a rhythm, an instrument. Positions count the
/// characters of the text from 1.
public enum MusicTextError: DiagnosableError {
  /// The text says nothing.
  case empty(kind: String, expected: String)
  /// Something in the text that has no meaning there.
  case unexpected(kind: String, text: String, found: String, position: Int, expected: String)

  /// It is something that the user gave.
  public var kind: FailureKind { .usage }

  /// What was wrong, where, and what to write instead.
  public var message: String {
    switch self {
    case .empty(let kind, let expected): "the \(kind) is empty; write \(expected)"
    case .unexpected(let kind, let text, let found, let position, let expected):
      "the \(kind) \"\(text)\" cannot be read at character \(position), \"\(found)\"; write \(expected)"
    }
  }

  /// The same fault in a longer text, in which the text begins `count` characters later.
  func moved(by count: Int, in whole: String) -> MusicTextError {
    guard case .unexpected(let kind, _, let found, let position, let expected) = self else { return self }
    return .unexpected(kind: kind, text: whole, found: found, position: position + count, expected: expected)
  }
}

/// Reads a note name without an octave: a letter and any sharps or flats.
enum NoteName {
  /// The pitch class at the beginning of `text`, and what follows; nil where there is no note name.
  static func pitchClass(at text: Substring) -> (pitchClass: Int, rest: Substring)? {
    guard let letter = text.first,
      let natural = ["C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11][String(letter)]
    else { return nil }
    let rest = text.dropFirst()
    let accidentals = rest.prefix { "#♯b♭".contains($0) }
    guard accidentals.count <= 2 else { return nil }
    let shift = accidentals.reduce(0) { $0 + ("#♯".contains($1) ? 1 : -1) }
    return ((natural + shift + 12) % 12, rest.dropFirst(accidentals.count))
  }
}
