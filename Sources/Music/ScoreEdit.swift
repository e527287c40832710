/// Notes of a score that give way to others, and tracks that it gets; all else stays as it is.
public struct ScoreEdit: Sendable, Hashable {
  /// What is done to a track.
  public struct Change: Sendable, Hashable {
    /// The track's index in the score.
    public var track: Int
    /// Notes of the track that are taken away.
    public var removed: [Note]
    /// Notes that it gets.
    public var added: [Note]

    /// A change.
    public init(track: Int, removed: [Note] = [], added: [Note] = []) {
      self.track = track
      self.removed = removed
      self.added = added
    }
  }

  /// The changes, at most one for a track.
  public var changes: [Change]
  /// Tracks that the score does not have yet.
  public var newTracks: [Track]

  /// An edit.
  public init(changes: [Change] = [], newTracks: [Track] = []) {
    self.changes = changes
    self.newTracks = newTracks
  }
}

extension Score {
  /// The score after an edit. Notes that are to be removed and are not there are passed over.
  public func applying(_ edit: ScoreEdit) -> Score {
    var result = self
    for change in edit.changes where tracks.indices.contains(change.track) {
      var removed: [Note: Int] = [:]
      for note in change.removed { removed[note, default: 0] += 1 }
      result.tracks[change.track].notes.removeAll { note in
        guard let count = removed[note], count > 0 else { return false }
        removed[note] = count - 1
        return true
      }
      result.tracks[change.track].notes = (result.tracks[change.track].notes + change.added).sorted()
    }
    result.tracks += edit.newTracks
    result.length = max(result.length, result.lastNoteEnd)
    return result
  }
}
