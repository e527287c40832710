internal import Tokenization

/// What a token is about: the parts into which a likelihood is split, the same for every tokenizer.
public enum TokenKind: String, Sendable, Codable, CaseIterable {
  /// Bar lines, time signatures, places in the bar.
  case time
  /// Pitches and drums.
  case pitch
  /// How long a note is.
  case duration
  /// How loud a note is.
  case loudness
  /// The instrument of a note.
  case instrument
  /// Music that was there before.
  case repetition
  /// Tempos.
  case tempo
  /// What is said of the whole piece or a part of it.
  case attribute
  /// The end of the piece.
  case end
  /// Several of these at once, such as a pair of ids that became one.
  case several
  /// None of these.
  case other

  /// The kind of an id with these roles.
  init(_ role: TokenRole) {
    // A repetition stands for notes with all that they have, and is one thing all the same.
    if role.contains(.repetition) {
      self = .repetition
      return
    }
    let kinds: [(role: TokenRole, kind: TokenKind)] = [
      (.time, .time), (.pitch, .pitch), (.duration, .duration), (.loudness, .loudness),
      (.instrument, .instrument), (.tempo, .tempo), (.attribute, .attribute), (.end, .end),
    ]
    let meant = kinds.filter { !role.isDisjoint(with: $0.role) }
    self = meant.count > 1 ? .several : meant.first?.kind ?? .other
  }
}
