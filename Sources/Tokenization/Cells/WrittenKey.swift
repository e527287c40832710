internal import Music

/// One of the 24 keys, 0...11 major by tonic and 12...23 minor, and what its pitches are written as: those of a piece are moved so that
/// its key signature has neither sharps nor flats.
struct WrittenKey: Hashable, Sendable {
  static let count = 24

  let index: Int

  init(index: Int) { self.index = index }

  init(tonic: Int, isMinor: Bool) { index = tonic + (isMinor ? 12 : 0) }

  /// The key of a key signature, which may have up to seven sharps (positive) or flats.
  init(fifths: Int, isMinor: Bool) {
    let majorTonic = ((fifths * 7) % 12 + 12) % 12
    self.init(tonic: (majorTonic + (isMinor ? 9 : 0)) % 12, isMinor: isMinor)
  }

  /// The pitch class of the tonic.
  var tonic: Int { index % 12 }
  var isMinor: Bool { index >= 12 }

  /// By how many semitones the piece sounds higher than it is written, −5...6.
  var offset: Int {
    let majorTonic = isMinor ? (tonic + 3) % 12 : tonic
    return majorTonic > 6 ? majorTonic - 12 : majorTonic
  }

  /// Sharps (positive) or flats, −5...6.
  var fifths: Int {
    let sharps = (offset + 12) % 12 * 7 % 12
    return sharps > 6 ? sharps - 12 : sharps
  }

  /// The token: `Key_Bb`, `Key_F#m`.
  var token: String {
    let tonic = keyName(fifths: fifths, isMinor: isMinor).prefix { $0 != " " }
    return "Key_\(tonic)\(isMinor ? "m" : "")"
  }

  /// The same mode `semitones` higher; nil where pitches could not be written as they are.
  func transposed(by semitones: Int) -> WrittenKey? {
    guard (-5...6).contains(offset + semitones) else { return nil }
    return WrittenKey(tonic: ((tonic + semitones) % 12 + 12) % 12, isMinor: isMinor)
  }
}
