internal import Music

extension DescriptorGroup {
  /// How pieces begin.
  static let openings = DescriptorGroup(
    descriptors: [
      Descriptor(
        "pickup_length", .quarters, "begins with a long pickup", tooHigh: "pickups are too long",
        tooLow: "pickups are too short", needsWholePiece: true),
      Descriptor(
        "has_pickup", .share, "begins with a pickup", tooHigh: "too many pieces begin with a pickup",
        tooLow: "too few pieces begin with a pickup", needsWholePiece: true),
      Descriptor(
        "silence_before", .seconds, "begins after a silence",
        tooHigh: "too much silence before the first note",
        tooLow: "too little silence before the first note", needsWholePiece: true),
      Descriptor(
        "opens_on_tonic", .share, "begins with the key's first note in the melody",
        tooHigh: "too many melodies begin on the tonic", tooLow: "too few melodies begin on the tonic",
        needsWholePiece: true),
      Descriptor(
        "opens_on_tonic_triad", .share, "begins with a note of the tonic triad in the melody",
        tooHigh: "too many melodies begin on the tonic triad",
        tooLow: "too few melodies begin on the tonic triad",
        needsWholePiece: true),
      Descriptor(
        "first_melody_note_length", .quarters, "begins with a long melody note",
        tooHigh: "first melody notes are too long", tooLow: "first melody notes are too short",
        needsWholePiece: true),
    ]
  ) { score in
    guard let first = (score.notes.prefix(1) + score.drums.prefix(1)).min(by: { $0.onset < $1.onset }) else {
      return [Double](repeating: .nan, count: 6)
    }
    let pickup = Double(score.pickup) / Double(MeasuredScore.stepsPerQuarter)
    var onTonic = Double.nan
    var onTriad = Double.nan
    if let note = score.melody.first, let key = score.key, let triad = score.tonicTriad {
      onTonic = note.pitchClass == key.tonic ? 1 : 0
      onTriad = triad >> UInt16(note.pitchClass) & 1 == 1 ? 1 : 0
    }
    return [
      pickup, pickup > 0 ? 1 : 0, score.seconds(at: first.onset), onTonic, onTriad,
      score.melody.first.map { Double($0.duration) / Double(MeasuredScore.stepsPerQuarter) } ?? .nan,
    ]
  }

  /// How pieces end. The tonic is that of the scale that most notes fit, in major or in minor, since a key and its relative are told
  /// apart by little else than the ending itself; `ends_on_key_tonic` asks for that of the one key that `Score.key` has.
  static let endings = DescriptorGroup(
    descriptors: [
      Descriptor(
        "ends_on_tonic", .share, "ends with the scale's tonic, major or minor, in the melody",
        tooHigh: "too many melodies end on the tonic", tooLow: "too few melodies end on the tonic",
        needsWholePiece: true),
      Descriptor(
        "ends_on_key_tonic", .share,
        "ends with the first note of the key that all its notes suggest in the melody",
        tooHigh: "too many melodies end on the estimated key's tonic",
        tooLow: "too few melodies end on the estimated key's tonic", needsWholePiece: true),
      Descriptor(
        "last_melody_note_length", .quarters, "ends with a long melody note",
        tooHigh: "last melody notes are too long", tooLow: "last melody notes are too short",
        needsWholePiece: true),
      Descriptor(
        "last_note_relative_length", .count, "ends with a melody note that is long beside the others",
        tooHigh: "last melody notes are too long beside the others",
        tooLow: "last melody notes are too short beside the others", needsWholePiece: true),
      Descriptor(
        "last_note_on_downbeat", .share, "ends with a melody note on a first beat",
        tooHigh: "too many last melody notes are on first beats",
        tooLow: "too few last melody notes are on first beats", needsWholePiece: true),
      Descriptor(
        "last_note_on_beat", .share, "ends with a melody note on a beat",
        tooHigh: "too many last melody notes are on beats", tooLow: "too few last melody notes are on beats",
        needsWholePiece: true),
      Descriptor(
        "ends_by_step", .share, "reaches its last melody note by a step, or repeats it",
        tooHigh: "too many melodies reach their last note by a step",
        tooLow: "too few melodies reach their last note by a step", needsWholePiece: true),
      Descriptor(
        "last_bass_on_tonic", .share, "ends with the scale's tonic, major or minor, in the bass",
        tooHigh: "too many pieces end with the tonic in the bass",
        tooLow: "too few pieces end with the tonic in the bass", needsWholePiece: true),
      Descriptor(
        "last_chord_is_tonic", .share, "ends with the scale's tonic chord, major or minor",
        tooHigh: "too many pieces end with the tonic chord",
        tooLow: "too few pieces end with the tonic chord",
        needsWholePiece: true),
      Descriptor(
        "whole_phrases", .share, "ends a whole number of four bars after the first full bar",
        tooHigh: "too many pieces have a whole number of four bars",
        tooLow: "too few pieces have a whole number of four bars", needsWholePiece: true),
    ]
  ) { score in
    [
      score.melodyEnding.onTonic, score.melodyEnding.onKeyTonic, score.melodyEnding.length,
      score.melodyEnding.relativeLength,
      score.melodyEnding.onDownbeat, score.melodyEnding.onBeat, score.endsByStep, score.lastBassOnTonic,
      score.lastChordIsTonic, score.wholePhrases,
    ]
  }
}

