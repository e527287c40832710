/// A tonic and the notes of a scale on it: `D dorian`, `A minor`, `G major pentatonic`.
public struct Scale: Sendable, Hashable, CustomStringConvertible {
  /// The kinds of scale.
  public enum Kind: String, Sendable, CaseIterable {
    case major, minor
    case naturalMinor = "natural minor"
    case harmonicMinor = "harmonic minor"
    case melodicMinor = "melodic minor"
    case ionian, dorian, phrygian, lydian, mixolydian, aeolian, locrian
    case majorPentatonic = "major pentatonic"
    case minorPentatonic = "minor pentatonic"
    case blues
    case majorBlues = "major blues"
    case wholeTone = "whole tone"
    case octatonic
    case chromatic

    /// The notes in semitones above the tonic. `minor` has both forms of its sixth and seventh note, as pieces in minor do.
    public var intervals: [Int] {
      switch self {
      case .major, .ionian: [0, 2, 4, 5, 7, 9, 11]
      case .minor: [0, 2, 3, 5, 7, 8, 9, 10, 11]
      case .naturalMinor, .aeolian: [0, 2, 3, 5, 7, 8, 10]
      case .harmonicMinor: [0, 2, 3, 5, 7, 8, 11]
      case .melodicMinor: [0, 2, 3, 5, 7, 9, 11]
      case .dorian: [0, 2, 3, 5, 7, 9, 10]
      case .phrygian: [0, 1, 3, 5, 7, 8, 10]
      case .lydian: [0, 2, 4, 6, 7, 9, 11]
      case .mixolydian: [0, 2, 4, 5, 7, 9, 10]
      case .locrian: [0, 1, 3, 5, 6, 8, 10]
      case .majorPentatonic: [0, 2, 4, 7, 9]
      case .minorPentatonic: [0, 3, 5, 7, 10]
      case .blues: [0, 3, 5, 6, 7, 10]
      case .majorBlues: [0, 2, 3, 4, 7, 9]
      case .wholeTone: [0, 2, 4, 6, 8, 10]
      case .octatonic: [0, 2, 3, 5, 6, 8, 9, 11]
      case .chromatic: Array(0..<12)
      }
    }

    /// Whether its third is minor, so that a piece in it has a minor key.
    public var isMinor: Bool { intervals.contains(3) && !intervals.contains(4) }
  }

  /// The pitch class of the tonic, 0 (C) to 11 (B).
  public let tonic: Int
  /// Which notes there are above it.
  public let kind: Kind
  /// The tonic as it was written.
  private let tonicName: String

  /// A scale.
  /// - Parameters:
  ///   - tonic: The pitch class of the tonic, 0 (C) to 11 (B).
  ///   - kind: Which notes there are above it.
  public init(tonic: Int, kind: Kind) {
    precondition((0..<12).contains(tonic), "\(tonic) is no pitch class")
    self.tonic = tonic
    self.kind = kind
    tonicName = String(pitchName(tonic).dropLast(2))
  }

  /// Reads a tonic and the name of a scale: `D`, `Dm`, `D minor`, `D dorian`, `A minor pentatonic`, `E blues`. A tonic alone is major,
  /// one with an m minor.
  /// - Throws: `MusicTextError` with the place of what cannot be read.
  public init(_ text: String) throws(MusicTextError) {
    let words = text.split(whereSeparator: \.isWhitespace)
    guard let first = words.first else {
      throw .empty(kind: "key", expected: "a key such as Dm, or a scale such as \"D dorian\"")
    }
    let upper = first.prefix(1).uppercased() + first.dropFirst()
    guard let (tonic, suffix) = NoteName.pitchClass(at: upper[...]) else {
      throw .unexpected(
        kind: "key", text: text, found: String(first), position: 1,
        expected: "a tonic from A to G, with # or b, as in F#m or \"Bb major\"")
    }
    let name = words.dropFirst().joined(separator: " ").lowercased()
    let modifier =
      switch suffix {
      case "": ""
      case "m", "min", "mi": "minor"
      case "maj", "M": "major"
      default: "?"
      }
    guard modifier != "?", let kind = Self.kind(modifier, name) else {
      let place = words.dropFirst().first?.startIndex ?? text.index(before: text.endIndex)
      let found = words.count > 1 && modifier != "?" ? String(text[place...]) : String(first)
      throw .unexpected(
        kind: "key", text: text, found: found,
        position: words.count > 1 && modifier != "?"
          ? text.distance(from: text.startIndex, to: place) + 1 : 1,
        expected: "one of "
          + Kind.allCases.map(\.rawValue).joined(separator: ", ") + " after the tonic, as in \"D dorian\"")
    }
    self.tonic = tonic
    self.kind = kind
    tonicName = String(upper.prefix(upper.count - suffix.count))
  }

  private static func kind(_ modifier: String, _ name: String) -> Kind? {
    let words = [modifier, name].filter { !$0.isEmpty }.joined(separator: " ")
    switch words {
    case "": return .major
    case "pentatonic": return .majorPentatonic
    case "maj": return .major
    case "min": return .minor
    case "minor blues", "blues scale": return .blues
    case "diminished": return .octatonic
    case "whole-tone", "wholetone": return .wholeTone
    default: return Kind(rawValue: words)
    }
  }

  /// The pitch classes of its notes, as bits from 0 (C) on.
  public var pitchClasses: UInt16 { kind.intervals.reduce(0) { $0 | 1 << UInt16((tonic + $1) % 12) } }
  /// Whether the key of a piece in it is minor.
  public var isMinor: Bool { kind.isMinor }
  /// Whether the pitch of a key belongs to it.
  public func contains(pitch: Int) -> Bool { pitchClasses >> UInt16(pitch % 12) & 1 == 1 }
  /// The tonic and the name of the scale: `D dorian`.
  public var description: String { "\(tonicName) \(kind.rawValue)" }
}
