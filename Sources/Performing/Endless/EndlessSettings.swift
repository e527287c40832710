public import Composing

/// What endless music is like: all of it can be changed while it plays, and is heard from the next bar that was not given out yet.
public struct EndlessSettings: Sendable {
  /// How pieces are composed: sampling, weights, bars of a piece, tempo and time signature, and how phrases and endings are searched, for
  /// a model with a critic. Forms, fillings and primers are for single pieces, and have no effect here.
  public var composition: CompositionSettings
  /// What each piece has to hold.
  public var limits: Limits
  /// How many notes there are in a bar, as a factor of what the model composes by itself; nil leaves it to the model. It takes tokens of
  /// `cells`.
  public var density: Double?
  /// By how many semitones everything but drums is moved, −24...24.
  public var transposition: Int
  /// The General MIDI programs of the parts with a pitch, in their order; empty for those that were composed.
  public var programs: [Int]
  /// By how much the tempo is multiplied, `tempoFactors`.
  public var tempoFactor: Double
  /// Whether a piece is moved, by a whole tone at most, to a key that is related to that of the piece before.
  public var keepsKey: Bool
  /// Whether a piece goes as fast as the one before of the same time signature.
  public var keepsTempo: Bool
  /// Whether parts are played by the instruments that played parts of their role in the piece before.
  public var keepsEnsemble: Bool
  /// Whether notes that were all composed equally loud are given accents and phrases (`Expression`), and parts places between left and right.
  public var isExpressive: Bool

  /// What the tempo may be multiplied by.
  public static let tempoFactors = 0.25...4.0
  /// What the number of notes may be multiplied by.
  public static let densities = 0.25...4.0
  /// How far music can be moved, in semitones.
  public static let transpositions = -24...24

  /// Settings; by default of a set of tunes that belong together.
  public init(
    composition: CompositionSettings = CompositionSettings(sampling: .usual), limits: Limits = Limits()
  ) {
    self.composition = composition
    self.limits = limits
    density = nil
    transposition = 0
    programs = []
    tempoFactor = 1
    keepsKey = true
    keepsTempo = true
    keepsEnsemble = true
    isExpressive = true
  }

  /// Whether what was composed by other settings can be played by these.
  func composesAs(_ other: EndlessSettings) -> Bool {
    composition == other.composition && limits == other.limits && density == other.density
  }

  /// Whether a session by other settings only has to sample in another way.
  func hasLimits(of other: EndlessSettings) -> Bool {
    var same = other
    same.composition.sampling = composition.sampling
    return composesAs(same)
  }
}
