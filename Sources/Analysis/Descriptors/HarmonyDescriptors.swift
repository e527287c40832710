internal import Music

extension DescriptorGroup {
  /// Keys and scales. A scale is one of the twelve major ones, each also a natural minor scale.
  static let keys = DescriptorGroup(
    descriptors: [
      Descriptor(
        "scale_in_worst_4_bars", .share, "stays within one scale even in the four bars that do so least",
        tooHigh: "no four bars leave a scale", tooLow: "some four bars fit no scale"),
      Descriptor(
        "key_in_worst_4_bars", .share,
        "stays within the piece's scale even in the four bars that do so least",
        tooHigh: "no four bars leave the piece's scale",
        tooLow: "some four bars leave the piece's scale too far"),
      Descriptor(
        "scale_changes", .share, "has many passages of four bars that fit another scale best",
        tooHigh: "too many passages are in other scales", tooLow: "too few passages are in other scales"),
      Descriptor(
        "key_clarity", .share, "has a clear key (correlation with its profile)",
        tooHigh: "keys are too clear", tooLow: "keys are too unclear"),
      Descriptor(
        "minor", .share, "is in a minor key", tooHigh: "too many pieces are in minor keys",
        tooLow: "too few pieces are in minor keys"),
    ]
  ) { score in
    guard let key = score.key else { return [Double](repeating: .nan, count: 5) }
    let histograms = score.bars.indices.map { bar in pitchClassCounts(score.notes(inBar: bar)) }
    let total = histograms.reduce(into: [Double](repeating: 0, count: 12), add)
    let best = Scales.major[Scales.best(total)]
    let windows =
      histograms.count < 4
      ? [total]
      : (0...histograms.count - 4).map { start in
        histograms[start..<start + 4].reduce(into: [Double](repeating: 0, count: 12), add)
      }
    // Of fewer notes no scale can be told.
    let filled = windows.filter { $0.reduce(0, +) >= 8 }
    let fits = filled.map(Scales.bestShare)
    let keyFits = filled.map { Scales.share($0, of: best) / $0.reduce(0, +) }
    return [
      fits.min() ?? .nan, keyFits.min() ?? .nan,
      Measures.share(Array(zip(fits, keyFits))) { $0 > $1 + 1e-9 }, score.keyClarity, key.isMinor ? 1 : 0,
    ]
  }

  private static func add(_ sum: inout [Double], _ counts: [Double]) {
    for index in sum.indices { sum[index] += counts[index] }
  }

  /// How many notes there are of each pitch class.
  static func pitchClassCounts(_ notes: some Sequence<MeasuredNote>) -> [Double] {
    var counts = [Double](repeating: 0, count: 12)
    for note in notes { counts[note.pitchClass] += 1 }
    return counts
  }

