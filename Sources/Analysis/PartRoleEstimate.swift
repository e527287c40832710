internal import Groundwork
public import Music

extension Score {
  /// What each track does in the piece, one role for each track: the one that it states, else one by its name (`MELODY`, `Bass
  /// guitar`, `Alto`), its program and its notes beside those of the other tracks.
  ///
  /// Without a name that says otherwise, one track at most is the melody: that which plays one note at a time, high and
  /// often. Basses are the tracks of a bass program, or else the lowest one-voiced track; what sounds in two or more voices
  /// are chords. All else is `.other`.
  public var partRoles: [PartRole] { PartRoleFinder(self).roles }
}

/// Finds the roles of a score's tracks.
private struct PartRoleFinder {
  private(set) var roles: [PartRole] = []

  /// The tracks as far as they matter here.
  private struct Part {
    let index: Int
    let name: PartRole?
    let hasBassProgram: Bool
    let hasMelodyProgram: Bool
    let meanPitch: Double
    /// How many notes begin at one onset.
    let notesPerOnset: Double
    /// How many notes sound at once while any does.
    let voices: Double
    let onsets: Int

    /// Whether its program is timpani, an orchestra hit, a percussion instrument or a sound effect.
    let isPercussive: Bool

    /// Whether chords rather than a voice.
    var isPolyphonic: Bool { notesPerOnset >= 1.6 || voices >= 1.9 }
  }

  init(_ score: Score) {
    roles = score.tracks.map { $0.role ?? ($0.isDrum ? .drums : .other) }
    var parts = score.tracks.indices.compactMap { index in
      score.tracks[index].role == nil ? Self.part(score.tracks[index], index) : nil
    }
    let voiceCount = score.tracks.count { !$0.isDrum && !$0.notes.isEmpty }
    for part in parts {
      if let name = part.name { roles[part.index] = name }
    }
    parts.removeAll { $0.name != nil }
    assignBasses(&parts, voiceCount)
    assignMelody(&parts, voiceCount)
    for part in parts where part.isPolyphonic { roles[part.index] = .chords }
  }

  private mutating func assignBasses(_ parts: inout [Part], _ voiceCount: Int) {
    let basses = parts.filter { $0.hasBassProgram && $0.meanPitch < 56 && $0.notesPerOnset < 1.6 }
    for part in basses { roles[part.index] = .bass }
    parts.removeAll { roles[$0.index] == .bass }
    guard !roles.contains(.bass), voiceCount > 1,
      let lowest = parts.filter({ !$0.isPolyphonic && !$0.isPercussive }).min(by: {
        $0.meanPitch < $1.meanPitch
      })
    else { return }
    // Of many voices the lowest is the bass; of two only one that is really low.
    let isLowest = parts.allSatisfy { $0.index == lowest.index || $0.meanPitch > lowest.meanPitch + 2 }
    guard lowest.meanPitch < (voiceCount >= 3 && isLowest ? 57 : 48) else { return }
    roles[lowest.index] = .bass
    parts.removeAll { $0.index == lowest.index }
  }

  private mutating func assignMelody(_ parts: inout [Part], _ voiceCount: Int) {
    guard !roles.contains(.melody) else { return }
    let most = parts.map(\.onsets).max() ?? 0
    // A tune is where much happens above the middle; a few notes at the end are none.
    let able = parts.filter { !$0.isPercussive && 8 * $0.onsets >= most }
    let voices = able.filter { !$0.isPolyphonic && $0.meanPitch >= 52 }
    let fallback = able.filter { $0.notesPerOnset < 2.2 && $0.meanPitch >= 57 }
    func value(_ part: Part) -> Double {
      part.meanPitch / 12 + Double(part.onsets) / Double(max(1, most)) + (part.hasMelodyProgram ? 1 : 0)
        - max(0, part.notesPerOnset - 1) * 2
    }
    let candidates = voices.isEmpty && voiceCount > 1 ? fallback : voices
    guard let melody = candidates.max(by: { value($0) < value($1) }) else { return }
    roles[melody.index] = .melody
    parts.removeAll { $0.index == melody.index }
  }

  private static func part(_ track: Track, _ index: Int) -> Part? {
    guard !track.isDrum, !track.notes.isEmpty else { return nil }
    let program = track.program ?? 0
    let onsets = Set(track.notes.lazy.map(\.onset)).count
    let pitches = track.notes.reduce(0) { $0 + $1.pitch }
    let notesPerOnset = Double(track.notes.count) / Double(onsets)
    let voices = voices(track.notes)
    var name = role(named: track.name)
    // A piano or a pad may well play a single voice.
    if name == .chords, notesPerOnset < 1.2, voices < 1.5 { name = nil }
    return Part(
      index: index, name: name, hasBassProgram: (32...39).contains(program),
      // Strings and reeds played solo, pipes, leads.
      hasMelodyProgram: [40, 41, 22, 53, 54, 56].contains(program) || (64...87).contains(program),
      meanPitch: Double(pitches) / Double(track.notes.count),
      notesPerOnset: notesPerOnset, voices: voices, onsets: onsets,
      isPercussive: [47, 55].contains(program) || (112...127).contains(program))
  }

  /// The mean number of notes that sound while any does.
  private static func voices(_ notes: [Note]) -> Double {
    var (sum, covered, end) = (0.0, 0.0, Int.min)
    for note in notes where note.duration > 0 {
      sum += Double(note.duration)
      covered += Double(max(0, note.end - max(note.onset, end)))
      end = max(end, note.end)
    }
    return covered > 0 ? sum / covered : 1
  }

  /// The role that a name says; nil if it says none.
  private static func role(named name: String) -> PartRole? {
    let words = name.lowercased().split { !$0.isLetter }.map(String.init)
    for word in words {
      switch word {
      case "melody", "melodie", "vocal", "vocals", "voice", "lead", "tune", "soprano", "sopran", "cantus":
        return .melody
      case "bass", "basso", "bassline", "contrabass", "kontrabass": return .bass
      case "chord", "chords", "harmony", "accompaniment", "piano", "comping", "pad": return .chords
      case "bridge", "alto", "alt", "tenor", "backup", "echo", "counter", "countermelody", "fill":
        return .other
      default: continue
      }
    }
    return nil
  }
}
