public import Groundwork
public import MIDI

/// Something in a source of music that is wrong or has no place in a score, and what the reader made of it.
public struct ScoreWarning: Sendable, Hashable {
  /// The byte offset in a binary file, where known.
  public var offset: Int?
  /// The line in a text, from 1.
  public var line: Int?
  /// The column in that line, from 1.
  public var column: Int?
  /// A stable name of what it is about, such as `hanging-note`.
  public var rule: String
  /// What was found and what was done, in a sentence.
  public var message: String

  /// A warning about a place in a binary file.
  public init(offset: Int?, rule: String, message: String) {
    self.offset = offset
    self.rule = rule
    self.message = message
  }

  /// A warning about a place in a text.
  public init(line: Int, column: Int, rule: String, message: String) {
    self.line = line
    self.column = column
    self.rule = rule
    self.message = message
  }

  /// What the reader of the bytes said.
  public init(_ warning: MIDIWarning) {
    self.init(offset: warning.offset, rule: warning.rule.rawValue, message: warning.message)
  }
}

/// Why something is no score, or a score no MIDI file.
public enum ScoreError: DiagnosableError, Equatable {
  /// A MIDI file of format 2 holds several pieces where one was asked for.
  case severalSequences(count: Int)
  /// A value that a MIDI file has no room for.
  case unrepresentable(String)
  /// A file whose name and content are neither MIDI nor ABC.
  case unknownKind(path: String)

  /// Whose fault it is.
  public var kind: FailureKind {
    switch self {
    case .unrepresentable: .usage
    case .severalSequences, .unknownKind: .badInput
    }
  }

  /// What was wrong and where, in a sentence.
  public var message: String {
    switch self {
    case .severalSequences(let count):
      "the file holds \(count) sequences of their own (format 2); read them one by one"
    case .unrepresentable(let what): "a MIDI file cannot hold \(what)"
    case .unknownKind(let path):
      "\(path): neither a MIDI file (.mid .midi .rmi .kar) nor a tune book (.abc)"
    }
  }

  /// The file that it is about, where known.
  public var file: String? {
    if case .unknownKind(let path) = self { path } else { nil }
  }
}
