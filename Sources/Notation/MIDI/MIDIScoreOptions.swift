/// What the making of a score out of a MIDI file leaves to taste.
public struct MIDIScoreOptions: Sendable, Hashable {
  /// Which note a note-off ends where several of the same pitch and channel sound.
  public enum OverlapPolicy: Sendable, Hashable, CaseIterable {
    /// The one that began first.
    case firstInFirstOut
    /// The one that began last.
    case lastInFirstOut
    /// All of them.
    case endAll
    /// There are never several: a new note ends the one that sounds.
    case cutAtNext
  }

  /// Which note a note-off ends.
  public var overlap: OverlapPolicy

  /// Options; first in, first out unless told otherwise.
  public init(overlap: OverlapPolicy = .firstInFirstOut) { self.overlap = overlap }
}

/// Warnings of the making of a score, a bounded number of each rule.
struct ScoreWarningList {
  private(set) var warnings: [ScoreWarning] = []
  private var counts: [String: Int] = [:]

  /// How many of one rule are kept.
  static let limit = 16

  mutating func add(_ rule: String, at offset: Int?, _ message: @autoclosure () -> String) {
    counts[rule, default: 0] += 1
    let count = counts[rule] ?? 0
    if count > Self.limit { return }
    let end = count == Self.limit ? " (further ones of this kind are not listed)" : ""
    warnings.append(ScoreWarning(offset: offset, rule: rule, message: message() + end))
  }
}
