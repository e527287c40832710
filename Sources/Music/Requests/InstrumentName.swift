/// An instrument by a name that musicians use: the programs of General MIDI that it may be, the best first.
public struct InstrumentName: Sendable, Hashable, CustomStringConvertible {
  /// The General MIDI programs, 0...127; empty for drums.
  public let programs: [Int]
  /// Whether it is the drums.
  public var isDrums: Bool { programs.isEmpty }
  /// The name as it was given.
  public let description: String

  /// Reads a name: a program of General MIDI in full (`Acoustic Guitar (nylon)`), a word for one or several (`violin`, `guitar`, `sax`,
  /// `fiddle`, `strings`), a family, or `drums`. Several with a stroke between (`flute/recorder`) leave the choice.
  /// - Throws: `MusicTextError`, with similar names where there are some.
  public init(_ text: String) throws(MusicTextError) {
    let words = text.split(separator: "/").map { Self.normalized($0) }.filter { !$0.isEmpty }
    guard !words.isEmpty else {
      throw .empty(kind: "instrument", expected: "a name such as violin or guitar")
    }
    description = text.trimmingSpaces()
    if words == ["drums"] || words == ["drum kit"] || words == ["percussion"] {
      programs = []
      return
    }
    var programs: [Int] = []
    for word in words {
      guard let found = Self.programs(named: word) else {
        throw .unexpected(
          kind: "instrument", text: text, found: word, position: 1, expected: Self.suggestion(for: word))
      }
      programs += found.filter { !programs.contains($0) }
    }
    self.programs = programs
  }

  private static func normalized(_ text: some StringProtocol) -> String {
    let letters = text.lowercased().map { $0.isLetter || $0.isNumber ? $0 : " " }
    return String(letters).split(separator: " ").joined(separator: " ")
  }

  private static func programs(named name: String) -> [Int]? {
    if let known = words[name] { return known }
    let names = GeneralMIDI.programNames.map { normalized($0) }
    if let exact = names.firstIndex(of: name) { return [exact] }
    let singular = name.hasSuffix("s") ? String(name.dropLast()) : name
    if singular != name, let found = programs(named: singular) { return found }
    if let family = GeneralMIDI.familyNames.firstIndex(where: { normalized($0) == name }) {
      return Array(8 * family..<8 * family + 8)
    }
    let asked = Set(name.split(separator: " "))
    let fitting = names.indices.filter { asked.isSubset(of: Set(names[$0].split(separator: " "))) }
    return fitting.isEmpty ? nil : fitting
  }

  private static func suggestion(for name: String) -> String {
    let letters = Set(name)
    let known = Array(words.keys) + GeneralMIDI.programNames.map { normalized($0) }
    let near = known.filter { $0.first == name.first }
      .sorted {
        let (a, b) = (letters.symmetricDifference($0).count, letters.symmetricDifference($1).count)
        return (a, $0) < (b, $1)
      }
    let names = near.prefix(3).joined(separator: ", ")
    return names.isEmpty
      ? "a name of General MIDI such as violin, guitar or piano" : "a name of General MIDI, such as \(names)"
  }

  /// Words that are no program's name, or stand for several programs.
  private static let words: [String: [Int]] = [
    "piano": [0, 1], "grand piano": [0], "upright piano": [1, 0], "honky tonk": [3],
    "electric piano": [4, 5], "rhodes": [4], "harpsichord": [6], "vibes": [11], "bells": [14],
    "organ": [16, 19, 18], "hammond": [16], "pipe organ": [19], "accordion": [21, 23],
    "bandoneon": [23], "guitar": [24, 25, 26, 27], "acoustic guitar": [24, 25],
    "classical guitar": [24], "nylon guitar": [24], "steel guitar": [25], "jazz guitar": [26],
    "electric guitar": [27, 26, 28, 29, 30], "distorted guitar": [30, 29],
    "bass": [32, 33, 34, 35, 36, 37, 38, 39],
    "bass guitar": [33, 34, 35], "electric bass": [33, 34], "upright bass": [32, 43],
    "double bass": [43, 32],
    "synth bass": [38, 39], "fiddle": [110, 40], "strings": [48, 49, 44, 50, 51], "violoncello": [42],
    "pizzicato": [45], "harp": [46], "kettledrums": [47], "choir": [52, 53, 54], "voice": [53, 52, 54],
    "voices": [52, 53, 54], "singer": [53], "trumpet": [56, 59], "horn": [60], "brass": [61, 62, 63],
    "sax": [65, 66, 64, 67], "saxophone": [65, 66, 64, 67], "alto saxophone": [65], "tenor saxophone": [66],
    "cor anglais": [69], "flute": [73], "whistle": [78], "tin whistle": [78], "pipes": [109],
    "bagpipes": [109], "lead": [80, 81, 82, 83, 84, 85, 86, 87], "synth": [80, 81, 88, 89, 90],
    "pad": [88, 89, 90, 91, 92, 93, 94, 95], "steelpan": [114], "dulcimer": [15],
  ]
}

extension String {
  fileprivate func trimmingSpaces() -> String {
    split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
  }
}
