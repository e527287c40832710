internal import Music

/// Whether what ABC's signs ask of a player is played.
public enum ABCOrnaments: String, Sendable, CaseIterable {
  /// Trills alternate with the note above, rolls turn round their note, a fermata doubles its note's length, staccato
  /// notes are half as long, and the notes of a chord begin shortly one after the other, as under a bow or a plectrum.
  case play
  /// The melody as it is written: every note by itself, and every bar as long as its time signature gives.
  case ignore
}

/// The signs before a note that change how it is played.
struct ABCMarks: OptionSet {
  let rawValue: UInt8

  static let trill = ABCMarks(rawValue: 1)
  static let roll = ABCMarks(rawValue: 2)
  static let fermata = ABCMarks(rawValue: 4)
  static let staccato = ABCMarks(rawValue: 8)

  /// The marks by the names that stand between exclamation marks (ABC 2.1, section 4.14).
  static let named: [String: ABCMarks] = [
    "trill": .trill, "roll": .roll, "fermata": .fermata, "invertedfermata": .fermata,
  ]

  /// The marks by their letters, unless a `U:` field changes them (section 4.16); R stood for a roll in older texts.
  static let lettered: [UInt8: ABCMarks] = [
    UInt8(ascii: "T"): .trill, UInt8(ascii: "R"): .roll, UInt8(ascii: "~"): .roll,
    UInt8(ascii: "H"): .fermata,
    UInt8(ascii: "."): .staccato,
  ]
}

/// How one note is played out. The notes next to it are those of the key signature.
enum ABCOrnament: Equatable {
  /// The note above and the note in turn.
  case trill(upper: Int)
  /// A touch of the note above.
  case cut(upper: Int, touch: Int)
  /// The note, touched by the one above, and touched by the one below: three pulses.
  case roll(upper: Int, lower: Int, pulse: Int)

  /// What is left of it on a note that a tie leads to: the touches of a roll or cut, while a trill belongs to where the
  /// tied note began.
  var afterTie: ABCOrnament? {
    switch self {
    case .trill: nil
    case .cut: self
    case .roll(let upper, _, let pulse): .cut(upper: upper, touch: pulse / 4)
    }
  }

  /// What is played for a note of this pitch and length, in order; the lengths add up to the note's.
  /// - Parameter tempo: microseconds in a quarter note.
  func segments(pitch: Int, length: Int, tempo: Int) -> [(pitch: Int, length: Int)] {
    switch self {
    case .trill(let upper):
      let count = ABCOrnament.trillCount(length, tempo: tempo)
      guard count > 1 else { return [(pitch, length)] }
      return (0..<count).map { ($0.isMultiple(of: 2) ? upper : pitch, length / count) }
    case .cut(let upper, let touch):
      let touch = min(touch, length / 2)
      return [(upper, touch), (pitch, length - touch)]
    case .roll(let upper, let lower, let pulse):
      let touch = pulse / 4
      guard length > 2 * pulse + touch else {
        return ABCOrnament.cut(upper: upper, touch: touch).segments(
          pitch: pitch, length: length, tempo: tempo)
      }
      return [
        (pitch, pulse), (upper, touch), (pitch, pulse - touch), (lower, touch),
        (pitch, length - 2 * pulse - touch),
      ]
    }
  }

  /// The longest note of a trill, in microseconds.
  private static let longestTrillNote = 100_000

  /// How many notes a trill of this length has: the longest note value that the length is made of, halved until it is
  /// quick enough; thirty-seconds at 120 quarter notes per minute. 1 where the length has no even division.
  private static func trillCount(_ length: Int, tempo: Int) -> Int {
    let divisor = greatestCommonDivisor(length, ABCTime.whole)
    guard divisor > 0, ABCTime.whole / divisor <= 64 else { return 1 }
    var (count, unit) = (length / divisor, ABCTime.whole / divisor)
    while unit < 256, 4 * tempo > longestTrillNote * unit { (count, unit) = (2 * count, 2 * unit) }
    return count
  }
}
