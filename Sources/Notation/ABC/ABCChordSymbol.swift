/// A chord symbol above the melody, such as `Gm7/D` (ABC 2.1, section 4.18).
struct ABCChordSymbol: Hashable {
  /// The root, 0...11 from C.
  var root: Int
  /// The chord's tones in semitones above the root.
  var intervals: [Int]
  /// The bass where a slash names it, 0...11 from C.
  var bass: Int?

  enum Reading: Equatable {
    case chord(ABCChordSymbol)
    /// `N.C.`: nothing is played.
    case silence
    /// Fingerings, directions and other texts in the place of a chord symbol.
    case words
    /// It begins like a chord and continues like none.
    case unknown
  }

  /// Reads a symbol; what follows a space or a bracket is taken for an alternative and ignored.
  static func read(_ text: String) -> Reading {
    var rest = Substring(text.filter { $0 != "(" && $0 != ")" || text.first != "(" })
    rest = rest.prefix { $0 != " " && $0 != "(" && $0 != ";" && $0 != "," }
    if ["N.C.", "NC", "n.c.", "N.C", "nc"].contains(rest) { return .silence }
    if ["D.C.", "D.S.", "DC", "DS", "Fine", "FINE", "Coda", "CODA", "Da"].contains(rest) { return .words }
    guard let root = takeNote(&rest, lowercase: false) else { return .words }
    var quality = rest
    var bass: Int?
    if let slash = rest.lastIndex(of: "/") {
      var name = rest[rest.index(after: slash)...]
      if let note = takeNote(&name, lowercase: true), name.isEmpty {
        bass = note
        quality = rest[..<slash]
      }
    }
    guard let intervals = qualities[String(quality)] else { return .unknown }
    return .chord(ABCChordSymbol(root: root, intervals: intervals, bass: bass))
  }

  /// The MIDI keys of a block chord: the bass between C2 and B2, the tones in close position from E3 upwards.
  var pitches: [Int] {
    let lowest = 52
    let tones = Set(intervals.map { lowest + (root + $0 - lowest % 12 + 24) % 12 })
    return [36 + (bass ?? root)] + tones.sorted()
  }

  private static func takeNote(_ text: inout Substring, lowercase: Bool) -> Int? {
    let letters: [Character: Int] = ["C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11]
    guard let first = text.first,
      var pitch = letters[first] ?? (lowercase ? letters[Character(first.uppercased())] : nil)
    else { return nil }
    text.removeFirst()
    // Older tunes write the sharp of a bass as "D/f+".
    if text.first == "#" || text.first == "♯" || (lowercase && text.first == "+") {
      pitch += 1
      text.removeFirst()
    } else if text.first == "b" || text.first == "♭" {
      pitch += 11
      text.removeFirst()
    }
    return pitch % 12
  }

  private static let qualities: [String: [Int]] = {
    let spellings: [([String], [Int])] = [
      (["", "maj", "M", "major", "Maj"], [0, 4, 7]),
      (["m", "min", "-", "mi", "minor"], [0, 3, 7]),
      (["dim", "o", "°", "mb5"], [0, 3, 6]),
      (["aug", "+", "#5", "+5"], [0, 4, 8]),
      (["5"], [0, 7]),
      (["sus", "sus4", "4"], [0, 5, 7]),
      (["sus2", "2"], [0, 2, 7]),
      (["6", "maj6", "M6", "add6"], [0, 4, 7, 9]),
      (["m6", "min6", "-6"], [0, 3, 7, 9]),
      (["6/9", "69", "6add9"], [0, 4, 7, 9, 14]),
      (["7", "dom7"], [0, 4, 7, 10]),
      (["maj7", "M7", "Maj7", "ma7", "j7", "Δ", "Δ7", "7M"], [0, 4, 7, 11]),
      (["m7", "min7", "-7", "mi7"], [0, 3, 7, 10]),
      (["mM7", "m(maj7)", "mmaj7", "minmaj7", "m+7"], [0, 3, 7, 11]),
      (["dim7", "o7", "°7"], [0, 3, 6, 9]),
      (["m7b5", "ø", "ø7", "-7b5", "m7-5", "min7b5"], [0, 3, 6, 10]),
      (["7sus4", "7sus"], [0, 5, 7, 10]),
      (["aug7", "+7", "7+", "7#5", "7+5"], [0, 4, 8, 10]),
      (["7b5", "7-5"], [0, 4, 6, 10]),
      (["7b9", "7-9"], [0, 4, 7, 10, 13]),
      (["7#9", "7+9"], [0, 4, 7, 10, 15]),
      (["add9", "add2"], [0, 4, 7, 14]),
      (["madd9"], [0, 3, 7, 14]),
      (["9"], [0, 4, 7, 10, 14]),
      (["m9", "min9", "-9"], [0, 3, 7, 10, 14]),
      (["maj9", "M9"], [0, 4, 7, 11, 14]),
      (["9sus4", "9sus"], [0, 5, 7, 10, 14]),
      (["11"], [0, 4, 7, 10, 14, 17]),
      (["m11"], [0, 3, 7, 10, 14, 17]),
      (["13"], [0, 4, 7, 10, 14, 21]),
    ]
    var table: [String: [Int]] = [:]
    for (names, intervals) in spellings {
      for name in names { table[name] = intervals }
    }
    return table
  }()
}
