/// What pieces say of themselves at their beginning besides key, length, tempo and parts.
public struct PieceAttributes: Codable, Hashable, Sendable {
  /// Whether they say how many notes they have a bar.
  public var density: Bool
  /// Whether they say how high they lie.
  public var register: Bool
  /// The styles that a piece can say it is of, in order; none where it says none.
  public var styles: [String]

  /// Attributes.
  public init(density: Bool = false, register: Bool = false, styles: [String] = []) {
    self.density = density
    self.register = register
    self.styles = styles
  }

  /// Whether a piece says none of this.
  public var isEmpty: Bool { !density && !register && styles.isEmpty }

  /// The most styles.
  public static let mostStyles = 1_000

  /// What is invalid, or nil.
  var fault: String? {
    if styles.count > Self.mostStyles { return "\(styles.count) styles; at most \(Self.mostStyles)" }
    if Set(styles).count < styles.count { return "a style that is named twice" }
    return styles.contains { $0.isEmpty || $0 == "open" || $0.contains(where: \.isWhitespace) }
      ? "a style without a name, with a space in it, or called 'open'" : nil
  }
}

/// One thing that a piece says of itself at its beginning, and that may be left open.
///
/// What is said holds for the piece as it was written by people, and is learned with it; a piece that is composed need not keep it.
public struct PieceAttribute: Sendable, Hashable {
  /// What it is about.
  public enum Kind: String, CaseIterable, Codable, Sendable, Hashable {
    /// The style, by its name.
    case style
    /// Notes a bar, of all parts together, as the least of a class.
    case density
    /// The mean pitch of the tune, or without one of all pitched notes, as a MIDI key number in the middle of a class of two; as it
    /// is written in C major or A minor.
    case register
  }

  /// What it is about.
  public let kind: Kind
  /// The id that leaves it open.
  public let open: Int32
  /// What can be said, in order, each with its id.
  public let values: [(name: String, id: Int32)]

  /// The least densities of the classes.
  package static let densities = [
    0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 16, 18, 20, 24, 28, 32, 40, 48, 64,
  ]
  /// The middles of the classes of register.
  package static let registers = Array(stride(from: 36, through: 96, by: 2))

  /// The names of a kind's values.
  static func names(of kind: Kind, _ attributes: PieceAttributes) -> [String] {
    switch kind {
    case .style: attributes.styles
    case .density: attributes.density ? densities.map(String.init) : []
    case .register: attributes.register ? registers.map(String.init) : []
    }
  }

  /// The place of a number among a kind's values; nil for styles.
  package static func index(of number: Double, _ kind: Kind) -> Int? {
    switch kind {
    case .style: nil
    case .density: densities.lastIndex { Double($0) <= number } ?? 0
    case .register:
      registers.indices.min { abs(Double(registers[$0]) - number) < abs(Double(registers[$1]) - number) }
    }
  }

  /// By how many semitones a piece in a key sounds higher than it is written, −5...6.
  package static func offset(tonic: Int, isMinor: Bool) -> Int {
    WrittenKey(tonic: tonic, isMinor: isMinor).offset
  }

  /// Two attributes are equal if they are about the same and have the same ids.
  public static func == (a: Self, b: Self) -> Bool {
    a.kind == b.kind && a.open == b.open && a.values.map(\.id) == b.values.map(\.id)
  }

  /// Hashes what equality looks at.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(kind)
    hasher.combine(open)
  }
}
