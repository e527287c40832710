internal import Groundwork

/// The rules of Standard MIDI Files that the reader watches over. The raw values are stable names for programs.
public enum MIDIRule: String, Sendable, Hashable, CaseIterable {
  /// A chunk that is neither header nor track; skipped by its length, as the standard requires.
  case alienChunk = "alien-chunk"
  /// A header longer than six bytes; the rest of it is skipped, as the standard requires.
  case longHeader = "long-header"
  /// A RIFF or MacBinary wrapper around the file was taken off.
  case wrapper
  /// A wrapper's size differs from the file's.
  case wrapperSize = "wrapper-size"
  /// A second header; what follows it is another file.
  case secondHeader = "second-header"
  /// A format above 2.
  case format
  /// Not as many tracks as the header gives, or several in format 0.
  case trackCount = "track-count"
  /// A chunk's length does not agree with what is in it.
  case chunkLength = "chunk-length"
  /// Bytes after the last chunk.
  case trailingBytes = "trailing-bytes"
  /// The file ends within a track or an event.
  case truncated
  /// No end-of-track event.
  case missingEndOfTrack = "missing-end-of-track"
  /// Events after the end of the track.
  case eventsAfterEndOfTrack = "events-after-end-of-track"
  /// Running status used across a meta event, which cancels it.
  case runningStatusAfterMeta = "running-status-after-meta"
  /// Running status used across a system-exclusive event, which cancels it.
  case runningStatusAfterSysex = "running-status-after-sysex"
  /// A data byte where no status holds.
  case missingStatus = "missing-status"
  /// A data byte above 127.
  case dataByte = "data-byte"
  /// A variable-length quantity of more than four bytes.
  case variableLength = "variable-length"
  /// A system common or real-time message, which has no place in a file.
  case systemMessage = "system-message"
  /// A meta event of a type above 127.
  case metaType = "meta-type"
  /// A meta event whose length is not that of its type.
  case metaLength = "meta-length"
  /// A key signature outside seven flats to seven sharps, or of no mode.
  case keySignature = "key-signature"
  /// A time signature with a zero in it, or with a denominator above 64.
  case timeSignature = "time-signature"
  /// A tempo of no duration.
  case tempo

  /// Whether the standard forbids it, so that the strict reader refuses the file.
  public var isViolation: Bool { severity != .remark }

  /// What a diagnostic of this rule means for the content, where the place does not tell better.
  var severity: Diagnostic.Severity {
    switch self {
    case .alienChunk, .longHeader, .wrapper: .remark
    case .secondHeader, .format, .chunkLength, .truncated, .missingStatus, .dataByte: .damage
    default: .fault
    }
  }

  /// What the reader does, where the place does not tell better.
  var action: Diagnostic.Action {
    switch self {
    case .alienChunk, .longHeader, .wrapper, .trailingBytes, .eventsAfterEndOfTrack, .missingStatus,
      .systemMessage:
      .skipped
    case .wrapperSize, .format, .chunkLength, .dataByte: .replaced
    case .secondHeader, .truncated: .stopped
    case .missingEndOfTrack: .supplied
    case .trackCount, .runningStatusAfterMeta, .runningStatusAfterSysex, .variableLength, .metaType,
      .metaLength, .keySignature, .timeSignature, .tempo:
      .kept
    }
  }
}

/// Takes what the reader of a file reports: into a sink, or the first violation as an error.
struct MIDIDiagnostics {
  private(set) var sink = DiagnosticSink()
  /// The track that is being read, from 0.
  var track: Int?
  private let isStrict: Bool

  init(isStrict: Bool) { self.isStrict = isStrict }

  /// Reports that a rule is broken at an offset of the file.
  /// - Parameters:
  ///   - severity: where the place tells it better than the rule does.
  ///   - action: the same.
  ///   - value: what was found and what was expected, where both are values.
  mutating func add(
    _ rule: MIDIRule, at offset: Int, tick: Int? = nil, severity: Diagnostic.Severity? = nil,
    action: Diagnostic.Action? = nil,
    value: @autoclosure () -> (found: String, expected: String)? = nil,
    _ message: @autoclosure () -> String
  ) throws(MIDIError) {
    let severity = severity ?? rule.severity
    if isStrict && rule.isViolation {
      throw .violation(
        Diagnostic(
          rule: rule.rawValue, severity: severity, action: .stopped, offset: offset, track: track, tick: tick,
          found: value()?.found, expected: value()?.expected, message: message()))
    }
    let track = track
    sink.report(rule: rule.rawValue, severity: severity) {
      Diagnostic(
        rule: rule.rawValue, severity: severity, action: action ?? rule.action, offset: offset, track: track,
        tick: tick, found: value()?.found, expected: value()?.expected, message: message())
    }
  }
}
