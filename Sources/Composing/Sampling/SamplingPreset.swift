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
  /// The temperature of the choice among pitches and among drums, in place of `temperature`; nil for that one.
  public var pitchTemperature: Double?
  /// The temperature of the choice among positions and among durations; nil for `temperature`.
  public var rhythmTemperature: Double?
  /// The temperature of the choice among loudnesses; nil for `temperature`.
  public var dynamicsTemperature: Double?
  /// The temperature of the choice among the earlier bars that a bar could copy, whole or in rhythm; nil for `temperature`.
  public var repetitionTemperature: Double?
  /// By how much the odds of a copy of an earlier bar, whole or in rhythm, are multiplied beside everything else; nil for 1.
  public var repetition: Double?
  /// `minP` for what a part does in a bar: rest, play something new, copy an earlier bar, whole or in rhythm; nil for the same. Many bars
  /// could come again, and each of them is improbable, even where some of them is likely to; and a part that has rested for a while
  /// enters in few bars of a hundred. Where the floor is the same for them, long pieces return to nothing, and most parts of a band never play.
  public var barMinP: Double?
  /// Which probability of the most typical tokens stays in (`Typical`); nil for all.
  public var typical: Double?
  /// How much less likely it becomes that a loop goes on (`LoopPenalty`); nil for no less.
  public var loops: LoopPenalty?

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

  /// As `presets/sampling/default.json` has it: the model's own distribution without what is improbable beside its favorite.
  public static var usual: SamplingPreset {
    var preset = SamplingPreset(minP: 0.05)
    preset.barMinP = 0.005
    return preset
  }

  /// Reads a preset; all but `temperature`, `topK`, `topP` and `minP` may be missing.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    summary = try container.decodeIfPresent(String.self, forKey: .summary)
    temperature = try container.decode(Double.self, forKey: .temperature)
    topK = try container.decode(Int.self, forKey: .topK)
    topP = try container.decode(Double.self, forKey: .topP)
    minP = try container.decode(Double.self, forKey: .minP)
    cache = try container.decodeIfPresent(NeuralCache.self, forKey: .cache)
    byRole = try container.decodeIfPresent(Bool.self, forKey: .byRole) ?? false
    pitchTemperature = try container.decodeIfPresent(Double.self, forKey: .pitchTemperature)
    rhythmTemperature = try container.decodeIfPresent(Double.self, forKey: .rhythmTemperature)
    dynamicsTemperature = try container.decodeIfPresent(Double.self, forKey: .dynamicsTemperature)
    repetitionTemperature = try container.decodeIfPresent(Double.self, forKey: .repetitionTemperature)
    repetition = try container.decodeIfPresent(Double.self, forKey: .repetition)
    barMinP = try container.decodeIfPresent(Double.self, forKey: .barMinP)
    typical = try container.decodeIfPresent(Double.self, forKey: .typical)
    loops = try container.decodeIfPresent(LoopPenalty.self, forKey: .loops)
  }

  /// Reads the preset `name` from a folder of presets.
  /// - Throws: `ComposingError`: no such preset, not JSON, a setting that is unknown or is invalid.
  public init(named name: String, folder: String) throws(ComposingError) {
    self = try PresetFile.read(Self.self, named: name, folder: folder)
    do {
      try validate()
    } catch {
      throw .malformed(path: PresetFile.path(of: name, folder: folder), reason: error.message)
    }
  }

  /// The temperatures of the kinds that have their own.
  public var kindTemperatures: [SteeredKind: Double] {
    get {
      let all: [(SteeredKind, Double?)] = [
        (.pitch, pitchTemperature), (.rhythm, rhythmTemperature), (.dynamics, dynamicsTemperature),
        (.repetition, repetitionTemperature),
      ]
      return [SteeredKind: Double](
        uniqueKeysWithValues: all.compactMap { kind, value in value.map { (kind, $0) } })
    }
    set {
      pitchTemperature = newValue[.pitch]
      rhythmTemperature = newValue[.rhythm]
      dynamicsTemperature = newValue[.dynamics]
      repetitionTemperature = newValue[.repetition]
    }
  }

  /// Checks every setting.
  /// - Throws: `ComposingError.invalidOption`.
  public func validate() throws(ComposingError) {
    _ = try filters()
    for (kind, value) in kindTemperatures { _ = try Temperature(value, of: kind) }
    if let repetition { try RepetitionOdds.check(repetition) }
    if let barMinP { _ = try MinP(barMinP) }
    try loops?.validate()
  }
}

// MARK: - Filters

extension SamplingPreset {
  /// The filters that need not know what tokens do, in the order in which they are applied: temperature, top-k, top-p, min-p, typical.
  /// They follow the cache.
  /// - Throws: `ComposingError.invalidOption`.
  public func filters() throws(ComposingError) -> [any SamplingFilter] {
    try filters(after: [])
  }

  /// All filters for the ids of a vocabulary: those of `filters()`, after the temperature those of kinds of tokens, all of them within roles
  /// if the preset says so; and the odds of copies. What a loop penalty asks depends on the piece, and is no filter.
  /// - Parameter roles: What each id does.
  /// - Throws: `ComposingError.invalidOption`.
  public func filters(for roles: TokenRoles) throws(ComposingError) -> [any SamplingFilter] {
    try validate()
    let temperatures = kindTemperatures
    let kinds: [any SamplingFilter] =
      temperatures.isEmpty
      ? [] : [try KindTemperatures(temperatures, general: try Temperature(temperature), roles: roles)]
    // How likely a copy is beside other roles is nothing that filters within roles could change.
    let odds = try repetition.map { factor throws(ComposingError) in try RepetitionOdds(factor, roles: roles)
    }
    guard byRole else {
      let bars = barMinP == nil ? [] : Self.barIDs(of: roles)
      return try filters(after: kinds + [odds].compactMap { $0 }, bars: bars)
    }
    let within = WithinRoles(try filters(after: kinds), roles: roles, floor: minP)
    return [odds].compactMap { $0 } + [within]
  }

  /// The ids that say what a part does in a bar.
  private static func barIDs(of roles: TokenRoles) -> [Int32] {
    (0..<Int32(roles.count)).filter { !roles[$0].isDisjoint(with: [.activity, .repetition]) }
  }

  private func filters(
    after kinds: [any SamplingFilter], bars: [Int32] = []
  ) throws(ComposingError) -> [any SamplingFilter] {
    try cache?.validate()
    var filters: [any SamplingFilter] = [try Temperature(temperature)] + kinds
    if topK != 0 { filters.append(try TopK(topK)) }
    filters.append(try TopP(topP))
    filters.append(try MinP(minP, of: bars, barMinP ?? minP))
    if let typical { filters.append(try Typical(typical)) }
    return filters
  }
}
