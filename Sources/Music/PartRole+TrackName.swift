extension PartRole {
  /// The name of a track that has a role and no name of its own, by which a reader knows the role again: `Melody`, `Bass`.
  package var trackName: String {
    switch self {
    case .chords: "Chords"
    case .bass: "Bass"
    case .other: "Other"
    case .melody: "Melody"
    case .drums: "Drums"
    }
  }

  /// The role that a track's name states: that of `trackName`, alone or with a number (`Melody 2`). Other names, also those that a
  /// role can be guessed from, state none.
  package init?(trackName name: String) {
    let words = name.split(separator: " ", omittingEmptySubsequences: false)
    guard (1...2).contains(words.count), words.count == 1 || Int(words[1]).map({ $0 > 0 }) == true,
      let role = Self.allCases.first(where: { $0.trackName == words[0] })
    else { return nil }
    self = role
  }
}
