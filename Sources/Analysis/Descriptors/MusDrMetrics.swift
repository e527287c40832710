internal import Music

extension DescriptorGroup {
  /// The metrics of MusDr (Wu and Yang 2020, *The Jazz Transformer on the front line: Exploring the shortcomings of AI-composed
  /// music through quantitative measures*, section 4).
  ///
  /// - `H1`, `H4`: the entropy −Σ h log₂ h of the pitch class histogram (notes counted) of each bar, and of each four bars one after another; the mean over
  ///   those with notes.
  /// - `GS`, grooving similarity: 1 less the share of a bar's places at which notes begin in just one of two bars; the mean over all
  ///   pairs of bars. The places are twelfths of a quarter note, where the paper has 64 a bar.
  /// - `CPI`, chord progression irregularity: the share of different trigrams among all trigrams of the chord progression. Chords are found as
  ///   `ChordFinder` says, and one that lasts counts once.
  /// - `SI_short`, `SI_mid`, `SI_long`, structureness indicators: the highest fitness of any segment of 3 to 8, of 8 to 15, and of at least 15
  ///   seconds in the fitness scape plot (`FitnessScape`).
  static let musDr = DescriptorGroup(
    descriptors: [
      Descriptor(
        "H1", .bits, "uses many pitch classes within a bar", tooHigh: "bars use too many pitch classes",
        tooLow: "bars use too few pitch classes"),
      Descriptor(
        "H4", .bits, "uses many pitch classes within four bars",
        tooHigh: "four bars use too many pitch classes",
        tooLow: "four bars use too few pitch classes"),
      Descriptor(
        "GS", .share, "has bars whose notes begin at the same places", tooHigh: "rhythms are too much alike",
        tooLow: "rhythms have too little in common"),
      Descriptor(
        "CPI", .share, "has chord progressions that never return",
        tooHigh: "chord progressions return too little",
        tooLow: "chord progressions return too much"),
      Descriptor(
        "SI_short", .share, "repeats passages of 3 to 8 seconds", tooHigh: "short passages return too much",
        tooLow: "short passages return too little"),
      Descriptor(
        "SI_mid", .share, "repeats passages of 8 to 15 seconds",
        tooHigh: "passages of 8 to 15 seconds return too much",
        tooLow: "passages of 8 to 15 seconds return too little"),
      Descriptor(
        "SI_long", .share, "repeats passages of 15 seconds and more",
        tooHigh: "long passages return too much",
        tooLow: "long passages return too little"),
    ]
  ) { score in
    let scape = FitnessScape(score)
    return [
      meanPitchClassEntropy(score, bars: 1), meanPitchClassEntropy(score, bars: 4),
      OnsetPatterns(score).meanSimilarity, chordProgressionIrregularity(score.chordProgression),
      scape.highest(3...8), scape.highest(8...15), scape.highest(15...Double.greatestFiniteMagnitude),
    ]
  }

  private static func meanPitchClassEntropy(_ score: MeasuredScore, bars: Int) -> Double {
    let entropies = stride(from: 0, to: score.bars.count, by: bars).map { first in
      let last = min(first + bars, score.bars.count) - 1
      return Measures.entropy(
        pitchClassCounts(score.notes[score.notesOfBar[first].lowerBound..<score.notesOfBar[last].upperBound]))
    }
    return Measures.mean(entropies.filter(\.isFinite))
  }

  private static func chordProgressionIrregularity(_ chords: [Chord]) -> Double {
    guard chords.count >= 3 else { return .nan }
    let trigrams = (0...chords.count - 3).map { Trigram(chords[$0], chords[$0 + 1], chords[$0 + 2]) }
    return Measures.ratio(Set(trigrams).count, trigrams.count)
  }
}

private struct Trigram: Hashable {
  var first: Chord
  var second: Chord
  var third: Chord

  init(_ first: Chord, _ second: Chord, _ third: Chord) {
    self.first = first
    self.second = second
    self.third = third
  }
}
