public import Tokenization

/// How adventurous sampling is: a file of `presets/sampling`, or the options of a command.
public struct SamplingPreset: Codable, Hashable, Sendable {
  /// What it is for, in a sentence.
  public var summary: String?
  /// The divisor of the logits; above 1 is bolder, below 1 more cautious.
  public var temperature: Double
  /// How many of the most probable tokens stay in; 0 for all.
  public var topK: Int
  /// Which probability of the most probable tokens stays in; 1 for all.
  public var topP: Double
  /// How likely a token has to be next to the most probable; 0 for any.
  public var minP: Double
  /// What makes more probable what the piece has had already in a similar place; nil for nothing.
  public var cache: NeuralCache?
  /// Whether all this is applied within each role of the tokens: first the kind of token keeps the model's probability (a note, a
  /// bar line, a repetition), except that `minP` holds for kinds too; then the settings narrow down which one of its kind it is.
  /// Otherwise a bar line, which is one token, is favored over the note that any of fifty positions would begin, and bars stay
  /// empty.
  public var byRole: Bool

  /// A preset; as given here it samples from the model's own distribution.
  public init(
    summary: String? = nil, temperature: Double = 1, topK: Int = 0, topP: Double = 1, minP: Double = 0,
    cache: NeuralCache? = nil, byRole: Bool = false
  ) {
    self.summary = summary
    self.temperature = temperature
    self.topK = topK
    self.topP = topP
    self.minP = minP
    self.cache = cache
    self.byRole = byRole
  }

  /// Reads a preset; `cache` and `byRole` may be missing.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    summary = try container.decodeIfPresent(String.self, forKey: .summary)
    temperature = try container.decode(Double.self, forKey: .temperature)
    topK = try container.decode(Int.self, forKey: .topK)
    topP = try container.decode(Double.self, forKey: .topP)
    minP = try container.decode(Double.self, forKey: .minP)
    cache = try container.decodeIfPresent(NeuralCache.self, forKey: .cache)
    byRole = try container.decodeIfPresent(Bool.self, forKey: .byRole) ?? false
  }

  /// Reads the preset `name` from a folder of presets.
  /// - Throws: `ComposingError`: no such preset, not JSON, a setting that is unknown or is invalid.
  public init(named name: String, folder: String) throws(ComposingError) {
    self = try PresetFile.read(Self.self, named: name, folder: folder)
    do {
      _ = try filters()
    } catch {
      throw .malformed(path: PresetFile.path(of: name, folder: folder), reason: error.message)
    }
  }

  /// The filters in the order in which they are applied: temperature, top-k, top-p, min-p. They follow the cache.
  /// - Throws: `ComposingError.invalidOption`.
  public func filters() throws(ComposingError) -> [any SamplingFilter] {
    try cache?.validate()
    var filters: [any SamplingFilter] = [try Temperature(temperature)]
    if topK != 0 { filters.append(try TopK(topK)) }
    filters.append(try TopP(topP))
    filters.append(try MinP(minP))
    return filters
  }

  /// The filters for the ids of a vocabulary: those of `filters()`, within roles if the preset says so.
  /// - Parameter roles: What each id does.
  /// - Throws: `ComposingError.invalidOption`.
  public func filters(for roles: TokenRoles) throws(ComposingError) -> [any SamplingFilter] {
    let filters = try filters()
    return byRole ? [WithinRoles(filters, roles: roles, floor: minP)] : filters
  }
}
