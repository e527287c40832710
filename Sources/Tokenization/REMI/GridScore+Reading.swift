internal import Music

extension GridScore {
  /// The part of `score` that the grid can represent; the rest goes into `report`.
  /// - Throws: `.noNotes`, `.tooLong`.
  init(
    _ score: Score, layout: REMILayout, report: inout NormalizationReport
  ) throws(TokenizationError) {
    let grid = Grid(
      ticksPerQuarter: score.ticksPerQuarter, stepsPerQuarter: layout.configuration.stepsPerQuarter)
    for track in score.tracks {
      report.ignoredEvents += track.controlChanges.count + track.pitchBends.count + track.pressures.count
    }
    report.ignoredEvents += score.keys.count + score.markers.count
    report.notes = score.noteCount
    notes.reserveCapacity(report.notes)
    for track in score.tracks { append(track, grid, layout, &report) }
    notes.sort()
    removeDoublings(beyond: layout.configuration.unisonLimit, &report)
    report.keptNotes = notes.count

    var end = 0
    for note in notes { end = max(end, note.end) }
    guard end > 0 else { throw .noNotes }
    guard end < GridNote.stepLimit else {
      throw .tooLong(bars: end / (4 * grid.stepsPerQuarter), limit: BarLimit.highest)
    }
    let plan = BarPlan(score.timeSignatures, grid: grid, meters: layout.meters, report: &report)
    bars = try plan.bars(covering: end, report: &report)
    readTempos(score.tempos, grid, layout, &report)
  }

  private mutating func append(
    _ track: Track, _ grid: Grid, _ layout: REMILayout, _ report: inout NormalizationReport
  ) {
    let fixedProgram: Int?
    switch (layout.configuration.instruments, track.isDrum) {
    case (.programs, let isDrum): fixedProgram = isDrum ? REMILayout.drums : nil
    case (.single(let program), false): fixedProgram = program
    case (.drums, true): fixedProgram = REMILayout.drums
    default:
      report.unsupportedNotes += track.notes.count
      return
    }
    let pitches = track.isDrum ? 0...127 : layout.configuration.pitchRange
    var program = min(max(fixedProgram ?? track.program ?? 0, 0), REMILayout.drums)
    var changes = (fixedProgram == nil ? track.programChanges : [])[...]
    for note in track.notes {
      while let change = changes.first, change.tick <= note.onset {
        program = min(max(change.program, 0), 127)
        changes.removeFirst()
      }
      guard pitches.contains(note.pitch) else {
        report.unsupportedNotes += 1
        continue
      }
      notes.append(Self.gridNote(note, program: program, grid, layout, &report))
    }
  }

  /// A note on the grid; what is longer than a duration can be is clipped.
  @inline(__always)
  private static func gridNote(
    _ note: Note, program: Int, _ grid: Grid, _ layout: REMILayout, _ report: inout NormalizationReport
  ) -> GridNote {
    let onset = min(grid.step(at: note.onset), GridNote.stepLimit)
    var duration = max(
      1, min(grid.step(at: note.onset + max(0, note.duration)), GridNote.stepLimit) - onset)
    if duration > layout.configuration.maximumDuration {
      duration = layout.configuration.maximumDuration
      report.clippedDurations += 1
    }
    // A step at the limit cannot be packed; its note is kept out of the words and makes the piece too long.
    guard onset < GridNote.stepLimit else {
      return GridNote(
        step: GridNote.stepLimit - 1, program: program, pitch: note.pitch, duration: 1, velocity: 0)
    }
    return GridNote(
      step: onset, program: program, pitch: note.pitch, duration: duration,
      velocity: Int(layout.velocityBins[min(max(note.velocity, 0), 127)]))
  }

  /// Of notes with one step, program and pitch, leaves the longest `limit`.
  private mutating func removeDoublings(beyond limit: Int, _ report: inout NormalizationReport) {
    var kept = 0
    var first = 0
    while first < notes.count {
      var end = first + 1
      while end < notes.count, notes[end].isUnison(with: notes[first]) { end += 1 }
      for index in max(first, end - limit)..<end {
        notes[kept] = notes[index]
        kept += 1
      }
      first = end
    }
    report.doublings += notes.count - kept
    notes.removeLast(notes.count - kept)
  }

  private mutating func readTempos(
    _ changes: [TempoChange], _ grid: Grid, _ layout: REMILayout, _ report: inout NormalizationReport
  ) {
    let end = end(layout)
    tempos = [
      GridTempo(
        step: 0,
        tempo: layout.tempos.index(microsecondsPerQuarter: TempoChange.standard.microsecondsPerQuarter))
    ]
    for change in changes {
      let step = grid.step(at: change.tick)
      guard step < end else { break }
      let index = layout.tempos.index(microsecondsPerQuarter: change.microsecondsPerQuarter)
      let ratio =
        Double(layout.tempos.microsecondsPerQuarter[index]) / Double(max(1, change.microsecondsPerQuarter))
      if !(0.97...1.03).contains(ratio) { report.clippedTempos += 1 }
      if tempos[tempos.count - 1].step == step {
        tempos[tempos.count - 1].tempo = index
      } else {
        tempos.append(GridTempo(step: step, tempo: index))
      }
    }
    // Only now is it known which of several changes on one step remained.
    var kept: [GridTempo] = []
    for change in tempos where kept.last?.tempo != change.tempo { kept.append(change) }
    tempos = kept
  }
}
