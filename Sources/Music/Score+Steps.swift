extension Score {
  /// The highest note that begins in each step of an even grid, to the last in which one does; nil for a step in which none begins.
  /// Drums do not count.
  /// - Parameter stepsPerQuarter: How many steps a quarter note has, at least 1.
  public func highestNotes(stepsPerQuarter: Int) -> [Note?] {
    precondition(stepsPerQuarter > 0, "a grid of \(stepsPerQuarter) steps a quarter")
    var steps: [Note?] = []
    for note in tracks.lazy.filter({ !$0.isDrum }).flatMap(\.notes) where note.onset >= 0 {
      let (whole, rest) = note.onset.quotientAndRemainder(dividingBy: ticksPerQuarter)
      let step = whole * stepsPerQuarter + rest * stepsPerQuarter / ticksPerQuarter
      if step >= steps.count { steps += Array(repeating: nil, count: step + 1 - steps.count) }
      if note.pitch > steps[step]?.pitch ?? -1 { steps[step] = note }
    }
    return steps
  }
}
