extension GridScore {
  /// The ids of the score in one pass over bars, tempos and notes.
  func ids(_ layout: REMILayout) -> [Int32] {
    let usesPrograms = layout.usesPrograms
    let lowestPitch = layout.pitch.lowerBound - Int32(layout.lowestPitch)
    // The scale of durations goes by ones.
    let firstDuration = layout.duration.lowerBound - Int32(layout.durations.values[0])
    var ids: [Int32] = []
    ids.reserveCapacity(2 + 2 * bars.count + 2 * tempos.count + (usesPrograms ? 5 : 4) * notes.count)
    ids.append(REMILayout.beginning)
    var (tempo, note) = (0, 0)
    for bar in bars {
      ids.append(REMILayout.bar)
      ids.append(layout.timeSignature.lowerBound + Int32(bar.timeSignature))
      let end = bar.start + layout.barLengths[bar.timeSignature]
      while true {
        let step = min(
          note < notes.count ? notes[note].step : Int.max, tempo < tempos.count ? tempos[tempo].step : Int.max
        )
        guard step < end else { break }
        ids.append(layout.position.lowerBound + Int32(step - bar.start))
        if tempo < tempos.count, tempos[tempo].step == step {
          ids.append(layout.tempo.lowerBound + Int32(tempos[tempo].tempo))
          tempo += 1
        }
        while note < notes.count, notes[note].step == step {
          let word = notes[note]
          let isDrum = word.program == REMILayout.drums
          if usesPrograms { ids.append(layout.program.lowerBound + Int32(word.program)) }
          ids.append((isDrum ? layout.drumPitch.lowerBound : lowestPitch) + Int32(word.pitch))
          ids.append(layout.velocity.lowerBound + Int32(word.velocity))
          ids.append(firstDuration + Int32(word.duration))
          note += 1
        }
      }
    }
    ids.append(REMILayout.end)
    return ids
  }
}
