public import Groundwork
public import Music

/// What was read from one file: its scores, and what was wrong with it.
public struct ScoreReading: Sendable {
  /// The scores, in the order of the file; one, except for MIDI files of format 2 and tune books.
  public var scores: [Score]
  /// What was wrong and what was made of it, and how often.
  public var diagnostics: DiagnosticSink

  /// A reading.
  public init(scores: [Score], diagnostics: DiagnosticSink = DiagnosticSink()) {
    self.scores = scores
    self.diagnostics = diagnostics
  }

  /// What was wrong and what was made of it, a bounded number of each rule.
  public var warnings: [Diagnostic] { diagnostics.diagnostics }

  /// What of it tells that the file is damaged, so that content is missing or cannot be trusted: it is cut off, a chunk's
  /// length is wrong, another file begins within it, data bytes have no status, and so on.
  public var damage: [Diagnostic] { diagnostics.damage }

  /// Whether the file is damaged.
  public var isDamaged: Bool { diagnostics.hasDamage }
}

/// A score as the content of a file, and what could not be kept.
public struct EncodedScore: Sendable {
  /// The file's content.
  public var bytes: [UInt8]
  /// What could not be represented exactly.
  public var warnings: [Diagnostic]

  /// A score as bytes.
  public init(bytes: [UInt8], warnings: [Diagnostic] = []) {
    self.bytes = bytes
    self.warnings = warnings
  }
}