  /// Chords, and the melody over them. Chords are found as `ChordFinder` says.
  static let harmony = DescriptorGroup(
    descriptors: [
      Descriptor(
        "melody_on_chord_tones", .share, "has a melody of chord tones",
        tooHigh: "too many melody notes are chord tones", tooLow: "too few melody notes are chord tones"),
      Descriptor(
        "strong_melody_on_chord_tones", .share, "has chord tones in the melody on first beats and half bars",
        tooHigh: "too many melody notes on strong beats are chord tones",
        tooLow: "too few melody notes on strong beats are chord tones"),
      Descriptor(
        "chord_changes", .countPerBar, "changes its harmony often", tooHigh: "harmony changes too often",
        tooLow: "harmony changes too seldom"),
      Descriptor(
        "chords", .count, "has many different chords", tooHigh: "too many different chords",
        tooLow: "too few different chords"),
      Descriptor(
        "chord_entropy", .bits, "has many chords of equal weight", tooHigh: "harmony is too varied",
        tooLow: "harmony is too poor"),
      Descriptor(
        "tonic_chords", .share, "is often on the tonic chord", tooHigh: "too often on the tonic chord",
        tooLow: "too seldom on the tonic chord"),
      Descriptor(
        "chord_fit", .share, "has notes that make clear chords", tooHigh: "chords are too plain",
        tooLow: "what sounds together makes no clear chords"),
      Descriptor(
        "minor_seconds", .share, "has many minor seconds, major sevenths and minor ninths sounding at once",
        tooHigh: "too many sharp dissonances", tooLow: "too few sharp dissonances"),
      Descriptor(
        "chords_in_scale", .share, "has chords of the key's scale",
        tooHigh: "too few chords leave the key", tooLow: "too many chords leave the key"),
    ]
  ) { score in
    let filled = score.chords.compactMap(\.chord)
    let progression = score.chordProgression
    let overChords = score.accompaniment.isEmpty ? (Double.nan, Double.nan) : melodyOnChordTones(score)
    let fits = score.chords.map(\.fit).filter(\.isFinite)
    return [
      overChords.0, overChords.1,
      progression.isEmpty ? .nan : Measures.ratio(progression.count - 1, score.bars.count),
      filled.isEmpty ? .nan : Double(Set(filled).count), Measures.entropy(Measures.counts(filled)),
      score.key.map { key in
        Measures.share(filled) { $0.root == key.tonic && $0.quality.isMinor == key.isMinor }
      } ?? .nan,
      Measures.mean(fits), sharpDissonances(score),
      score.scale.map { scale in
        Measures.share(filled) { chord in
          chord.quality.intervals.allSatisfy { scale >> UInt16((chord.root + $0) % 12) & 1 == 1 }
        }
      } ?? .nan,
    ]
  }

  /// The share of the melody's notes that belong to the chord of their beat, and of those on first beats and in the middle of bars.
  private static func melodyOnChordTones(_ score: MeasuredScore) -> (Double, Double) {
    var notes = 0
    var chordTones = 0
    var strongNotes = 0
    var strongChordTones = 0
    var beat = 0
    for note in score.melody {
      while beat < score.chords.count, score.chords[beat].end <= note.onset { beat += 1 }
      guard beat < score.chords.count, let chord = score.chords[beat].chord else { continue }
      let isChordTone = chord.contains(note.pitchClass)
      notes += 1
      chordTones += isChordTone ? 1 : 0
      let bar = score.bars[note.bar]
      if bar.place(at: note.onset - bar.start) <= .halfBar {
        strongNotes += 1
        strongChordTones += isChordTone ? 1 : 0
      }
    }
    return (Measures.ratio(chordTones, notes), Measures.ratio(strongChordTones, strongNotes))
  }

  /// The share of the onsets of pitched notes at which two sounding pitch classes are a semitone apart; NaN without a moment at
  /// which two notes sound.
  private static func sharpDissonances(_ score: MeasuredScore) -> Double {
    var moments = 0
    var dissonances = 0
    score.forEachMoment { _, pitches in
      guard pitches.count > 1 else { return }
      moments += 1
      var classes: UInt16 = 0
      for pitch in pitches { classes |= 1 << UInt16(pitch % 12) }
      let turned = (classes << 1 | classes >> 11) & 0xFFF
      if classes & turned != 0 { dissonances += 1 }
    }
    return Measures.ratio(dissonances, moments)
  }
}

extension MeasuredScore {
  /// Gives each step at which a pitched note begins, with the pitches that sound there, each once and from the lowest.
  func forEachMoment(_ body: (_ step: Int, _ pitches: [Int]) -> Void) {
    var sounding: [MeasuredNote] = []
    var pitches: [Int] = []
    var next = 0
    while next < notes.count {
      let step = notes[next].onset
      sounding.removeAll { $0.end <= step }
      while next < notes.count, notes[next].onset == step {
        sounding.append(notes[next])
        next += 1
      }
      pitches.removeAll(keepingCapacity: true)
      for note in sounding where !pitches.contains(note.pitch) { pitches.append(note.pitch) }
      pitches.sort()
      body(step, pitches)
    }
  }
}
