internal import Analysis

extension BeatAlignment {
  /// What was found, for a reader; nil where there is nothing to say because the piece is in time or has too few notes to tell.
  var sentence: String? {
    let percent = { (share: Double) in "\(Int((100 * share).rounded())) %" }
    switch reason {
    case .inTime, .tooFewNotes: return nil
    case .noSteadyBeat:
      return
        "played freely: \(percent(shareBefore)) of the notes lie on the grid, and no shift puts them there"
    case .beats, .bars:
      let twelfths = Int((12 * lateness).rounded())
      let place =
        twelfths == 0
        ? (sectionCount > 1 ? "the beat drifts" : "bar lines lie elsewhere")
        : "notes lie \(abs(twelfths))/12 of a beat \(twelfths > 0 ? "late" : "early")"
      return "\(place); \(percent(shareAfter)) on the grid after a shift of \(shift) ticks"
        + (sectionCount > 1 ? " in \(sectionCount) sections" : "")
    }
  }
}

/// A `BeatAlignment` as `--json` prints it.
struct AlignmentReport: Encodable {
  let reason: BeatAlignment.Reason
  let shift: Int
  let sections: Int
  let lateness: Double
  let onGrid: Double
  let onGridAfterShift: Double
  let downbeatConfidence: Double

  init(_ alignment: BeatAlignment) {
    reason = alignment.reason
    shift = alignment.shift
    sections = alignment.sectionCount
    lateness = alignment.lateness
    onGrid = alignment.shareBefore
    onGridAfterShift = alignment.shareAfter
    downbeatConfidence = alignment.downbeatConfidence
  }
}
