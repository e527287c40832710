/// What a part does in a piece.
public enum PartRole: String, Codable, Sendable, Hashable, CaseIterable {
  /// Chords that carry the harmony.
  case chords
  /// The lowest voice.
  case bass
  /// Any other part: a counter-melody, an inner voice, a fill.
  case other
  /// The tune.
  case melody
  /// Drums and other percussion without a pitch.
  case drums
}
