/// A chord as musicians write it over a melody: `Dm7`, `G7`, `Cmaj7`, `F#m7b5`, `C/E`.
public struct ChordSymbol: Sendable, Hashable, CustomStringConvertible {
  /// The pitch class of the root, 0 (C) to 11 (B).
  public let root: Int
  /// The notes in semitones above the root, from 0 up.
  public let intervals: [Int]
  /// The pitch class of the lowest note: the root, or what follows the slash.
  public let bass: Int
  /// The symbol as it was written.
  public let description: String

  /// Reads a symbol: a root (`C`, `F#`, `Bb`), a quality (`m`, `7`, `maj7`, `m7b5`, `dim7`, `aug`, `sus4`, `6`, `9`, `add9`, `7b9` …) and
  /// where there is one the bass after a slash.
  /// - Throws: `MusicTextError` with the place of what cannot be read.
  public init(_ text: some StringProtocol) throws(MusicTextError) {
    let text = String(text)
    guard !text.isEmpty else { throw .empty(kind: "chord", expected: "a symbol such as Dm7 or G7") }
    guard let (root, afterRoot) = NoteName.pitchClass(at: text[...]) else {
      throw .unexpected(
        kind: "chord", text: text, found: String(text.prefix(1)), position: 1,
        expected: "a root from A to G, with # or b, as in F#m7")
    }
    var quality = afterRoot
    var bass = root
    // The slash of 6/9 names no bass.
    if let slash = afterRoot.lastIndex(of: "/"), !afterRoot[slash...].hasPrefix("/9") {
      let name = afterRoot[afterRoot.index(after: slash)...]
      guard let (found, rest) = NoteName.pitchClass(at: name), rest.isEmpty else {
        throw .unexpected(
          kind: "chord", text: text, found: String(name),
          position: text.distance(from: text.startIndex, to: name.startIndex) + 1,
          expected: "a bass note from A to G after the slash, as in C/E")
      }
      bass = found
      quality = afterRoot[..<slash]
    }
    guard let intervals = Self.intervals(of: quality) else {
      throw .unexpected(
        kind: "chord", text: text, found: String(quality),
        position: text.distance(from: text.startIndex, to: quality.startIndex) + 1,
        expected: "a quality such as m, 7, m7, maj7, dim, m7b5, aug, sus4, 6, 9 or 7b9")
    }
    self.root = root
    self.intervals = intervals
    self.bass = bass
    description = text
  }

  /// The pitch classes of all its notes, as bits from 0 (C) on; the bass is one of them.
  public var pitchClasses: UInt16 {
    intervals.reduce(1 << UInt16(bass)) { $0 | 1 << UInt16((root + $1) % 12) }
  }

  /// The notes that make it this chord: all but a perfect fifth, as bits from 0 (C) on.
  public var essentialPitchClasses: UInt16 {
    let essential = intervals.count > 2 ? intervals.filter { $0 != 7 } : intervals
    return essential.prefix(4).reduce(1 << UInt16(bass)) { $0 | 1 << UInt16((root + $1) % 12) }
  }

  /// Whether the pitch of a key belongs to it.
  public func contains(pitch: Int) -> Bool { pitchClasses >> UInt16(pitch % 12) & 1 == 1 }
}

// MARK: - Qualities

extension ChordSymbol {
  /// The qualities that there are, by how they are written.
  private static let qualities: [String: [Int]] = {
    let rows: [(names: String, intervals: [Int])] = [
      (" maj M major", [0, 4, 7]), ("m min - mi minor", [0, 3, 7]), ("dim o ° mb5", [0, 3, 6]),
      ("aug + #5 +5", [0, 4, 8]), ("5", [0, 7]), ("sus sus4", [0, 5, 7]), ("sus2", [0, 2, 7]),
      ("6 maj6 M6", [0, 4, 7, 9]), ("m6 min6 -6", [0, 3, 7, 9]),
      ("6/9 69", [0, 4, 7, 9, 2]), ("m6/9 m69", [0, 3, 7, 9, 2]),
      ("7 dom7", [0, 4, 7, 10]), ("maj7 M7 Δ Δ7 ma7 j7", [0, 4, 7, 11]), ("m7 min7 -7 mi7", [0, 3, 7, 10]),
      ("mM7 mmaj7 minmaj7 m(maj7) -M7", [0, 3, 7, 11]), ("dim7 o7 °7", [0, 3, 6, 9]),
      ("m7b5 ø ø7 min7b5 -7b5 m7(b5)", [0, 3, 6, 10]), ("7b5 7(b5)", [0, 4, 6, 10]),
      ("7#5 aug7 +7 7(#5) 7+", [0, 4, 8, 10]), ("maj7#5 M7#5 augM7 +M7", [0, 4, 8, 11]),
      ("maj7b5 M7b5", [0, 4, 6, 11]), ("7sus4 7sus", [0, 5, 7, 10]), ("7sus2", [0, 2, 7, 10]),
      ("add9 add2 2", [0, 4, 7, 2]), ("madd9 m(add9) madd2", [0, 3, 7, 2]), ("add11 add4", [0, 4, 7, 5]),
      ("9", [0, 4, 7, 10, 2]), ("maj9 M9 Δ9", [0, 4, 7, 11, 2]), ("m9 min9 -9", [0, 3, 7, 10, 2]),
      ("9sus4 9sus", [0, 5, 7, 10, 2]), ("7b9 7(b9)", [0, 4, 7, 10, 1]), ("7#9 7(#9)", [0, 4, 7, 10, 3]),
      ("7#11 7(#11)", [0, 4, 7, 10, 6]), ("maj7#11 M7#11", [0, 4, 7, 11, 6]), ("7alt alt", [0, 4, 8, 10, 1]),
      ("11", [0, 4, 7, 10, 2, 5]), ("m11 min11 -11", [0, 3, 7, 10, 2, 5]),
      ("13", [0, 4, 7, 10, 2, 9]), ("maj13 M13", [0, 4, 7, 11, 2, 9]),
      ("m13 min13 -13", [0, 3, 7, 10, 2, 9]),
      ("7b13 7(b13)", [0, 4, 7, 10, 8]),
    ]
    var qualities: [String: [Int]] = [:]
    for row in rows {
      for name in row.names.split(separator: " ", omittingEmptySubsequences: false) {
        qualities[String(name)] = row.intervals
      }
    }
    return qualities
  }()

  private static func intervals(of quality: Substring) -> [Int]? { qualities[String(quality)] }
}
