internal import Analysis
internal import Music

/// What is heard of an ending.
struct EndingKind: Sendable, Hashable, Codable {
  /// Whether the melody ends on the tonic of the scale, major or minor.
  var melodyOnTonic: Bool
  /// Whether the tonic is in the bass when the melody's last note begins.
  var bassOnTonic: Bool
  /// Whether the last chord is the tonic's, major or minor; nil where there is no chord, or nobody has looked for one, as in models of
  /// earlier versions.
  var chordOnTonic: Bool?
  /// Whether the melody's last note begins on a beat.
  var onBeat: Bool
  /// Whether it is at least half as long again as the melody's other notes are in the mean; nil where nobody has compared them.
  var isLong: Bool?
  /// Whether the melody comes to it by a step, or repeats it; nil where nobody has looked.
  var isStepwise: Bool?

  /// What it costs to end elsewhere than on the tonic, in melody, bass or chord.
  static let missedTonic = 4

  private static let descriptors = DescriptorSet { names.contains($0.name) }
  private static let names = [
    "ends_on_tonic", "last_bass_on_tonic", "last_note_on_beat", "last_chord_is_tonic",
    "last_note_relative_length", "ends_by_step",
  ]
  /// From this many times the mean length on a last note is long.
  private static let longLength = 1.5

  init(
    melodyOnTonic: Bool, bassOnTonic: Bool, chordOnTonic: Bool? = nil, onBeat: Bool, isLong: Bool? = nil,
    isStepwise: Bool? = nil
  ) {
    self.melodyOnTonic = melodyOnTonic
    self.bassOnTonic = bassOnTonic
    self.chordOnTonic = chordOnTonic
    self.onBeat = onBeat
    self.isLong = isLong
    self.isStepwise = isStepwise
  }

  /// How a piece ends; nil for one without a melody or a key.
  init?(of score: Score) {
    let values = [String: Double](
      uniqueKeysWithValues: zip(Self.descriptors.names, Self.descriptors.values(of: score)))
    let heard = Self.names.map { values[$0] ?? .nan }
    guard heard.prefix(3).allSatisfy({ !$0.isNaN }) else { return nil }
    self.init(
      melodyOnTonic: heard[0] > 0.5, bassOnTonic: heard[1] > 0.5,
      chordOnTonic: heard[3].isNaN ? nil : heard[3] > 0.5, onBeat: heard[2] > 0.5,
      isLong: heard[4].isNaN ? nil : heard[4] >= Self.longLength,
      isStepwise: heard[5].isNaN ? nil : heard[5] > 0.5)
  }

  /// What is heard, with what an ending that is not so costs: where the tonic is missed more than where the note is short or leapt to.
  private var traits: [(isSo: Bool?, weight: Int)] {
    [
      (melodyOnTonic, Self.missedTonic), (bassOnTonic, Self.missedTonic), (chordOnTonic, Self.missedTonic),
      (onBeat, 2), (isLong, 1), (isStepwise, 1),
    ]
  }

  /// How far another ending is from this one: 0 where it is the same in all that is said of this one.
  func distance(of other: EndingKind?) -> Int {
    guard let other else { return .max }
    return zip(traits, other.traits).reduce(0) { sum, pair in
      pair.0.isSo == nil || pair.0.isSo == pair.1.isSo ? sum : sum + pair.0.weight
    }
  }

  /// A place among all kinds, in which the same list comes in the same order.
  var order: Int {
    traits.reduce(0) { 3 * $0 + ($1.isSo.map { $0 ? 2 : 1 } ?? 0) }
  }
}
