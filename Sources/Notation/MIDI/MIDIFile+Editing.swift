public import MIDI
public import Music

extension MIDIFile {
  /// The file after an edit of the score that it reads as: the note events of the notes that are removed are taken out, those of new
  /// notes are put in, and every other event stays at its tick, in its order.
  ///
  /// A new note ends before anything else happens on its last tick, and begins after everything else. New tracks get channels
  /// that nothing plays on, as long as there are any.
  /// - Parameter edit: What is changed of `Score(midi:)` of this file.
  /// - Throws: `ScoreError.severalSequences` for a file of format 2 with several tracks, `ScoreError.unrepresentable` for new notes
  ///   outside MIDI's ranges, and for more tracks than a file can have.
  public func applying(_ edit: ScoreEdit) throws(ScoreError) -> MIDIFile {
    var editor = try MIDIEditor(of: self)
    for change in edit.changes { try editor.apply(change) }
    for track in edit.newTracks { try editor.add(track) }
    return editor.file
  }
}

/// Changes the notes of a MIDI file.
private struct MIDIEditor {
  private(set) var file: MIDIFile
  private let score: Score
  private let survey: MIDISurvey
  /// Channels that new tracks have.
  private var takenChannels: Set<Int> = []

  /// A note as its first event says it.
  private struct Onset: Hashable {
    var tick: Int
    var key: Int
  }

  init(of original: MIDIFile) throws(ScoreError) {
    file = original
    if file.tracks.isEmpty { file.tracks = [MIDITrack()] }
    score = try Score(midi: original)
    survey = MIDISurvey(file)
  }

  // MARK: Tracks that are there

  mutating func apply(_ change: ScoreEdit.Change) throws(ScoreError) {
    guard score.tracks.indices.contains(change.track) else { return }
    let track = score.tracks[change.track]
    guard let part = part(of: track) else {
      // A track without events of a channel has nothing to remove, and plays as a new one.
      guard !change.added.isEmpty else { return }
      var added = track
      added.notes = change.added
      return try add(added)
    }
    var removed: [Onset: Int] = [:]
    for note in change.removed { removed[Onset(tick: note.onset, key: note.pitch), default: 0] += 1 }
    let kept = file.tracks[part.track].removingNotes(channel: part.channel) { event in
      let onset = Onset(tick: event.tick, key: Int(event.data1))
      guard let count = removed[onset], count > 0 else { return false }
      removed[onset] = count - 1
      return true
    }
    let notes = Track(isDrum: track.isDrum, notes: change.added.sorted())
    file.tracks[part.track] = kept.inserting(try PartWriter(notes, channel: part.channel).track(length: 0))
  }

  /// The channel of a track of the file that has a track of the score: the one with its notes; of several the one with the
  /// fewest others.
  private func part(of track: Track) -> (track: Int, channel: Int)? {
    let wanted = Set(track.notes.map { Onset(tick: $0.onset, key: $0.pitch) })
    let candidates = survey.parts.filter { part in
      guard track.channel == nil || track.channel == part.channel else { return false }
      return wanted.isSubset(of: part.onsets.lazy.map { Onset(tick: $0.tick, key: $0.key) })
    }
    let number = score.tracks.prefix { $0 != track }.count {
      $0.channel == track.channel && $0.notes == track.notes
    }
    let fewest = candidates.map(\.onsets.count).min()
    let best = candidates.filter { $0.onsets.count == fewest }
    // Tracks that are note for note alike are taken in the order of the file.
    return best.isEmpty
      ? nil : (best[min(number, best.count - 1)].track, best[min(number, best.count - 1)].channel)
  }

  // MARK: New tracks

  mutating func add(_ track: Track) throws(ScoreError) {
    let channel = track.isDrum ? 9 : freeChannel()
    takenChannels.insert(channel)
    let written = try PartWriter(track, channel: channel).track(length: score.length)
    if file.format == .singleTrack {
      file.tracks[0] = file.tracks[0].inserting(written)
      return
    }
    guard file.tracks.count < 65_535 else { throw .unrepresentable("\(file.tracks.count + 1) tracks") }
    file.tracks.append(written)
  }

  private func freeChannel() -> Int {
    let channels = (0..<16).filter { $0 != 9 && !takenChannels.contains($0) }
    return channels.first { survey.channels[$0] == nil }
      ?? channels.min { survey.lastOnset(ofChannel: $0) < survey.lastOnset(ofChannel: $1) } ?? 0
  }
}

extension MIDITrack {
  /// The track without some notes of a channel: neither the event that begins one nor the one that ends it.
  fileprivate func removingNotes(channel: Int, where isRemoved: (MIDIEvent) -> Bool) -> MIDITrack {
    // The first note of a key that sounds is the first to end.
    var sounding: [UInt8: [Bool]] = [:]
    return filter { event in
      guard event.isChannelMessage, event.channel == channel else { return true }
      switch event.status >> 4 {
      case 0x9 where event.data2 != 0:
        let isGone = isRemoved(event)
        sounding[event.data1, default: []].append(isGone)
        return !isGone
      case 0x8, 0x9:
        guard let first = sounding[event.data1]?.first else { return true }
        sounding[event.data1]?.removeFirst()
        return !first
      default: return true
      }
    }
  }

  /// The track with the notes of another: at each tick first the ends of new ones, then what was there, then their beginnings.
  fileprivate func inserting(_ notes: MIDITrack) -> MIDITrack {
    var result = notes.filter { $0.status >> 4 == 0x8 }
    result.merge(self)
    result.merge(notes.filter { $0.status >> 4 != 0x8 })
    return result
  }
}
