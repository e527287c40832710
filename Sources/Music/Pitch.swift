/// A pitch that MIDI has a key for: 0 (C-1) to 127 (G9), with 60 (C4) as middle C.
///
/// Notes hold plain numbers, as files do; this type is for what a person writes or asks for, such as the range of an
/// instrument, and tells where a pitch would leave the keys.
public struct Pitch: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// The MIDI key number, 0...127.
  public let key: Int

  /// The keys that there are.
  public static let keys = 0...127
  /// The lowest pitch, C-1.
  public static let lowest = Pitch(0)
  /// The highest pitch, G9.
  public static let highest = Pitch(127)
  /// Middle C, C4.
  public static let middleC = Pitch(60)

  /// The pitch of a key that is written in a program, which must be in 0...127; see `init(key:)` for numbers from outside.
  public init(_ key: Int) {
    precondition(Self.keys.contains(key), "key \(key) is outside 0...127")
    self.key = key
  }

  /// The pitch of a key; nil if there is none.
  public init?(key: Int) {
    guard Self.keys.contains(key) else { return nil }
    self.key = key
  }

  /// The pitch of this name: a letter, any sharps (`#`, `♯`) or flats (`b`, `♭`), and the octave, as in `C4`, `F#3`, `Bb-1`;
  /// or a key number, as in `60`. Nil if it is neither, or beyond the keys.
  public init?(_ name: some StringProtocol) {
    if let key = Int(name) {
      self.init(key: key)
      return
    }
    guard let letter = name.first, letter.isASCII,
      let natural = ["C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11][letter.uppercased()]
    else { return nil }
    let rest = name.dropFirst()
    let accidentals = rest.prefix { "#♯b♭".contains($0) }
    guard accidentals.count <= 3, let octave = Int(rest.dropFirst(accidentals.count)),
      (-2...10).contains(octave)
    else { return nil }
    let shift = accidentals.reduce(0) { $0 + ("#♯".contains($1) ? 1 : -1) }
    self.init(key: 12 * (octave + 1) + natural + shift)
  }

  /// The pitch class, 0 (C) to 11 (B).
  public var pitchClass: Int { key % 12 }

  /// The octave, −1...9; middle C begins the fourth.
  public var octave: Int { key / 12 - 1 }

  /// The pitch this many semitones higher, or lower where negative; nil if no key is as high or low.
  public func transposed(by semitones: Int) -> Pitch? {
    let (moved, isOver) = key.addingReportingOverflow(semitones)
    return isOver ? nil : Pitch(key: moved)
  }

  /// Its name with a sharp where there is a black key: `C4`, `F#3`.
  public var description: String { pitchName(key) }

  /// By height.
  public static func < (a: Pitch, b: Pitch) -> Bool { a.key < b.key }
}
