internal import Music

extension DescriptorGroup {
  /// Lengths and density of the notes of all parts.
  static let rhythm = DescriptorGroup(
    descriptors: [
      Descriptor(
        "notes", .countPerBar, "is dense", tooHigh: "too many notes", tooLow: "too few notes"),
      Descriptor(
        "notes_deviation", .countPerBar, "has bars with many and bars with few notes",
        tooHigh: "density changes too much from bar to bar",
        tooLow: "density changes too little from bar to bar"),
      Descriptor(
        "onsets", .countPerBar, "has notes beginning at many places of each bar",
        tooHigh: "notes begin at too many places of a bar", tooLow: "notes begin at too few places of a bar"),
      Descriptor(
        "note_length", .quarters, "has long notes", tooHigh: "notes are too long",
        tooLow: "notes are too short"),
      Descriptor(
        "silence", .share, "is silent for much of the time", tooHigh: "too much silence",
        tooLow: "too little silence"),
      Descriptor(
        "notes_at_once", .count, "has many notes beginning at once", tooHigh: "too many notes begin at once",
        tooLow: "too few notes begin at once"),
      Descriptor(
        "held_over_bars", .share, "has many notes that sound over a bar line",
        tooHigh: "too many notes sound over bar lines", tooLow: "too few notes sound over bar lines"),
    ]
  ) { score in
    let all = score.notes + score.drums
    guard !all.isEmpty else { return [Double](repeating: .nan, count: 7) }
    let inBars = score.bars.indices.map { Double(score.notesOfBar[$0].count + score.drumsOfBar[$0].count) }
    let onsets = Set(all.lazy.map(\.onset)).count
    return [
      Measures.mean(inBars), Measures.deviation(inBars), Measures.ratio(onsets, score.bars.count),
      Measures.ratio(score.notes.reduce(0) { $0 + $1.duration }, score.notes.count)
        / Double(MeasuredScore.stepsPerQuarter),
      1 - Double(Polyphony(all).time(from: 1)) / Double(max(1, score.end)), Measures.ratio(all.count, onsets),
      Measures.share(score.notes) { $0.end > score.bars[$0.bar].end },
    ]
  }

  /// Who plays, how loudly and how fast.
  static let sound = DescriptorGroup(
    descriptors: [
      Descriptor(
        "instruments", .count, "has many instruments", tooHigh: "too many instruments",
        tooLow: "too few instruments"),
      Descriptor("parts", .count, "has many parts", tooHigh: "too many parts", tooLow: "too few parts"),
      Descriptor(
        "parts_at_once", .count, "has many parts that play in the same bar",
        tooHigh: "too many parts play in the same bar", tooLow: "too few parts play in the same bar"),
      Descriptor(
        "drum_notes", .share, "has many drum notes", tooHigh: "too many of the notes are drums",
        tooLow: "too few of the notes are drums"),
      Descriptor("velocity", .velocity, "is loud", tooHigh: "too loud", tooLow: "too soft"),
      Descriptor(
        "velocity_deviation", .velocity, "has loud and soft notes", tooHigh: "loudness varies too much",
        tooLow: "loudness varies too little"),
      Descriptor(
        "velocities", .count, "has notes of many velocities", tooHigh: "too many different velocities",
        tooLow: "too few different velocities"),
      Descriptor("tempo", .tempo, "is fast", tooHigh: "too fast", tooLow: "too slow"),
      Descriptor(
        "tempo_changes", .count, "changes its tempo often", tooHigh: "the tempo changes too often",
        tooLow: "the tempo changes too seldom"),
    ]
  ) { score in
    let all = score.notes + score.drums
    guard !all.isEmpty else { return [Double](repeating: .nan, count: 9) }
    let velocities = all.map { Double($0.velocity) }
    let parts = Set(all.lazy.map(\.part))
    let instruments = Set(
      parts.map { part in
        score.score.tracks[part].isDrum ? -1 : score.score.tracks[part].program ?? 0
      })
    let inBars = Set(all.lazy.map { Pair(first: $0.bar, second: $0.part) })
    let filledBars = Set(all.lazy.map(\.bar)).count
    let tempos = score.score.tempos.filter { $0.tick <= score.score.lastNoteEnd }
    let first = tempos.last { $0.tick <= 0 } ?? .standard
    return [
      Double(instruments.count), Double(parts.count), Measures.ratio(inBars.count, filledBars),
      Measures.ratio(score.drums.count, all.count), Measures.mean(velocities), Measures.deviation(velocities),
      Double(Set(velocities).count), first.quartersPerMinute, Double(tempos.count { $0.tick > 0 }),
    ]
  }
}

/// How many notes sound at once, for how long. A pitch that two parts play counts once.
struct Polyphony {
  /// For each number of pitches the steps for which just as many sound, from 0.
  private(set) var times: [Int] = []

  init(_ notes: [MeasuredNote]) {
    var changes: [(step: Int, pitch: Int, change: Int)] = []
    changes.reserveCapacity(2 * notes.count)
    for note in notes {
      changes.append((note.onset, note.pitch, 1))
      changes.append((note.end, note.pitch, -1))
    }
    changes.sort { $0.step < $1.step }
    var sounding = [Int](repeating: 0, count: 128)
    var count = 0
    var last = 0
    for (step, pitch, change) in changes {
      if step > last {
        while times.count <= count { times.append(0) }
        times[count] += step - last
        last = step
      }
      if change > 0 && sounding[pitch] == 0 { count += 1 }
      if change < 0 && sounding[pitch] == 1 { count -= 1 }
      sounding[pitch] += change
    }
  }

  /// The steps for which at least `count` pitches sound.
  func time(from count: Int) -> Int { times.dropFirst(count).reduce(0, +) }

  /// How many pitches sound on average while any does; NaN if none ever does.
  var mean: Double {
    Measures.ratio(zip(0..., times).reduce(0) { $0 + $1.0 * $1.1 }, time(from: 1))
  }
}
