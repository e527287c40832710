package import Music

extension Score {
  /// The root of the chord of each beat, as descriptors find it in the accompaniment: a pitch class, nil where fewer than two
  /// pitch classes sound in the bar; with the tick at which the beat begins.
  package var chordRoots: [(tick: Int, root: Int?)] {
    MeasuredScore(self).chords.map {
      ($0.start * ticksPerQuarter / MeasuredScore.stepsPerQuarter, $0.chord?.root)
    }
  }
}
