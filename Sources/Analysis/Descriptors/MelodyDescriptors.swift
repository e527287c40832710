internal import Music

extension DescriptorGroup {
  /// The melody's notes one by one.
  static let melody = DescriptorGroup(
    descriptors: [
      Descriptor(
        "melody_range", .semitones, "has a melody of wide range", tooHigh: "melodies have too wide a range",
        tooLow: "melodies have too narrow a range"),
      Descriptor(
        "melody_height", .semitones, "has a high melody (as a MIDI key, on average)",
        tooHigh: "melodies are too high",
        tooLow: "melodies are too low"),
      Descriptor(
        "melody_notes", .countPerBar, "has many melody notes", tooHigh: "melodies have too many notes",
        tooLow: "melodies have too few notes"),
      Descriptor(
        "melody_notes_deviation", .countPerBar, "has melody bars with many and with few notes",
        tooHigh: "melodies move too unevenly from bar to bar",
        tooLow: "melodies move too evenly from bar to bar"),
      Descriptor(
        "melody_note_length", .quarters, "has long melody notes", tooHigh: "melody notes are too long",
        tooLow: "melody notes are too short"),
      Descriptor(
        "melody_length_entropy", .bits, "has melody notes of many lengths",
        tooHigh: "melody notes have too many lengths", tooLow: "melody notes have too few lengths"),
      Descriptor(
        "melody_rhythm_entropy", .bits, "has melody notes at unforeseeable times",
        tooHigh: "the time from a melody note to the next is too irregular",
        tooLow: "the time from a melody note to the next is too regular"),
      Descriptor(
        "long_melody_notes", .share, "has many melody notes of at least a half note",
        tooHigh: "too many long melody notes", tooLow: "too few long melody notes"),
      Descriptor(
        "short_melody_notes", .share, "has many melody notes of at most a sixteenth",
        tooHigh: "too many short melody notes", tooLow: "too few short melody notes"),
      Descriptor(
        "melody_rests", .share, "has a melody that rests for much of the time",
        tooHigh: "melodies rest too much",
        tooLow: "melodies rest too little"),
      Descriptor(
        "empty_melody_bars", .share, "has many bars in which no melody note begins",
        tooHigh: "too many bars without melody", tooLow: "too few bars without melody"),
      Descriptor(
        "melody_pitch_entropy", .bits, "has a melody of many pitch classes",
        tooHigh: "melodies use too many pitch classes too evenly",
        tooLow: "melodies stay on too few pitch classes"),
      Descriptor(
        "melody_on_tonic", .share, "has a melody that is often on the tonic",
        tooHigh: "melodies are on the tonic too often", tooLow: "melodies are on the tonic too seldom"),
    ]
  ) { score in
    let melody = score.melody
    guard !melody.isEmpty else { return [Double](repeating: .nan, count: 13) }
    let quarter = Double(MeasuredScore.stepsPerQuarter)
    let pitches = melody.map { Double($0.pitch) }
    let inBars = score.melodyOfBar.map { Double($0.count) }
    let sounding = melody.reduce(0) { $0 + $1.duration }
    let onsets = zip(melody, melody.dropFirst()).map { $1.onset - $0.onset }
    return [
      (pitches.max() ?? 0) - (pitches.min() ?? 0), Measures.mean(pitches), Measures.mean(inBars),
      Measures.deviation(inBars), Double(sounding) / Double(melody.count) / quarter,
      Measures.entropy(Measures.counts(melody.map(\.duration))), Measures.entropy(Measures.counts(onsets)),
      Measures.share(melody) { $0.duration >= 2 * MeasuredScore.stepsPerQuarter },
      Measures.share(melody) { $0.duration <= MeasuredScore.stepsPerQuarter / 4 },
      1 - Double(sounding) / Double(max(1, score.bars.last?.end ?? 0)),
      Measures.share(score.melodyOfBar, \.isEmpty),
      Measures.entropy(Measures.counts(melody.map(\.pitchClass))),
      score.key.map { key in Measures.share(melody) { $0.pitchClass == key.tonic } } ?? .nan,
    ]
  }

  /// The steps from each melody note to the next, in semitones.
  static let intervals = DescriptorGroup(
    descriptors: [
      Descriptor(
        "repeated_pitches", .share, "repeats melody notes on the same pitch",
        tooHigh: "melodies repeat pitches too often", tooLow: "melodies repeat pitches too seldom"),
      Descriptor(
        "seconds", .share, "has a melody that moves by seconds", tooHigh: "melodies move too much by seconds",
        tooLow: "melodies move too little by seconds"),
      Descriptor(
        "thirds", .share, "has a melody that moves by thirds", tooHigh: "melodies move too much by thirds",
        tooLow: "melodies move too little by thirds"),
      Descriptor(
        "fourths_and_fifths", .share, "has a melody that leaps by fourths and fifths",
        tooHigh: "melodies leap too much by fourths and fifths",
        tooLow: "melodies leap too little by fourths and fifths"),
      Descriptor(
        "wide_leaps", .share, "has a melody that leaps by a sixth or more", tooHigh: "too many wide leaps",
        tooLow: "too few wide leaps"),
      Descriptor(
        "seconds_of_steps", .share, "has a melody that, where it changes pitch, moves by seconds",
        tooHigh: "of the melody's steps too many are seconds",
        tooLow: "of the melody's steps too few are seconds"),
      Descriptor(
        "interval_entropy", .bits, "has a melody of many intervals",
        tooHigh: "melodies have too many intervals",
        tooLow: "melodies have too few intervals"),
      Descriptor(
        "interval_transition_entropy", .bits, "has a melody in which an interval does not tell the next",
        tooHigh: "intervals follow each other too freely",
        tooLow: "intervals follow each other too predictably"),
      Descriptor(
        "rising_intervals", .share, "has a melody that moves up more often than down",
        tooHigh: "melodies move up too often", tooLow: "melodies move up too seldom"),
      Descriptor(
        "turns", .share, "has a melody that often changes direction",
        tooHigh: "melodies change direction too often",
        tooLow: "melodies change direction too seldom"),
      Descriptor(
        "answered_leaps", .share, "has leaps of a fourth or more that are followed by a step back",
        tooHigh: "too many leaps are followed by motion back",
        tooLow: "too few leaps are followed by motion back"),
    ]
  ) { score in
    let intervals = zip(score.melody, score.melody.dropFirst()).map { $1.pitch - $0.pitch }
    let moves = intervals.filter { $0 != 0 }
    let pairs = Array(zip(moves, moves.dropFirst()))
    let leaps = pairs.filter { abs($0.0) >= 5 }
    func share(_ range: ClosedRange<Int>) -> Double { Measures.share(intervals) { range.contains(abs($0)) } }
    return [
      share(0...0), share(1...2), share(3...4), share(5...7), share(8...127),
      Measures.share(moves) { abs($0) <= 2 }, Measures.entropy(Measures.counts(intervals)),
      Measures.transitionEntropy(intervals), Measures.share(moves) { $0 > 0 },
      Measures.share(pairs) { ($0 > 0) != ($1 > 0) }, Measures.share(leaps) { ($0 > 0) != ($1 > 0) },
    ]
  }
}
