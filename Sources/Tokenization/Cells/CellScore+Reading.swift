internal import Analysis
internal import Music

extension CellScore {
  /// The longest piece in steps; none of 65,536 bars of 4,095 steps is as long.
  private static let stepLimit = 1 << 30

  /// The part of `score` that cells can say; the rest goes into `report`.
  /// - Parameter keepsEmpty: Whether parts without notes stay whose tracks state their role; nil where the ensemble is fixed.
  /// - Throws: `.noNotes`, `.tooLong`.
  init(
    _ score: Score, layout: CellsLayout, report: inout NormalizationReport, keepsEmpty: Bool? = nil
  ) throws(TokenizationError) {
    let grid = Grid(
      ticksPerQuarter: score.ticksPerQuarter, stepsPerQuarter: layout.configuration.stepsPerQuarter)
    for track in score.tracks {
      report.ignoredEvents += track.controlChanges.count + track.pitchBends.count + track.pressures.count
    }
    report.ignoredEvents += max(0, score.keys.count - 1) + score.markers.count
    report.notes = score.noteCount
    key = Self.key(of: score)
    parts = Self.parts(
      of: score, grid, layout, key, keepsEmpty: keepsEmpty ?? (layout.configuration.parts != nil), &report)
    let end = parts.reduce(0) { $1.notes.reduce($0) { max($0, $1.end) } }
    guard end > 0 else { throw .noNotes }
    guard end < Self.stepLimit else {
      throw .tooLong(bars: end / (4 * grid.stepsPerQuarter), limit: BarLimit.highest)
    }
    report.keptNotes = noteCount
    let plan = BarPlan(score.timeSignatures, grid: grid, meters: layout.meters, report: &report)
    bars = try plan.bars(covering: end, report: &report)
    levelCells(layout)
    readTempos(score.tempos, grid, layout, &report)
  }

  /// The key that the score states at its beginning, else the one that its notes suggest. Programs that write C major where nobody
  /// chose a key are `ScorePreparation`'s concern.
  private static func key(of score: Score) -> WrittenKey {
    if let stated = score.keys.first, stated.tick <= 0 {
      return WrittenKey(fifths: min(max(stated.fifths, -7), 7), isMinor: stated.isMinor)
    }
    guard let detected = KeyDetection(score) else { return WrittenKey(index: 0) }
    return WrittenKey(tonic: detected.tonic, isMinor: detected.isMinor)
  }

  /// Whether every track with notes states its role: then parts of one role keep their order.
  private static func statesRoles(_ score: Score) -> Bool {
    score.tracks.allSatisfy { $0.role != nil || $0.notes.isEmpty }
  }

  /// In each cell of a pitched part all notes get the loudness of the median; drums keep theirs.
  private mutating func levelCells(_ layout: CellsLayout) {
    for index in parts.indices {
      var notes: [PartNote] = []
      // Notes that somebody shares would be copied at the first change.
      swap(&notes, &parts[index].notes)
      if parts[index].role == .drums {
        for note in notes.indices { notes[note].level = Int(layout.levels[notes[note].level]) }
      } else {
        level(&notes, layout)
      }
      swap(&notes, &parts[index].notes)
    }
  }

  private func level(_ notes: inout [PartNote], _ layout: CellsLayout) {
    var counts = [Int](repeating: 0, count: 128)
    var first = 0
    for bar in bars where first < notes.count {
      let end = bar.start + layout.meters.barLengths[bar.timeSignature]
      let velocity = notes[first].level
      var (next, isEven) = (first, true)
      while next < notes.count, notes[next].step < end {
        isEven = isEven && notes[next].level == velocity
        next += 1
      }
      guard next > first else { continue }
      var median = velocity
      if !isEven {
        for note in first..<next { counts[notes[note].level] += 1 }
        // As many are below it as are not, or one fewer.
        var below = 0
        median = 0
        while below + counts[median] <= (next - first) / 2 {
          below += counts[median]
          median += 1
        }
        for note in first..<next { counts[notes[note].level] = 0 }
      }
      let level = Int(layout.levels[median])
      for note in first..<next { notes[note].level = level }
      first = next
    }
  }

