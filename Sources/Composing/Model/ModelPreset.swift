public import Recurrent
public import Training

/// The settings of a model and its training: a file of `presets/models` with the user's changes.
public struct ModelPreset: Codable, Hashable, Sendable {
  /// What it is for, in a sentence.
  public var summary: String?
  /// The network.
  public var network: LanguageModelShape
  /// The training.
  public var training: TrainingConfiguration
  /// The semitones, from the lowest to the highest, by which pieces are transposed at random in training; nil leaves
  /// them as they are.
  public var transposition: Transposition?
  /// The share of the pieces, 0...1, in which some bars of some parts are learned as if they were to be filled in between what is known
  /// before and after; nil for a model that only goes from beginning to end. It takes effect where the tokenizer is `cells`.
  public var infilling: Double?

  /// A range of transpositions in semitones.
  public struct Transposition: Codable, Hashable, Sendable {
    /// The lowest, such as −5.
    public var lowest: Int
    /// The highest, such as 6.
    public var highest: Int

    /// The transpositions from `lowest` to `highest`.
    public init(_ range: ClosedRange<Int>) {
      lowest = range.lowerBound
      highest = range.upperBound
    }
  }

  /// A preset.
  public init(
    summary: String? = nil, network: LanguageModelShape = .init(), training: TrainingConfiguration,
    transposition: Transposition? = nil, infilling: Double? = nil
  ) {
    self.summary = summary
    self.network = network
    self.training = training
    self.transposition = transposition
    self.infilling = infilling
  }

  /// A small network and a short training, for trying something out: a minute or less on one core.
  public static let quick = ModelPreset(
    network: LanguageModelShape(embeddingSize: 32, hiddenSize: 96, layerCount: 1, dropout: 0),
    training: TrainingConfiguration(budget: .steps(300), batchSize: 16, truncationLength: 64))

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

  /// What a mistyped number would be beyond.
  private static let mostUnits = 8192, mostLayers = 32
  /// How many values of the state one step of training may keep; each takes some 24 bytes.
  private static let mostStateValues = 1 << 30

  /// Checks every setting.
  /// - Throws: `ComposingError`, which names the first that is invalid.
  public func validate() throws(ComposingError) {
    if let fault = network.fault { try requireOption(false, fault.name, fault.value, fault.expected) }
    for (name, size) in [("embeddingSize", network.embeddingSize), ("hiddenSize", network.hiddenSize)] {
      try requireOption(size <= Self.mostUnits, name, size, "at most \(Self.mostUnits)")
    }
    try requireOption(
      network.layerCount <= Self.mostLayers, "layerCount", network.layerCount,
      "at most \(Self.mostLayers)")
    do { try training.validate() } catch { throw .cause(error) }
    let values = training.batchSize * training.truncationLength * network.layerCount * network.hiddenSize
    try requireOption(
      values <= Self.mostStateValues, "batch × truncation × layers × hidden size", values,
      "at most \(Self.mostStateValues), because the saved activations would fill the memory")
    if let transposition {
      try requireOption(
        transposition.lowest <= transposition.highest && (-24...24).contains(transposition.lowest)
          && (-24...24).contains(transposition.highest),
        "transposition", "\(transposition.lowest)...\(transposition.highest)",
        "a range within two octaves, such as -5...6")
    }
    if let infilling {
      try requireOption(
        (0...1).contains(infilling), "infilling", infilling, "a share of the pieces from 0 to 1")
    }
  }
}

/// Throws `invalidOption` unless `condition` holds.
func requireOption(
  _ condition: Bool, _ name: String, _ value: some CustomStringConvertible, _ expected: String
) throws(ComposingError) {
  guard condition else {
    throw .invalidOption(name: name, value: String(describing: value), expected: expected)
  }
}
