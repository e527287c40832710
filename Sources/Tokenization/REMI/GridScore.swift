internal import Music

/// A score on the grid: what lies between a `Score` and its tokens, in both directions. Times are in steps.
struct GridScore: Equatable {
  /// Bars without gaps, from step 0.
  var bars: [GridBar] = []
  /// Changes of tempo, the first at step 0, no two neighbors alike.
  var tempos: [GridTempo] = []
  /// The notes in order.
  var notes: [GridNote] = []

  /// The step after the last bar.
  func end(_ layout: REMILayout) -> Int {
    bars.last.map { $0.start + layout.barLengths[$0.timeSignature] } ?? 0
  }
}

/// A note in one word, so that notes sort as integers do: step (30 bits), program (8), pitch (7),
/// duration (12), velocity (7). The longest piece, 65,536 bars of 4,095 steps, has less than 2²⁹ steps.
struct GridNote: Comparable, Hashable {
  var word: UInt64

  static let stepLimit = 1 << 30

  /// `program` is 128 for drums; `velocity` is the index of a token.
  @inline(__always)
  init(step: Int, program: Int, pitch: Int, duration: Int, velocity: Int) {
    word =
      UInt64(truncatingIfNeeded: step) << 34 | UInt64(truncatingIfNeeded: program) << 26
      | UInt64(truncatingIfNeeded: pitch) << 19 | UInt64(truncatingIfNeeded: duration) << 7
      | UInt64(truncatingIfNeeded: velocity)
  }

  var step: Int { Int(word >> 34) }
  var program: Int { Int(word >> 26 & 0xFF) }
  var pitch: Int { Int(word >> 19 & 0x7F) }
  var duration: Int { Int(word >> 7 & 0xFFF) }
  var velocity: Int { Int(word & 0x7F) }
  var end: Int { step + duration }

  /// Whether both have the same step, program and pitch.
  func isUnison(with other: GridNote) -> Bool { word >> 19 == other.word >> 19 }

  static func < (a: GridNote, b: GridNote) -> Bool { a.word < b.word }
}

extension GridScore {
  /// The score in ticks: one track a program in ascending order, drums last, and a further one for notes that a MIDI
  /// file could not tell from others of the same track.
  func score(_ layout: REMILayout) -> Score { score(layout) { _, _ in } }

  /// The score in ticks, and where each note is in it.
  func placedScore(_ layout: REMILayout) -> DecodedScore {
    var places: [NotePlace] = []
    places.reserveCapacity(notes.count)
    let score = score(layout) { places.append(NotePlace(track: $0, index: $1)) }
    return DecodedScore(score: score, places: places)
  }

  /// Ticks in a step and in a quarter note.
  static func ticks(_ layout: REMILayout) -> (perStep: Int, perQuarter: Int) {
    let steps = layout.configuration.stepsPerQuarter
    let perStep = max(1, 480 / steps)
    return (perStep, steps * perStep)
  }

  /// The score; `place` is called for each note in order with its track and its index there.
  @inline(__always)
  private func score(_ layout: REMILayout, place: (Int, Int) -> Void) -> Score {
    let (ticksPerStep, ticksPerQuarter) = Self.ticks(layout)
    var score = Score(ticksPerQuarter: ticksPerQuarter)

    var layers = [NoteLayers](repeating: NoteLayers(), count: REMILayout.drums + 1)
    let layersOfNotes = notes.map { layers[$0.program].place(of: $0) }
    var firstTracks: [Int] = []
    for (program, layers) in layers.enumerated() {
      firstTracks.append(score.tracks.count)
      let isDrum = program == REMILayout.drums
      for _ in 0..<layers.count {
        score.tracks.append(Track(program: isDrum ? nil : program, isDrum: isDrum))
      }
    }
    for (note, layer) in zip(notes, layersOfNotes) {
      let track = firstTracks[note.program] + layer
      place(track, score.tracks[track].notes.count)
      score.tracks[track].notes.append(
        Note(
          onset: note.step * ticksPerStep, duration: note.duration * ticksPerStep, pitch: note.pitch,
          velocity: layout.velocities.values[note.velocity]))
    }

    score.tempos = tempos.map {
      TempoChange(
        tick: $0.step * ticksPerStep, microsecondsPerQuarter: layout.tempos.microsecondsPerQuarter[$0.tempo])
    }
    var current = -1
    for bar in bars where bar.timeSignature != current {
      current = bar.timeSignature
      score.timeSignatures.append(
        TimeSignatureChange(
          tick: bar.start * ticksPerStep, timeSignature: layout.timeSignatures[current]))
    }
    score.length = max(end(layout) * ticksPerStep, score.lastNoteEnd)
    return score
  }

  /// How long it sounds, to the end of its last bar, in seconds.
  func seconds(_ layout: REMILayout) -> Double {
    var microsecondSteps = 0
    let end = end(layout)
    for (index, change) in tempos.enumerated() {
      let next = index + 1 < tempos.count ? tempos[index + 1].step : end
      microsecondSteps += (next - change.step) * layout.tempos.microsecondsPerQuarter[change.tempo]
    }
    return Double(microsecondSteps) / Double(layout.configuration.stepsPerQuarter) / 1e6
  }
}

/// The tracks that the notes of one program need. In a MIDI file the end of a note ends the first of its pitch that
/// sounds, so a note that ends before one of its pitch that began earlier has to be in another track.
private struct NoteLayers {
  /// For each layer the end of the last note of each pitch.
  private var ends: [[Int]] = []

  var count: Int { ends.count }

  /// The layer of the next note; notes come in order.
  mutating func place(of note: GridNote) -> Int {
    let place = ends.firstIndex { $0[note.pitch] <= note.end } ?? ends.count
    if place == ends.count { ends.append([Int](repeating: 0, count: 128)) }
    ends[place][note.pitch] = note.end
    return place
  }
}
