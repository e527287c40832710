internal import Groundwork

/// The tokens of a tokenizer in the order of their ids, with what each does and the settings that make them.
///
/// As JSON it is the `vocabulary.json` of a model and of an exported corpus:
/// `{"tokenizer": "remi", "configuration": {…}, "tokens": ["PAD_None", …]}`.
public struct Vocabulary: Sendable {
  /// The tokenizer's settings.
  public let configuration: any TokenizerConfiguration
  /// The tokens; a token's index is its id.
  public let tokens: [String]
  /// What each id does.
  public let roles: TokenRoles

  private let ids: [String: Int32]

  /// A vocabulary.
  /// - Parameters:
  ///   - configuration: The settings of the tokenizer that it belongs to.
  ///   - tokens: The tokens by id, each once.
  ///   - roles: What each id does, one for each token.
  ///   - values: What each id says, one list for each token; none at all for a tokenizer that does not tell.
  /// - Throws: `TokenizationError.invalidVocabulary`.
  public init(
    configuration: any TokenizerConfiguration, tokens: [String], roles: [TokenRole],
    values: [[TokenValue]] = []
  ) throws(TokenizationError) {
    guard tokens.count == roles.count else {
      throw .invalidVocabulary(reason: "it has \(tokens.count) tokens and roles for \(roles.count)")
    }
    var ids = [String: Int32](minimumCapacity: tokens.count)
    for (id, token) in tokens.enumerated() {
      guard ids.updateValue(Int32(id), forKey: token) == nil else {
        throw .invalidVocabulary(reason: "'\(token)' occurs twice among its tokens")
      }
    }
    self.configuration = configuration
    self.tokens = tokens
    self.roles = try TokenRoles(roles, values: values)
    self.ids = ids
  }

  /// How many tokens there are: ids are 0 ..< count.
  public var count: Int { tokens.count }

  /// The id of a token; nil if there is no such token.
  public func id(of token: String) -> Int32? { ids[token] }

  /// The token with an id; nil if there is no such id.
  public func token(of id: Int32) -> String? {
    tokens.indices.contains(Int(id)) ? tokens[Int(id)] : nil
  }

  /// The tokenizer that this vocabulary belongs to.
  /// - Throws: `TokenizationError.invalidConfiguration`.
  public func makeTokenizer() throws(TokenizationError) -> any Tokenizer {
    try configuration.makeTokenizer()
  }

  /// The ids of `tokens`.
  /// - Throws: `TokenizationError.unknownToken`.
  public func ids(of tokens: [String]) throws(TokenizationError) -> [Int32] {
    var result: [Int32] = []
    result.reserveCapacity(tokens.count)
    for token in tokens {
      guard let id = ids[token] else { throw .unknownToken(token) }
      result.append(id)
    }
    return result
  }
}

extension Vocabulary {
  /// Whether another vocabulary has the same tokens, and a tokenizer that writes every piece with the same ids.
  public func hasIDs(of other: Vocabulary) -> Bool {
    tokens == other.tokens && configuration.writing.equals(other.configuration.writing)
  }
}

extension TokenizerConfiguration {
  /// The settings without those that no id depends on.
  fileprivate var writing: any TokenizerConfiguration {
    guard var cells = self as? CellsConfiguration else { return self }
    cells.infilling = false
    cells.voiceLeading = false
    return cells
  }
}

extension Vocabulary: Hashable {
  /// Whether both have the same tokens of the same tokenizer with the same settings.
  public static func == (a: Self, b: Self) -> Bool {
    a.configuration.equals(b.configuration) && a.tokens == b.tokens
  }

  /// Feeds what `==` compares.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(AnyHashable(configuration))
    hasher.combine(tokens)
  }
}

extension Vocabulary: Codable {
  private enum CodingKeys: String, CodingKey {
    case tokens
  }

  /// Reads a vocabulary and checks that its tokens are the ones its configuration makes, in their order.
  public init(from decoder: any Decoder) throws {
    let configuration = try WrappedTokenizer(from: decoder).configuration
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let tokens = try container.decode([String].self, forKey: .tokens)
    let made = try configuration.makeTokenizer().vocabulary
    for index in 0..<max(made.count, tokens.count) {
      let found = index < tokens.count ? tokens[index] : nil
      let expected = index < made.count ? made.tokens[index] : nil
      guard found == expected else {
        throw TokenizationError.vocabularyMismatch(index: index, found: found, expected: expected)
      }
    }
    self = made
  }

  /// Writes the tokenizer's name, its configuration and the tokens.
  public func encode(to encoder: any Encoder) throws {
    try WrappedTokenizer(configuration).encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(tokens, forKey: .tokens)
  }

  /// Reads the text of a `vocabulary.json`.
  /// - Parameters:
  ///   - json: The text.
  ///   - tokenizers: The tokenizers that it may name.
  /// - Throws: `TokenizationError`, in particular `.vocabularyMismatch`, `.unknownTokenizer` and `.invalidVocabulary`.
  public init(json: [UInt8], tokenizers: TokenizerRegistry = .standard) throws(TokenizationError) {
    do {
      var userInfo: [CodingUserInfoKey: any Sendable] = [:]
      if let key = TokenizerRegistry.userInfoKey { userInfo[key] = tokenizers }
      self = try JSONFormat.decode(Vocabulary.self, from: json, userInfo: userInfo)
    } catch let error as TokenizationError {
      throw error
    } catch {
      throw .invalidVocabulary(reason: JSONFile.reason(of: error))
    }
  }

  /// The text of a `vocabulary.json`.
  public func json() -> [UInt8] {
    do {
      return try JSONFormat.encode(self)
    } catch {
      preconditionFailure("a tokenizer's configuration can always be written as JSON: \(error)")
    }
  }
}
