public import Music

extension Score {
  /// What each track does in the piece: the role that it states, else the one that its notes suggest. One for each track.
  public var partRoles: [PartRole] { tracks.map { $0.role ?? $0.suggestedRole } }
}

extension Track {
  /// The role that the notes of this track suggest, seen by themselves.
  fileprivate var suggestedRole: PartRole {
    if isDrum { return .drums }
    guard !notes.isEmpty else { return .other }
    let meanPitch = Double(notes.reduce(0) { $0 + $1.pitch }) / Double(notes.count)
    let onsets = Set(notes.lazy.map(\.onset)).count
    let notesPerOnset = Double(notes.count) / Double(onsets)
    if notesPerOnset >= 2 { return .chords }
    if meanPitch < 50 { return .bass }
    return notesPerOnset < 1.1 && meanPitch >= 58 ? .melody : .other
  }
}
