/// How the twelve notes of an octave are tuned against each other.
///
/// A (440 Hz) stays where it is; the other notes move by some cents. Chains of fifths run from E♭ to G♯.
public struct Temperament: Sendable, Hashable {
  /// Its name, as `named(_:)` takes it.
  public let name: String
  /// How far each note, from C on, is above that of equal temperament, in cents.
  public let cents: [Double]

  /// A temperament of one's own.
  /// - Parameters:
  ///   - name: What it is called.
  ///   - cents: How far twelve notes, from C on, are above those of equal temperament.
  public init(name: String, cents: [Double]) {
    precondition(cents.count == 12, "a temperament has twelve notes, not \(cents.count)")
    self.name = name
    self.cents = cents
  }

  /// Equal temperament: all semitones alike.
  public static let equal = Temperament(name: "equal", cents: Array(repeating: 0, count: 12))
  /// Pure fifths (3:2) from E♭ to G♯; the fifth that is left is a comma too small.
  public static let pythagorean = Temperament(name: "pythagorean") { _ in 0 }
  /// Fifths a quarter of a syntonic comma too small, so that major thirds are pure (Aron 1523).
  public static let meantone = Temperament(name: "meantone") { _ in syntonicComma / 4 }
  /// The fifths C–G, G–D, D–A and B–F♯ a quarter of a Pythagorean comma too small, all others pure (Werckmeister 1691).
  public static let werckmeister = Temperament(name: "werckmeister") {
    [3, 4, 5, 8].contains($0) ? pythagoreanComma / 4 : 0
  }
  /// The four fifths from C to E a quarter of a syntonic comma too small, and F♯–C♯ by the schisma (Kirnberger 1779).
  public static let kirnberger = Temperament(name: "kirnberger") {
    (3...6).contains($0) ? syntonicComma / 4 : $0 == 9 ? pythagoreanComma - syntonicComma : 0
  }
  /// The six fifths from F to B a sixth of a Pythagorean comma too small (Vallotti 1779).
  public static let vallotti = Temperament(name: "vallotti") {
    (2...7).contains($0) ? pythagoreanComma / 6 : 0
  }
  /// The six fifths from C to F♯ a sixth of a Pythagorean comma too small (Young 1800, his second).
  public static let young = Temperament(name: "young") {
    (3...8).contains($0) ? pythagoreanComma / 6 : 0
  }
  /// Just intonation in C: intervals of small whole numbers (Ptolemy's diatonic scale and its chromatic neighbors).
  public static let just = Temperament(
    name: "just",
    ratios: [
      (1, 1), (16, 15), (9, 8), (6, 5), (5, 4), (4, 3), (45, 32), (3, 2), (8, 5), (5, 3), (9, 5), (15, 8),
    ])

  /// All that have a name.
  public static let all = [
    equal, meantone, werckmeister, kirnberger, vallotti, young, pythagorean, just,
  ]

  /// The temperament of a name; nil for a name that none has.
  public static func named(_ name: String) -> Temperament? { all.first { $0.name == name } }

  private static let pureFifth = 1200 * logarithm2(1.5)
  private static let pythagoreanComma = 12 * pureFifth - 8400
  private static let syntonicComma = 1200 * logarithm2(81.0 / 80)

  /// - Parameter narrowing: By how many cents each of eleven fifths is smaller than a pure one: of E♭–B♭ (0) to C♯–G♯ (10).
  private init(name: String, narrowing: (Int) -> Double) {
    var cents = [Double](repeating: 0, count: 12)
    var note = 3
    var pitch = 0.0
    for fifth in 0..<11 {
      // A pure fifth is this much wider than seven equal semitones.
      pitch += Self.pureFifth - 700 - narrowing(fifth)
      note = (note + 7) % 12
      cents[note] = pitch
    }
    self.init(name: name, cents: cents.map { $0 - cents[9] })
  }

  private init(name: String, ratios: [(Double, Double)]) {
    let cents = ratios.enumerated().map { 1200 * logarithm2($1.0 / $1.1) - 100 * Double($0) }
    self.init(name: name, cents: cents.map { $0 - cents[9] })
  }
}
