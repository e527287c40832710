internal import MIDI
internal import Music

/// Which part of a file each track of a score is, where the score begins as the file does.
///
/// What tells the parts is their notes, not their programs and channels: two tracks that name no program and share a channel are two parts.
struct MIDIPartMatching {
  /// The index of a part, by the index of the track that has its notes; none for tracks that have those of several, or none.
  private(set) var parts: [Int: Int] = [:]

  /// - Parameters:
  ///   - composed: The score.
  ///   - tick: Where it goes on from the file's music, in its ticks.
  ///   - survey: The file's parts.
  ///   - start: Where it goes on, in ticks of the file.
  ///   - offset: How much later a tick of the score stands in the file, in ticks of the file.
  ///   - ticksPerQuarter: Those of the file.
  init(
    _ composed: Score, before tick: Int, _ survey: MIDISurvey, at start: Int, offset: Int,
    ticksPerQuarter: Int
  ) {
    let programs = survey.programs(at: start)
    let places = survey.parts.map { part in
      part.onsets.map { NotePlaces.place(ofPitch: $0.key, at: $0.tick - offset, ticksPerQuarter) }
    }
    var pairs: [(track: Int, part: Int, likeness: Double)] = []
    for (index, track) in composed.tracks.enumerated() {
      let given = track.notes.filter { $0.onset < tick }.map {
        NotePlaces.place(ofPitch: $0.pitch, at: $0.onset, composed.ticksPerQuarter)
      }
      if given.isEmpty { continue }
      let all = NotePlaces(given)
      for (place, part) in survey.parts.enumerated() where (part.channel == 9) == track.isDrum {
        let isPlayed = track.isDrum || programs[part.key] ?? 0 == track.program ?? 0
        // A tokenizer may name another program than the file; but a part that had several is another track's where it has left this one's.
        guard isPlayed || !survey.changesProgram(part.key) else { continue }
        let share = all.share(of: places[place])
        guard share > 0.5 else { continue }
        let own = NotePlaces(places[place]).share(of: given)
        if own >= Self.leastShare { pairs.append((index, place, share + own)) }
      }
    }
    // The order of tracks decides between parts that play the same.
    let order = pairs.sorted { ($1.likeness, $0.track, $0.part) < ($0.likeness, $1.track, $1.part) }
    var taken: Set<Int> = []
    for pair in order where parts[pair.track] == nil && taken.insert(pair.part).inserted {
      parts[pair.track] = pair.part
    }
  }

  /// With so much of a track's notes a part is the track, and not one of several that were read as one.
  private static let leastShare = 0.75
}

/// Where notes are, for asking whether others are the same except for a grid.
struct NotePlaces {
  /// A pitch and an eighth of a quarter note.
  struct Place: Hashable {
    fileprivate var pitch: Int
    fileprivate var eighth: Int
  }

  private let places: Set<Place>

  init(_ places: [Place]) { self.places = Set(places) }

  /// The place of a note.
  static func place(ofPitch pitch: Int, at tick: Int, _ ticksPerQuarter: Int) -> Place {
    Place(pitch: pitch, eighth: TickScale(from: ticksPerQuarter, to: 8)[tick])
  }

  /// How many of some notes are here within an eighth of a quarter note, as a share from 0 to 1; 0 of none.
  func share(of others: [Place]) -> Double {
    guard !others.isEmpty else { return 0 }
    let count = others.count { other in
      (-1...1).contains { places.contains(Place(pitch: other.pitch, eighth: other.eighth + $0)) }
    }
    return Double(count) / Double(others.count)
  }
}
