internal import Music

extension PartRole {
  /// The place in the order of parts: chords, bass, other, melody, drums.
  var order: Int {
    switch self {
    case .chords: 0
    case .bass: 1
    case .other: 2
    case .melody: 3
    case .drums: 4
    }
  }

  /// The roles by their place in the order of parts.
  static let byOrder = allCases.sorted { $0.order < $1.order }

  /// How many parts of a piece may have this role.
  var mostParts: Int {
    switch self {
    case .chords, .bass, .melody: 4
    case .other: 8
    case .drums: 1
    }
  }
}
