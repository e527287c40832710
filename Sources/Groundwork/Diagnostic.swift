/// A problem in outside data: which rule of its format it breaks, where it is, what was
/// found, and what the reader made of it.
///
/// Parsers report diagnostics into a `DiagnosticSink`; a program shows the message, and decides by rule and severity.
public struct Diagnostic: Sendable, Hashable {
  /// What it means for the content.
  public enum Severity: String, Sendable, Hashable, CaseIterable {
    /// The format allows it; it is good to know.
    case remark
    /// The format forbids it or leaves it open, but what was meant is there.
    case fault
    /// Content is missing or cannot be trusted: bytes were lost, skipped or misread.
    case damage
  }

  /// What the reader did with what it found.
  public enum Action: String, Sendable, Hashable, CaseIterable {
    /// It was used unchanged.
    case kept
    /// It was passed over.
    case skipped
    /// Another value or reading took its place.
    case replaced
    /// Something that was missing was filled in.
    case supplied
    /// Reading ended here, of the file or of the part that it is in.
    case stopped
  }

  /// A stable name of what it is about, such as `hanging-note`.
  public var rule: String
  /// What it means for the content.
  public var severity: Severity
  /// What the reader did.
  public var action: Action
  /// The byte offset in a binary file, where known.
  public var offset: Int?
  /// The line in a text, from 1.
  public var line: Int?
  /// The column in that line in bytes, from 1.
  public var column: Int?
  /// The track of the file, from 0, where it is in one.
  public var track: Int?
  /// The tick in the music, where it has one.
  public var tick: Int?
  /// The value that was found, where it is one.
  public var found: String?
  /// What was expected, if the format defines it.
  public var expected: String?
  /// What was found and what was done, in a sentence.
  public var message: String

  /// A diagnostic; what is not known of its place stays nil.
  public init(
    rule: String, severity: Severity = .fault, action: Action = .kept, offset: Int? = nil, line: Int? = nil,
    column: Int? = nil, track: Int? = nil, tick: Int? = nil, found: String? = nil, expected: String? = nil,
    message: String
  ) {
    self.rule = rule
    self.severity = severity
    self.action = action
    self.offset = offset
    self.line = line
    self.column = column
    self.track = track
    self.tick = tick
    self.found = found
    self.expected = expected
    self.message = message
  }
}

extension Diagnostic: CustomStringConvertible {
  /// The place as a reader finds it, `byte 12` or `line 3, column 7`; nil if none is known.
  public var place: String? {
    offset.map { "byte \($0)" } ?? line.map { "line \($0), column \(column ?? 1)" }
  }

  /// Place and message.
  public var description: String { (place.map { $0 + ": " } ?? "") + message }
}
