/// A chord that is heard in what somebody plays.
public struct HeardChord: Sendable, Hashable, CustomStringConvertible {
  /// What is built on the root.
  public enum Quality: Int, Sendable, Hashable, CaseIterable {
    /// A major triad.
    case major
    /// A minor triad.
    case minor
    /// A major triad with a minor seventh.
    case dominantSeventh
    /// A diminished triad.
    case diminished

    /// Semitones above the root.
    public var intervals: [Int] {
      switch self {
      case .major: [0, 4, 7]
      case .minor: [0, 3, 7]
      case .dominantSeventh: [0, 4, 7, 10]
      case .diminished: [0, 3, 6]
      }
    }
  }

  /// The root's pitch class, 0 (C) to 11 (B).
  public var root: Int
  /// What is built on it.
  public var quality: Quality

  /// A chord.
  public init(root: Int, quality: Quality) {
    self.root = (root % 12 + 12) % 12
    self.quality = quality
  }

  /// The pitch classes, from the root up.
  public var pitchClasses: [Int] { quality.intervals.map { (root + $0) % 12 } }

  /// As musicians write it: `G`, `Em`, `D7`, `F#dim`.
  public var description: String {
    let names = ["C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"]
    let suffix =
      switch quality {
      case .major: ""
      case .minor: "m"
      case .dominantSeventh: "7"
      case .diminished: "dim"
      }
    return names[root] + suffix
  }

  /// Every chord that is looked for.
  static let all: [HeardChord] = Quality.allCases.flatMap { quality in
    (0..<12).map { HeardChord(root: $0, quality: quality) }
  }
}
