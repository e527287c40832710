/// A key: the value of a `K:` field (ABC 2.1, section 3.1.14).
struct ABCKey {
  /// Sharps or flats of the signature, −7...7, for a MIDI file's sake; `accidentals` is what is played.
  var fifths = 0
  /// Whether the mode has a minor third.
  var isMinor = false
  /// What the signature does to each letter, in semitones, A first.
  var accidentals = [Int](repeating: 0, count: 7)

  /// Semitones that each letter adds under a signature of `fifths`.
  static func signature(_ fifths: Int) -> [Int] {
    // The order of sharps as letters from A: F C G D A E B; that of flats is the reverse.
    let order = [5, 2, 6, 3, 0, 4, 1]
    var result = [Int](repeating: 0, count: 7)
    for step in 0..<7 {
      if fifths > step { result[order[step]] = 1 }
      if -fifths > step { result[order[6 - step]] = -1 }
    }
    return result
  }

  /// The modes by their first three letters: how many fifths they lie from major, and whether their third is minor.
  private static let modes: [String: (fifths: Int, isMinor: Bool)] = [
    "maj": (0, false), "ion": (0, false), "m": (-3, true), "min": (-3, true), "aeo": (-3, true),
    "mix": (-1, false), "dor": (-2, true), "phr": (-4, true), "lyd": (1, false), "loc": (-5, true),
  ]

  /// What a `K:` field has besides the key.
  struct Reading {
    /// The key; nil if the field only names a clef.
    var key: ABCKey?
    var octave = 0
    var transposition = 0
    /// Words that were not understood.
    var unknown: [String] = []
  }

  /// Reads a field's value: `G`, `Dmix`, `A dorian`, `HP`, `none`, `D exp _b ^f`, `D =c`, with `clef=` and the like.
  static func read(_ text: String) -> Reading {
    var reading = Reading()
    var words = text.split(whereSeparator: \.isWhitespace).map(String.init)
    if words.isEmpty { words = ["none"] }
    var tonicFifths: Int?
    var isExplicit = false
    var changes: [(letter: Int, semitones: Int)] = []
    for (index, word) in words.enumerated() {
      if index == 0, word.lowercased() == "none" {
        reading.key = ABCKey()
      } else if index == 0, word.lowercased() == "hp" {
        reading.key = ABCKey(fifths: 2, isMinor: false, accidentals: signature(2))
      } else if index == 0, let (fifths, rest) = tonic(word) {
        tonicFifths = fifths
        reading.key = ABCKey(fifths: fifths, isMinor: false, accidentals: signature(fifths))
        if rest.lowercased() == "exp" {
          isExplicit = true
        } else {
          // Accidentals may follow the mode without a space, as in "Dmix=c".
          let mode = rest.prefix(while: \.isLetter)
          let accidentals = String(rest.dropFirst(mode.count))
          if !mode.isEmpty, !reading.applyMode(String(mode), tonicFifths: fifths) {
            reading.unknown.append(word)
          } else if !accidentals.isEmpty {
            changes += globalAccidentals(accidentals) ?? reading.leave(word)
          }
        }
      } else if word.lowercased() == "exp" {
        isExplicit = true
      } else if let accidentals = globalAccidentals(word) {
        changes += accidentals
      } else if index > 0, let fifths = tonicFifths, reading.applyMode(word, tonicFifths: fifths) {
        continue
      } else {
        reading.readClef(word)
      }
    }
    if isExplicit || (reading.key == nil && !changes.isEmpty) {
      reading.key = ABCKey(fifths: reading.key?.fifths ?? 0, isMinor: reading.key?.isMinor ?? false)
    }
    for change in changes { reading.key?.accidentals[change.letter] = change.semitones }
    return reading
  }

  /// The fifths of a major key on the tonic that `word` begins with, and what follows.
  private static func tonic(_ word: String) -> (fifths: Int, rest: String)? {
    // C D E F G A B in fifths from C.
    let fifthsOfLetter: [Character: Int] = ["C": 0, "D": 2, "E": 4, "F": -1, "G": 1, "A": 3, "B": 5]
    guard let first = word.first, var fifths = fifthsOfLetter[first] else { return nil }
    var rest = word.dropFirst()
    if rest.first == "#" || rest.first == "♯" {
      fifths += 7
      rest = rest.dropFirst()
    } else if rest.first == "♭" || (rest.first == "b" && !rest.lowercased().hasPrefix("bass")) {
      fifths -= 7
      rest = rest.dropFirst()
    }
    return (fifths, String(rest))
  }

  /// `^f_b=c__e` as changes of letters; nil where `word` is no row of accidentals with letters.
  private static func globalAccidentals(_ word: String) -> [(letter: Int, semitones: Int)]? {
    var changes: [(letter: Int, semitones: Int)] = []
    var semitones = 0
    var sawAccidental = false
    for character in word {
      switch character {
      case "^": (semitones, sawAccidental) = (semitones + 1, true)
      case "_": (semitones, sawAccidental) = (semitones - 1, true)
      case "=": (semitones, sawAccidental) = (0, true)
      default:
        guard sawAccidental, let value = character.asciiValue, case let letter = Int(value | 0x20) - 0x61,
          (0..<7).contains(letter), abs(semitones) <= 2
        else { return nil }
        changes.append((letter, semitones))
        (semitones, sawAccidental) = (0, false)
      }
    }
    return changes.isEmpty || sawAccidental ? nil : changes
  }
}

extension ABCKey.Reading {
  /// Turns the major key into `word`'s mode; false if it is not a mode.
  fileprivate mutating func applyMode(_ word: String, tonicFifths: Int) -> Bool {
    let lower = word.lowercased()
    guard lower.allSatisfy(\.isLetter), let mode = ABCKey.mode(String(lower.prefix(3))) else { return false }
    // A signature of more than seven accidentals has no MIDI equivalent; it is played as its enharmonic twin.
    var fifths = tonicFifths + mode.fifths
    if fifths > 7 { fifths -= 12 }
    if fifths < -7 { fifths += 12 }
    key = ABCKey(fifths: fifths, isMinor: mode.isMinor, accidentals: ABCKey.signature(fifths))
    return true
  }

  /// Notes that `word` was not understood.
  fileprivate mutating func leave(_ word: String) -> [(letter: Int, semitones: Int)] {
    unknown.append(word)
    return []
  }

  /// Reads `clef=bass`, `octave=-1`, `transpose=2`, or a clef's bare name.
  fileprivate mutating func readClef(_ word: String) {
    let halves = word.split(separator: "=", maxSplits: 1).map(String.init)
    guard halves.count == 2 else {
      let clefs = ["treble", "bass", "alto", "tenor", "perc", "none", "soprano", "mezzo", "baritone", "clef"]
      if !clefs.contains(where: { word.lowercased().hasPrefix($0) }) { unknown.append(word) }
      return
    }
    switch halves[0].lowercased() {
    case "octave": octave = clamped(Int(halves[1]), to: -4...4)
    case "transpose", "t": transposition = clamped(Int(halves[1]), to: -48...48)
    default: break
    }
  }

  private func clamped(_ value: Int?, to range: ClosedRange<Int>) -> Int {
    min(max(value ?? 0, range.lowerBound), range.upperBound)
  }
}

extension ABCKey {
  fileprivate static func mode(_ prefix: String) -> (fifths: Int, isMinor: Bool)? { modes[prefix] }
}
