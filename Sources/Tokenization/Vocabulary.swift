internal import Groundwork

/// Which tokenizer made a vocabulary, and with what settings.
public enum TokenizerConfiguration: Sendable, Hashable {
  /// REMI.
  case remi(REMIConfiguration)

  /// The name on the command line and in files.
  public var name: String {
    switch self {
    case .remi: "remi"
    }
  }

  /// The tokenizer itself.
  /// - Throws: `TokenizationError.invalidConfiguration`.
  public func makeTokenizer() throws(TokenizationError) -> any Tokenizer {
    switch self {
    case .remi(let configuration): try REMITokenizer(configuration: configuration)
    }
  }
}

/// The tokens of a tokenizer in the order of their ids, with the configuration that makes them.
///
/// As JSON it is the `vocabulary.json` of a model and of an exported corpus:
/// `{"tokenizer": "remi", "configuration": {…}, "tokens": ["PAD_None", …]}`.
public struct Vocabulary: Sendable, Hashable {
  /// The tokenizer and its settings.
  public let configuration: TokenizerConfiguration
  /// The tokens; a token's index is its id.
  public let tokens: [String]

  private let ids: [String: Int32]

  init(configuration: TokenizerConfiguration, tokens: [String]) {
    self.configuration = configuration
    self.tokens = tokens
    ids = Dictionary(uniqueKeysWithValues: tokens.enumerated().map { ($1, Int32($0)) })
  }

  /// How many tokens there are: ids are 0 ..< count.
  public var count: Int { tokens.count }
  /// The id of `PAD_None`, which fills what is not music.
  public var padID: Int32 { 0 }
  /// The id of `BOS_None`, with which every piece begins.
  public var bosID: Int32 { 1 }
  /// The id of `EOS_None`, with which every piece ends.
  public var eosID: Int32 { 2 }

  /// The id of a token; nil where there is no such token.
  public func id(of token: String) -> Int32? { ids[token] }

  /// The token with an id; nil where there is no such id.
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

extension Vocabulary: Codable {
  private enum CodingKeys: String, CodingKey {
    case tokenizer, configuration, tokens
  }

  /// Reads a vocabulary and checks that its tokens are the ones its configuration makes, in their order.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let name = try container.decode(String.self, forKey: .tokenizer)
    guard name == "remi" else { throw TokenizationError.unknownTokenizer(name) }
    let configuration = TokenizerConfiguration.remi(
      try container.decode(REMIConfiguration.self, forKey: .configuration))
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
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(configuration.name, forKey: .tokenizer)
    switch configuration {
    case .remi(let settings): try container.encode(settings, forKey: .configuration)
    }
    try container.encode(tokens, forKey: .tokens)
  }

  /// Reads the text of a `vocabulary.json`.
  /// - Throws: `TokenizationError`, in particular `.vocabularyMismatch` and `.invalidVocabulary`.
  public init(json: [UInt8]) throws(TokenizationError) {
    do {
      self = try JSONFormat.decode(Vocabulary.self, from: json)
    } catch let error as TokenizationError {
      throw error
    } catch let error as DecodingError {
      throw .invalidVocabulary(reason: Self.reason(of: error))
    } catch {
      throw .invalidVocabulary(reason: "it is not JSON")
    }
  }

  /// The text of a `vocabulary.json`.
  public func json() -> [UInt8] {
    do {
      return try JSONFormat.encode(self)
    } catch {
      preconditionFailure("strings and integers can always be written as JSON: \(error)")
    }
  }

  private static func reason(of error: DecodingError) -> String {
    switch error {
    case .keyNotFound(let key, _): "'\(key.stringValue)' is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      "'\(context.codingPath.map(\.stringValue).joined(separator: "."))' is of another type than expected"
    case .dataCorrupted(let context) where context.codingPath.isEmpty: "it is not JSON"
    case .dataCorrupted(let context): context.debugDescription
    @unknown default: "it is not as expected"
    }
  }
}
