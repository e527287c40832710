public import Tokenization

/// What a token decides about the music, as far as it can be steered by itself.
public enum SteeredKind: String, CaseIterable, Codable, Hashable, Sendable {
  /// Which pitch or drum is heard.
  case pitch
  /// When a note begins, and how long it is.
  case rhythm
  /// How loud a note is.
  case dynamics
  /// Which earlier bar is heard again.
  case repetition

  /// The kind of a token with these roles; nil for bar lines, headings and whatever else only keeps the piece in order. A token that
  /// stands for several others is of the first kind that any of them is of.
  public init?(_ role: TokenRole) {
    if role.contains(.pitch) {
      self = .pitch
    } else if !role.isDisjoint(with: [.position, .duration]) {
      self = .rhythm
    } else if role.contains(.loudness) {
      self = .dynamics
    } else if role.contains(.repetition) {
      self = .repetition
    } else {
      return nil
    }
  }

  /// The ids of this kind, ascending.
  /// - Parameter roles: What each id of a vocabulary does.
  func ids(in roles: TokenRoles) -> [Int32] {
    (0..<Int32(roles.count)).filter { SteeredKind(roles[$0]) == self }
  }
}