  /// Tempos by the bar line that is nearest to each change; of several in one place the last.
  private mutating func readTempos(
    _ changes: [TempoChange], _ grid: Grid, _ layout: CellsLayout, _ report: inout NormalizationReport
  ) {
    guard layout.configuration.tempo == nil else { return }
    let standard = layout.tempos.index(
      microsecondsPerQuarter: TempoChange.standard.microsecondsPerQuarter)
    var stated = [BarTempo(bar: 0, tempo: standard)]
    var (bar, moved) = (0, 0)
    let end = end(layout)
    for change in changes {
      let step = grid.step(at: change.tick)
      guard step < end else { break }
      while bar + 1 < bars.count, bars[bar + 1].start <= step { bar += 1 }
      let index = layout.tempos.index(microsecondsPerQuarter: change.microsecondsPerQuarter)
      let ratio =
        Double(layout.tempos.microsecondsPerQuarter[index]) / Double(max(1, change.microsecondsPerQuarter))
      if !(0.97...1.03).contains(ratio) { report.clippedTempos += 1 }
      let isNearerToNext = bar + 1 < bars.count && bars[bar + 1].start - step <= step - bars[bar].start
      let nearest = isNearerToNext ? bar + 1 : bar
      if bars[nearest].start != step { moved += 1 }
      if stated[stated.count - 1].bar == nearest {
        stated[stated.count - 1].tempo = index
      } else {
        stated.append(BarTempo(bar: nearest, tempo: index))
      }
    }
    if moved > 0 { report.movedTempos = moved }
    // Only now is it known which of several changes at one bar line remained.
    for change in stated where tempos.last?.tempo != change.tempo { tempos.append(change) }
  }
}

// MARK: - Parts

extension CellScore {
  private static func parts(
    of score: Score, _ grid: Grid, _ layout: CellsLayout, _ key: WrittenKey, keepsEmpty: Bool,
    _ report: inout NormalizationReport
  ) -> [Part] {
    var drums = Part(role: .drums, program: 0)
    var hasDrums = false
    var parts: [Part] = []
    for (index, (track, role)) in zip(score.tracks, score.partRoles).enumerated() {
      let states = track.role != nil && keepsEmpty
      guard !track.notes.isEmpty || states else { continue }
      if track.isDrum {
        hasDrums = true
        drums.sources.append(CellReading.Source(track: index, program: nil))
        append(track.notes[...], to: &drums, grid, layout, key, &report)
      } else {
        parts += pitchedParts(
          of: track, index: index, role: role == .drums ? .other : role, grid, layout, key, &report)
      }
    }
    if !statesRoles(score) {
      let heights = parts.map { part in
        Double(part.notes.reduce(0) { $0 + $1.pitch }) / Double(max(1, part.notes.count))
      }
      let order = parts.indices.sorted {
        (heights[$0], parts[$0].program, $0) < (heights[$1], parts[$1].program, $1)
      }
      parts = order.map { parts[$0] }
    }
    if hasDrums { parts.append(drums) }
    // Sorting by role alone keeps the order that parts of one role have.
    parts = PartRole.allCases.flatMap { role in parts.filter { $0.role == role } }
    if let fixed = layout.configuration.parts {
      parts = assigned(parts, to: fixed, &report)
    } else {
      parts = PartRole.allCases.flatMap { role in
        merged(parts.filter { $0.role == role }, most: role.mostParts, &report)
      }
    }
    for index in parts.indices { parts[index].sortAndRemoveDoublings(&report) }
    return keepsEmpty ? parts : parts.filter { !$0.notes.isEmpty }
  }

  /// The parts of a track without drums: one for each program that it plays with.
  private static func pitchedParts(
    of track: Track, index: Int, role: PartRole, _ grid: Grid, _ layout: CellsLayout, _ key: WrittenKey,
    _ report: inout NormalizationReport
  ) -> [Part] {
    func program(_ number: Int) -> Int { min(max(number, 0), 127) }
    var parts: [Part] = []
    func place(of program: Int) -> Int {
      if let place = parts.firstIndex(where: { $0.program == program }) { return place }
      let source = CellReading.Source(track: index, program: program)
      parts.append(Part(role: role, program: program, sources: [source]))
      return parts.count - 1
    }
    var current = program(track.program ?? 0)
    var rest = track.notes[...]
    for change in track.programChanges {
      let before = rest.prefix { $0.onset < change.tick }
      if !before.isEmpty {
        append(before, to: &parts[place(of: current)], grid, layout, key, &report)
        rest = rest.dropFirst(before.count)
      }
      current = program(change.program)
    }
    if !rest.isEmpty || parts.isEmpty {
      append(rest, to: &parts[place(of: current)], grid, layout, key, &report)
    }
    return parts
  }

