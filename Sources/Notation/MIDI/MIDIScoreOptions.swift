/// Options for making a score from a MIDI file.
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

  /// Options; first in, first out by default.
  public init(overlap: OverlapPolicy = .firstInFirstOut) { self.overlap = overlap }
}
