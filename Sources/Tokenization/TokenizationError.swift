public import Groundwork

/// Why a score could not be turned into tokens, or tokens into a score.
public enum TokenizationError: DiagnosableError, Equatable {
  /// The score holds no note that the vocabulary has a word for.
  case noNotes
  /// The piece has more steps of the grid than can be counted; most likely a damaged file.
  case tooLong(bars: Int, limit: Int)
  /// An id that the vocabulary does not have; `index` counts from the beginning of the ids.
  case unknownID(id: Int32, index: Int, vocabularySize: Int)
  /// A token that the vocabulary does not have.
  case unknownToken(String)
  /// A token that the grammar does not allow there; `index` counts from the beginning of the ids.
  case unexpectedToken(String, index: Int, expected: String)
  /// The ids end within a note or a bar's heading.
  case truncated(expected: String)
  /// A tokenizer's configuration that is invalid.
  case invalidConfiguration(field: String, value: String, expected: String)
  /// A vocabulary whose tokens are not those that its configuration makes.
  case vocabularyMismatch(index: Int, found: String?, expected: String?)
  /// A tokenizer that is not among those that are known.
  case unknownTokenizer(String, known: [String])
  /// A `vocabulary.json` that is not one.
  case invalidVocabulary(reason: String)

  /// A usage error where a configuration was given, bad input otherwise.
  public var kind: FailureKind {
    switch self {
    case .invalidConfiguration: .usage
    default: .badInput
    }
  }

  /// What was found and what was expected.
  public var message: String {
    switch self {
    case .noNotes:
      "the piece has no notes that the vocabulary has tokens for: none at all, or all are of instruments or pitches that it leaves out"
    case .tooLong(let bars, let limit):
      "the piece would have \(bars) bars, but the limit is \(limit); the file is probably damaged"
    case .unknownID(let id, let index, let size):
      "id \(id) at index \(index) is not in the vocabulary, whose ids are 0 to \(size - 1)"
    case .unknownToken(let token):
      "'\(token)' is not a token of this vocabulary"
    case .unexpectedToken(let token, let index, let expected):
      "'\(token)' at index \(index) was found where \(expected) was expected"
    case .truncated(let expected):
      "the tokens end where \(expected) was expected"
    case .invalidConfiguration(let field, let value, let expected):
      "the tokenizer's \(field) is \(value); it must be \(expected)"
    case .vocabularyMismatch(let index, let found, let expected):
      "token \(index) of the vocabulary is \(found.map { "'\($0)'" } ?? "missing"), and its configuration makes "
        + "\(expected.map { "'\($0)'" } ?? "no such token"); it was written by another version or edited by hand"
    case .unknownTokenizer(let name, let known):
      "there is no tokenizer '\(name)'; this version knows "
        + known.map { "'\($0)'" }.joined(separator: ", ")
    case .invalidVocabulary(let reason):
      "the vocabulary cannot be used: \(reason)"
    }
  }
}
