public import Music

/// A tokenizer's settings: what a vocabulary saves, and all that is needed to make the tokenizer again.
///
/// Where it wraps another tokenizer, it has that one's settings as a `WrappedTokenizer`, which names it in the file.
public protocol TokenizerConfiguration: Codable, Hashable, Sendable {
  /// The tokenizer's name on the command line and in files.
  static var tokenizerName: String { get }
  /// The settings where only the tokenizer's name is known; nil for one that has no settings of its own, such as one that wraps
  /// another.
  /// - Parameter timeSignature: The one that every piece is read in, whatever its file says; nil believes the file.
  static func standard(timeSignature: TimeSignature?) -> Self?
  /// The same settings for pieces that say these attributes of themselves; nil where the tokens have no room for them.
  func stating(_ attributes: PieceAttributes) -> Self?
  /// The tokenizer itself.
  /// - Throws: `TokenizationError.invalidConfiguration`.
  func makeTokenizer() throws(TokenizationError) -> any Tokenizer
}

extension TokenizerConfiguration {
  /// The tokenizer's name on the command line and in files.
  public var name: String { Self.tokenizerName }

  /// Nil, but for no attributes.
  public func stating(_ attributes: PieceAttributes) -> Self? { attributes.isEmpty ? self : nil }

  /// Nil.
  public static func standard(timeSignature: TimeSignature?) -> Self? { nil }

  /// Whether another configuration is of the same tokenizer and has the same settings.
  func equals(_ other: any TokenizerConfiguration) -> Bool { (other as? Self) == self }
}

/// The tokenizers that vocabularies can ask for by name.
///
/// A program that has a tokenizer of its own adds it, and gives the registry to whatever reads a model or a corpus:
///
///     let tokenizers = TokenizerRegistry.standard.adding(MyConfiguration.self)
///     let model = try MusicModel(path: "model", tokenizers: tokenizers)
public struct TokenizerRegistry: Sendable {
  /// The tokenizers of this package: one line for each.
  public static let standard = TokenizerRegistry([
    CellsConfiguration.self,
    REMIConfiguration.self,
  ])

  /// The tokenizer that is taken where none is requested.
  public static var defaultConfiguration: any TokenizerConfiguration { defaultConfiguration() }

  /// The name of the tokenizer that is taken where none is requested.
  public static var defaultName: String { CellsConfiguration.tokenizerName }

  /// The tokenizer that is taken where none is requested.
  /// - Parameter timeSignature: the one that every piece is read in, whatever its file says; nil believes the file.
  public static func defaultConfiguration(
    timeSignature: TimeSignature? = nil
  ) -> any TokenizerConfiguration {
    CellsConfiguration(timeSignature: timeSignature)
  }

  private var types: [String: any TokenizerConfiguration.Type] = [:]

  /// A registry of these; of several with one name the last.
  public init(_ types: [any TokenizerConfiguration.Type]) {
    for type in types { self.types[type.tokenizerName] = type }
  }

  /// This registry with one tokenizer more, in place of one of its name.
  public func adding(_ type: any TokenizerConfiguration.Type) -> TokenizerRegistry {
    var registry = self
    registry.types[type.tokenizerName] = type
    return registry
  }

  /// The names of all tokenizers, in order.
  public var names: [String] { types.keys.sorted() }

  /// The type of the settings of the tokenizer `name`.
  /// - Throws: `TokenizationError.unknownTokenizer`, which lists those that there are.
  public func configurationType(
    named name: String
  ) throws(TokenizationError) -> any TokenizerConfiguration.Type {
    guard let type = types[name] else { throw .unknownTokenizer(name, known: names) }
    return type
  }

  /// The standard settings of the tokenizer `name`.
  /// - Parameters:
  ///   - name: The tokenizer's name.
  ///   - timeSignature: The one that every piece is read in, whatever its file says; nil believes the file.
  /// - Throws: `TokenizationError.unknownTokenizer`, also for one that has no standard settings.
  public func configuration(
    named name: String, timeSignature: TimeSignature? = nil
  ) throws(TokenizationError) -> any TokenizerConfiguration {
    guard let configuration = try configurationType(named: name).standard(timeSignature: timeSignature) else {
      throw .unknownTokenizer(
        name, known: names.filter { types[$0]?.standard(timeSignature: timeSignature) != nil })
    }
    return configuration
  }

  static let userInfoKey = CodingUserInfoKey(rawValue: "gruppetto.tokenizers")

  /// The registry that a decoder was given; the standard one where it was given none.
  static func registry(of decoder: any Decoder) -> TokenizerRegistry {
    userInfoKey.flatMap { decoder.userInfo[$0] as? TokenizerRegistry } ?? .standard
  }
}

/// The settings of a tokenizer that another one wraps. As JSON: `{"tokenizer": "remi", "configuration": {…}}`.
public struct WrappedTokenizer: Sendable, Hashable, Codable {
  /// The settings.
  public var configuration: any TokenizerConfiguration

  /// The settings of the tokenizer that is wrapped.
  public init(_ configuration: any TokenizerConfiguration) { self.configuration = configuration }

  /// Whether both have the same settings of the same tokenizer.
  public static func == (a: Self, b: Self) -> Bool { a.configuration.equals(b.configuration) }

  /// Feeds what `==` compares.
  public func hash(into hasher: inout Hasher) { hasher.combine(AnyHashable(configuration)) }

  enum CodingKeys: String, CodingKey {
    case tokenizer, configuration
  }

  /// Reads the name, and the settings of the tokenizer that the decoder's registry has under it.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let type = try TokenizerRegistry.registry(of: decoder)
      .configurationType(named: container.decode(String.self, forKey: .tokenizer))
    configuration = try Self.read(type, from: container)
  }

  private static func read<Configuration: TokenizerConfiguration>(
    _ type: Configuration.Type, from container: KeyedDecodingContainer<CodingKeys>
  ) throws -> any TokenizerConfiguration {
    try container.decode(type, forKey: .configuration)
  }

  /// Writes the name and the settings.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(configuration.name, forKey: .tokenizer)
    try container.encode(configuration, forKey: .configuration)
  }
}
