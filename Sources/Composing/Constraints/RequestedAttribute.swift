internal import Music
public import Tokenization

/// What a piece says of itself at its beginning: its style, its density, its register. The network has learned what such pieces are
/// like; what it then writes is no more than likely to be so, and more likely with guidance (`MusicModel.guided(toward:scale:)`).
public struct RequestedAttribute: TokenConstraint {
  /// What it is about.
  public let kind: PieceAttribute.Kind
  /// What is asked for, in words.
  private let value: String
  private let roles: TokenRoles
  /// The ids of all values, in order, and of the open one.
  private let values: [Int32]
  private let open: Int32
  /// The place of the value that is asked for; of a register, as it would be in C major.
  private var index: Int
  /// The register that is asked for as it sounds, until the key is known.
  private var sounding: Double?

  /// - Parameters:
  ///   - kind: What it is about.
  ///   - value: The name of a style; notes a bar; or the mean pitch as a MIDI key number, as it sounds.
  ///   - tokenizer: What writes the piece.
  /// - Throws: `ComposingError.invalidOption` where pieces say nothing of this kind, or not this.
  public init(_ kind: PieceAttribute.Kind, _ value: String, tokenizer: some Tokenizer) throws(ComposingError)
  {
    let attributes = tokenizer.attributes
    guard let attribute = attributes.first(where: { $0.kind == kind }) else {
      throw .invalidOption(
        name: kind.rawValue, value: value,
        expected: attributes.isEmpty
          ? "nothing: the model was not trained on pieces that say it"
          : "nothing: of its pieces the model knows only "
            + attributes.map(\.kind.rawValue).joined(separator: " and "))
    }
    let names = attribute.values.map(\.name)
    self.kind = kind
    self.value = value
    roles = tokenizer.vocabulary.roles
    values = attribute.values.map(\.id)
    open = attribute.open
    if kind == .style {
      guard
        let index = names.firstIndex(of: value)
          ?? names.firstIndex(where: { $0.lowercased() == value.lowercased() })
      else {
        throw .invalidOption(
          name: kind.rawValue, value: value, expected: "one of " + names.prefix(40).joined(separator: ", "))
      }
      self.index = index
    } else {
      guard let number = Double(value), let index = PieceAttribute.index(of: number, kind) else {
        throw .invalidOption(
          name: kind.rawValue, value: value,
          expected: kind == .density ? "a number of notes a bar" : "a pitch as a MIDI key number such as 67")
      }
      self.index = index
      if kind == .register { sounding = number }
    }
  }

  /// What it asks for.
  public var summary: String { "a \(kind.rawValue) of \(value)" }

  /// Takes note of the key, by which a register is written.
  public mutating func advance(_ id: Int32) {
    guard let sounding, case .key(let tonic, let isMinor)? = roles.values(of: id).first else { return }
    let offset = PieceAttribute.offset(tonic: tonic, isMinor: isMinor)
    index = PieceAttribute.index(of: sounding - Double(offset), kind) ?? index
  }

  /// Masks out all else that the piece could say of this kind.
  public func narrow(_ mask: inout [Bool]) {
    guard mask[Int(values[index])] else { return }
    mask[Int(open)] = false
    for (place, id) in values.enumerated() where place != index { mask[Int(id)] = false }
  }

  /// The piece may end at any time.
  public func leastToFinish() -> Int? { 0 }
}