  private static func append(
    _ notes: ArraySlice<Note>, to part: inout Part, _ grid: Grid, _ layout: CellsLayout, _ key: WrittenKey,
    _ report: inout NormalizationReport
  ) {
    let isDrum = part.role == .drums
    let longest = layout.configuration.maximumDuration
    let pitches: ClosedRange<Int>
    if isDrum {
      pitches = 0...127
    } else {
      let written = layout.writtenPitches(in: key)
      pitches = written.lowerBound + key.offset...written.upperBound + key.offset
    }
    part.notes.reserveCapacity(part.notes.count + notes.count)
    for note in notes {
      guard pitches.contains(note.pitch) else {
        report.unsupportedNotes += 1
        continue
      }
      // A step at the limit cannot be packed; its note makes the piece too long.
      let onset = min(grid.step(at: note.onset), stepLimit)
      var duration = 1
      // How long a drum sounds is the drum's affair.
      if !isDrum {
        duration = max(1, min(grid.step(at: note.onset + max(0, note.duration)), stepLimit) - onset)
        if duration > longest {
          duration = longest
          report.clippedDurations += 1
        }
      }
      part.notes.append(
        PartNote(
          step: onset, pitch: note.pitch, duration: duration, level: min(max(note.velocity, 0), 127)))
    }
  }

  /// At most `most` parts of one role: those with the fewest notes go into the one of the rest whose program is nearest.
  private static func merged(
    _ parts: [Part], most: Int, _ report: inout NormalizationReport
  ) -> [Part] {
    guard parts.count > most else { return parts }
    let order = parts.indices.sorted { (-parts[$0].notes.count, $0) < (-parts[$1].notes.count, $1) }
    let kept = order.prefix(most).sorted()
    var result = kept.map { parts[$0] }
    for index in order.dropFirst(most).sorted() {
      let part = parts[index]
      let nearest = result.indices.reduce(0) {
        abs(result[$1].program - part.program) <= abs(result[$0].program - part.program) ? $1 : $0
      }
      result[nearest].notes += part.notes
      result[nearest].sources += part.sources
    }
    report.mergedParts = (report.mergedParts ?? 0) + parts.count - most
    return result
  }

  /// The parts in the places of a fixed ensemble: by role and program, else by role, else anywhere; drums only among drums.
  private static func assigned(
    _ parts: [Part], to fixed: [CellsConfiguration.Part], _ report: inout NormalizationReport
  ) -> [Part] {
    var result = fixed.map { Part(role: $0.role, program: $0.program) }
    var isTaken = [Bool](repeating: false, count: fixed.count)
    var rest = parts
    let fits: [(Part, Part) -> Bool] = [
      { $0.role == $1.role && $0.program == $1.program }, { $0.role == $1.role },
      { ($0.role == .drums) == ($1.role == .drums) },
    ]
    for fit in fits {
      rest.removeAll { part in
        guard let place = result.indices.first(where: { !isTaken[$0] && fit(result[$0], part) }) else {
          return false
        }
        isTaken[place] = true
        result[place].notes = part.notes
        result[place].sources = part.sources
        return true
      }
    }
    for part in rest where !part.notes.isEmpty {
      let places = result.indices.filter { (result[$0].role == .drums) == (part.role == .drums) }
      guard let place = places.last(where: { result[$0].role == part.role }) ?? places.last else {
        report.unsupportedNotes += part.notes.count
        continue
      }
      result[place].notes += part.notes
      result[place].sources += part.sources
      report.mergedParts = (report.mergedParts ?? 0) + 1
    }
    return result
  }
}

extension CellScore.Part {
  /// Puts the notes in order; of several with one onset and pitch the longest stays.
  fileprivate mutating func sortAndRemoveDoublings(_ report: inout NormalizationReport) {
    var hasDoublings = false
    var isInOrder = true
    for index in notes.indices.dropFirst() {
      if notes[index] < notes[index - 1] { isInOrder = false }
      if notes[index].isDoubling(of: notes[index - 1]) { hasDoublings = true }
    }
    if isInOrder, !hasDoublings { return }
    if !isInOrder { notes.sort() }
    var kept = 0
    for index in notes.indices {
      let isLast = index + 1 == notes.count || !notes[index].isDoubling(of: notes[index + 1])
      guard isLast else { continue }
      notes[kept] = notes[index]
      kept += 1
    }
    report.doublings += notes.count - kept
    notes.removeLast(notes.count - kept)
  }
}
