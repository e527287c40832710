internal import Music

/// A score as cells can say it: what lies between a `Score` and its tokens, in both directions. Times are in steps, pitches as they
/// sound.
struct CellScore: Equatable {
  /// A note in one word, so that notes sort as integers do: step (30 bits), pitch (7), duration (12), level (7).
  struct PartNote: Comparable, Hashable {
    var word: UInt64

    @inline(__always)
    init(step: Int, pitch: Int, duration: Int, level: Int) {
      word =
        UInt64(truncatingIfNeeded: step) << 26 | UInt64(truncatingIfNeeded: pitch) << 19
        | UInt64(truncatingIfNeeded: duration) << 7 | UInt64(truncatingIfNeeded: level)
    }

    var step: Int { Int(word >> 26) }
    var pitch: Int { Int(word >> 19 & 0x7F) }
    var duration: Int { Int(word >> 7 & 0xFFF) }
    /// The index of the loudness; while a score is read, its MIDI velocity.
    var level: Int {
      get { Int(word & 0x7F) }
      set { word = word & ~0x7F | UInt64(truncatingIfNeeded: newValue) }
    }
    var end: Int { step + duration }

    /// Whether both begin together on one pitch.
    func isDoubling(of other: PartNote) -> Bool { word >> 19 == other.word >> 19 }

    static func < (a: PartNote, b: PartNote) -> Bool { a.word < b.word }
  }

  /// A part: what it does, what plays it, and its notes in order.
  struct Part: Equatable {
    var role: PartRole
    var program: Int
    var notes: [PartNote] = []
    /// Where the notes come from; tells nothing of the music.
    var sources: [CellReading.Source] = []

    static func == (a: Self, b: Self) -> Bool {
      a.role == b.role && a.program == b.program && a.notes == b.notes
    }
  }

  /// From this bar on, the tempo with this index.
  struct BarTempo: Equatable {
    var bar: Int
    var tempo: Int
  }

  var key = WrittenKey(index: 0)
  /// Bars without gaps, from step 0.
  var bars: [GridBar] = []
  /// Changes of tempo, the first in bar 0, no two neighbors alike; none where the configuration fixes it.
  var tempos: [BarTempo] = []
  /// The parts in order of their roles.
  var parts: [Part] = []

  var noteCount: Int { parts.reduce(0) { $0 + $1.notes.count } }

  /// The step after the last bar.
  func end(_ layout: CellsLayout) -> Int {
    bars.last.map { $0.start + layout.meters.barLengths[$0.timeSignature] } ?? 0
  }
}

extension CellScore {
  /// The score in ticks: one track for each part, which states its role.
  func score(_ layout: CellsLayout) -> Score {
    let (ticksPerStep, ticksPerQuarter) = layout.ticks
    var score = Score(ticksPerQuarter: ticksPerQuarter)
    for part in parts {
      let isDrum = part.role == .drums
      let isNamed = !isDrum && (part.program != 0 || layout.configuration.namesPrograms)
      score.tracks.append(
        Track(
          name: part.role.trackName, program: isNamed ? part.program : nil, isDrum: isDrum, role: part.role,
          notes: part.notes.map {
            Note(
              onset: $0.step * ticksPerStep, duration: $0.duration * ticksPerStep, pitch: $0.pitch,
              velocity: layout.velocities[$0.level])
          }))
    }
    score.tempos = statedTempos(layout).map {
      TempoChange(tick: $0.step * ticksPerStep, microsecondsPerQuarter: $0.microseconds)
    }
    var current = -1
    for bar in bars where bar.timeSignature != current {
      current = bar.timeSignature
      score.timeSignatures.append(
        TimeSignatureChange(
          tick: bar.start * ticksPerStep, timeSignature: layout.meters.timeSignatures[current]))
    }
    score.keys = [KeyChange(tick: 0, fifths: key.fifths, isMinor: key.isMinor)]
    score.length = max(end(layout) * ticksPerStep, score.lastNoteEnd)
    return score
  }

  /// The tempos by step, in microseconds a quarter.
  private func statedTempos(_ layout: CellsLayout) -> [(step: Int, microseconds: Int)] {
    if let fixed = layout.configuration.tempo { return [(0, fixed)] }
    return tempos.map { (bars[$0.bar].start, layout.tempos.microsecondsPerQuarter[$0.tempo]) }
  }

  /// How long it sounds, to the end of its last bar, in seconds.
  func seconds(_ layout: CellsLayout) -> Double {
    var microsecondSteps = 0
    let (changes, end) = (statedTempos(layout), end(layout))
    for (index, change) in changes.enumerated() {
      let next = index + 1 < changes.count ? changes[index + 1].step : end
      microsecondSteps += (next - change.step) * change.microseconds
    }
    return Double(microsecondSteps) / Double(layout.configuration.stepsPerQuarter) / 1e6
  }
}
