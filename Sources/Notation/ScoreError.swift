public import Groundwork

/// Why no score could be read, or a score could not be written.
public enum ScoreError: DiagnosableError, Equatable {
  /// A MIDI file of format 2 holds several pieces where one was requested.
  case severalSequences(count: Int)
  /// A value that a MIDI file has no room for.
  case unrepresentable(String)
  /// A file whose name and content are of no format that is known.
  case unknownKind(path: String)
  /// A format that can be read only, by its name with its article.
  case notWritable(format: String)

  /// Whose fault it is.
  public var kind: FailureKind {
    switch self {
    case .unrepresentable, .notWritable: .usage
    case .severalSequences, .unknownKind: .badInput
    }
  }

  /// What was wrong and where, in a sentence.
  public var message: String {
    switch self {
    case .severalSequences(let count):
      "the file holds \(count) independent sequences (format 2); read them one by one"
    case .unrepresentable(let what): "a MIDI file cannot hold \(what)"
    case .unknownKind(let path):
      "\(path): neither "
        + ScoreReader.formats.map { format in
          "\(format.name) (\(format.fileEndings.map { "." + $0 }.joined(separator: " ")))"
        }.joined(separator: " nor ")
    case .notWritable(let format): "\(format) cannot be written; give the file an ending such as .mid"
    }
  }

  /// The file that it is about, where known.
  public var file: String? {
    if case .unknownKind(let path) = self { path } else { nil }
  }
}