extension MeasuredScore {
  /// The pickup in steps: what is left of the first bar with notes where the first note begins after its bar line, or what the score states.
  fileprivate var pickup: Int {
    guard let first = (notes.prefix(1) + drums.prefix(1)).min(by: { $0.onset < $1.onset }) else { return 0 }
    let bar = bars[first.bar]
    if first.onset > bar.start { return bar.end - first.onset }
    return first.bar == 0 ? score.pickup * Self.stepsPerQuarter / score.ticksPerQuarter : 0
  }

  /// Seconds from the beginning to a step.
  fileprivate func seconds(at step: Int) -> Double {
    score.timeMap.seconds(at: step * score.ticksPerQuarter / Self.stepsPerQuarter)
  }

  /// How the melody ends; each is NaN without a melody.
  fileprivate var melodyEnding:
    (
      onTonic: Double, onKeyTonic: Double, length: Double, relativeLength: Double, onDownbeat: Double,
      onBeat: Double
    )
  {
    guard let last = melody.last, let key, let tonics else { return (.nan, .nan, .nan, .nan, .nan, .nan) }
    let place = bars[last.bar].place(at: last.onset - bars[last.bar].start)
    let mean = Measures.mean(melody.dropLast().map { Double($0.duration) })
    return (
      tonics.contains(last.pitchClass) ? 1 : 0, last.pitchClass == key.tonic ? 1 : 0,
      Double(last.duration) / Double(Self.stepsPerQuarter),
      Double(last.duration) / mean, place == .downbeat ? 1 : 0, place <= .beat ? 1 : 0
    )
  }

  /// Whether the last interval of the melody is no larger than a whole tone; NaN where there is none.
  fileprivate var endsByStep: Double {
    guard let last = melody.last, let before = melody.dropLast().last else { return .nan }
    return abs(last.pitch - before.pitch) <= 2 ? 1 : 0
  }

  /// Whether the lowest of the pitches that sound when the last of them begins is the tonic.
  fileprivate var lastBassOnTonic: Double {
    guard let last = notes.last, let tonics else { return .nan }
    let sounding = notes.filter { $0.onset <= last.onset && $0.end > last.onset }
    guard let bass = sounding.min(by: { $0.pitch < $1.pitch }) else { return .nan }
    return tonics.contains(bass.pitchClass) ? 1 : 0
  }

  /// Whether the last chord is that of the first degree; NaN where no chord was found.
  fileprivate var lastChordIsTonic: Double {
    guard let tonics, let last = chords.last(where: { $0.chord != nil })?.chord else { return .nan }
    return last.root == (last.quality.isMinor ? tonics.minor : tonics.major) ? 1 : 0
  }

  /// Whether the number of bars after a pickup is a multiple of four.
  fileprivate var wholePhrases: Double {
    guard let first = (notes.prefix(1) + drums.prefix(1)).min(by: { $0.onset < $1.onset }) else {
      return .nan
    }
    let firstFullBar =
      first.bar + (first.onset > bars[first.bar].start || (first.bar == 0 && score.pickup > 0) ? 1 : 0)
    return (bars.count - firstFullBar) % 4 == 0 ? 1 : 0
  }
}
