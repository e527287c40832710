/// Something in a file that the standard forbids or leaves open, and what the reader made of it.
public struct MIDIWarning: Sendable, Hashable {
  /// Where in the file.
  public var offset: Int
  /// Which rule it is about.
  public var rule: MIDIRule
  /// What was found and what was done, in a sentence.
  public var message: String

  /// A warning.
  public init(offset: Int, rule: MIDIRule, message: String) {
    self.offset = offset
    self.rule = rule
    self.message = message
  }
}

/// The rules of Standard MIDI Files that the reader watches over. The raw values are stable names for programs.
public enum MIDIRule: String, Sendable, Hashable, CaseIterable {
  /// A chunk that is neither header nor track; skipped by its length, as the standard wants.
  case alienChunk = "alien-chunk"
  /// A header longer than six bytes; the rest of it is skipped, as the standard wants.
  case longHeader = "long-header"
  /// A RIFF or MacBinary wrapper around the file was taken off.
  case wrapper
  /// A wrapper's size differs from the file's.
  case wrapperSize = "wrapper-size"
  /// A second header; what follows it is another file.
  case secondHeader = "second-header"
  /// A format above 2.
  case format
  /// Not as many tracks as the header says, or several in format 0.
  case trackCount = "track-count"
  /// A chunk's length does not agree with what is in it.
  case chunkLength = "chunk-length"
  /// Bytes behind the last chunk.
  case trailingBytes = "trailing-bytes"
  /// The file ends within a track or an event.
  case truncated
  /// No end-of-track event.
  case missingEndOfTrack = "missing-end-of-track"
  /// Events behind the end of the track.
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
  /// A time signature over or under zero, or with an unheard-of denominator.
  case timeSignature = "time-signature"
  /// A tempo of no duration.
  case tempo

  /// Whether the standard forbids it, so that the strict reader refuses the file.
  public var isViolation: Bool {
    switch self {
    case .alienChunk, .longHeader, .wrapper: false
    default: true
    }
  }
}

/// Collects warnings, a bounded number of each rule, or turns the first violation into an error.
struct WarningList {
  /// How many of one rule are kept.
  static let limit = 16

  private(set) var warnings: [MIDIWarning] = []
  private let isStrict: Bool
  private var counts: [MIDIRule: Int] = [:]

  init(isStrict: Bool) { self.isStrict = isStrict }

  /// Adds a warning; a file that breaks one rule everywhere is told so `limit` times.
  mutating func add(
    _ rule: MIDIRule, at offset: Int, _ message: @autoclosure () -> String
  ) throws(MIDIError) {
    if isStrict && rule.isViolation {
      throw .violation(MIDIWarning(offset: offset, rule: rule, message: message()))
    }
    let count = counts[rule, default: 0] + 1
    counts[rule] = count
    if count > Self.limit { return }
    let end = count == Self.limit ? " (further ones of this kind are not listed)" : ""
    warnings.append(MIDIWarning(offset: offset, rule: rule, message: message() + end))
  }
}
