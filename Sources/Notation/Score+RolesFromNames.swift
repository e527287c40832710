internal import Music

extension Score {
  /// Takes the roles of tracks from their names.
  mutating func takeRolesFromNames() {
    for index in tracks.indices where tracks[index].role == nil {
      guard let role = PartRole(trackName: tracks[index].name) else { continue }
      if tracks[index].isDrum == (role == .drums) { tracks[index].role = role }
    }
  }
}
