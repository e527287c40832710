/// What a token does in a piece. A token that stands for several others, such as a byte pair, has the roles of all of them.
public struct TokenRole: OptionSet, Sendable, Hashable {
  /// The bits.
  public let rawValue: UInt16

  /// The roles with these bits.
  public init(rawValue: UInt16) { self.rawValue = rawValue }

  /// Fills what is not music.
  public static let padding = TokenRole(rawValue: 1 << 0)
  /// Begins every piece.
  public static let beginning = TokenRole(rawValue: 1 << 1)
  /// Ends every piece.
  public static let end = TokenRole(rawValue: 1 << 2)
  /// Begins a bar, and so ends the one before.
  public static let barLine = TokenRole(rawValue: 1 << 3)
  /// States a time signature.
  public static let timeSignature = TokenRole(rawValue: 1 << 4)
  /// Moves on in time.
  public static let position = TokenRole(rawValue: 1 << 5)
  /// States a tempo.
  public static let tempo = TokenRole(rawValue: 1 << 6)
  /// Names the instrument of a note.
  public static let instrument = TokenRole(rawValue: 1 << 7)
  /// Names the pitch of a note, or its drum.
  public static let pitch = TokenRole(rawValue: 1 << 8)
  /// Says how loud a note is.
  public static let loudness = TokenRole(rawValue: 1 << 9)
  /// Says how long a note is.
  public static let duration = TokenRole(rawValue: 1 << 10)
  /// Stands for music that was there before.
  public static let repetition = TokenRole(rawValue: 1 << 11)
  /// Says something about the whole piece or a part of it, and is no music itself.
  public static let attribute = TokenRole(rawValue: 1 << 12)
  /// Says whether a part plays in a bar or rests.
  public static let activity = TokenRole(rawValue: 1 << 13)

  /// Frames a piece or is padding: exactly the ids that never occur within a piece.
  public static let special: TokenRole = [.padding, .beginning, .end]
  /// Says where in the piece we are.
  public static let time: TokenRole = [.barLine, .timeSignature, .position]
  /// Is a part of a note.
  public static let notePart: TokenRole = [.instrument, .pitch, .loudness, .duration]
}

/// What each id of a vocabulary does and means: composing, training and storing use these roles and need no token names.
///
/// Every vocabulary has one id that begins a piece and one that ends it. All else may be missing: a tokenizer without bar
/// lines has pieces of one endless bar.
public struct TokenRoles: Sendable, Hashable {
  /// The id that begins every piece.
  public let beginning: Int32
  /// The id that ends every piece.
  public let end: Int32
  /// The id that fills what is not music, if there is one.
  public let padding: Int32?
  /// The ids that begin a bar, ascending; empty where the tokens know no bars.
  public let barLines: [Int32]

  /// The first id that can occur within a piece, if all others come before it; else nil.
  package let firstMusicID: Int32?

  private let roles: [TokenRole]
  /// What each id says; empty where that is not known of any.
  private let values: [[TokenValue]]

  /// Roles by id.
  /// - Parameters:
  ///   - roles: What each id does.
  ///   - values: What each id says, one list for each; none at all for a tokenizer that does not tell.
  /// - Throws: `TokenizationError.invalidVocabulary` unless exactly one id begins a piece, exactly one ends it, at most one is padding,
  ///   and these three have no other role; unless there are as many lists of values as roles, or none.
  public init(_ roles: [TokenRole], values: [[TokenValue]] = []) throws(TokenizationError) {
    guard values.isEmpty || values.count == roles.count else {
      throw .invalidVocabulary(reason: "it has \(roles.count) roles and values for \(values.count) tokens")
    }
    func ids(_ role: TokenRole) -> [Int32] {
      roles.indices.filter { !roles[$0].isDisjoint(with: role) }.map(Int32.init)
    }
    let (beginnings, ends, paddings) = (ids(.beginning), ids(.end), ids(.padding))
    guard beginnings.count == 1, ends.count == 1, paddings.count <= 1 else {
      throw .invalidVocabulary(
        reason:
          "\(beginnings.count) of its tokens begin a piece, \(ends.count) end it and \(paddings.count) are padding; "
          + "one begins it, one ends it and at most one is padding")
    }
    let singles: [TokenRole] = [.padding, .beginning, .end]
    guard (beginnings + ends + paddings).allSatisfy({ singles.contains(roles[Int($0)]) }) else {
      throw .invalidVocabulary(
        reason: "a token that begins or ends a piece, or is padding, has another role as well")
    }
    beginning = beginnings[0]
    end = ends[0]
    padding = paddings.first
    barLines = ids(.barLine)
    let specials = (beginnings + ends + paddings).sorted()
    firstMusicID = specials == Array(0..<Int32(specials.count)) ? Int32(specials.count) : nil
    self.roles = roles
    self.values = values
  }

  /// How many ids there are.
  public var count: Int { roles.count }
  /// Whether the tokens know bars.
  public var hasBars: Bool { !barLines.isEmpty }

  /// The roles of an id; empty for an id that the vocabulary does not have.
  public subscript(id: Int32) -> TokenRole {
    roles.indices.contains(Int(id)) ? roles[Int(id)] : []
  }

  /// The ids that have any of these roles, ascending.
  public func ids(of role: TokenRole) -> [Int32] {
    roles.indices.filter { !roles[$0].isDisjoint(with: role) }.map(Int32.init)
  }

  /// What an id says, in the order in which it says it: one value for most, several for a token that stands for several others,
  /// none where it says nothing that `TokenValue` has a word for.
  public func values(of id: Int32) -> [TokenValue] {
    values.indices.contains(Int(id)) ? values[Int(id)] : []
  }

  /// The ids that say something of which `isMeant` holds, ascending.
  public func ids(where isMeant: (TokenValue) throws -> Bool) rethrows -> [Int32] {
    try values.indices.filter { try values[$0].contains(where: isMeant) }.map(Int32.init)
  }
}
