public import Arithmetic
public import Corpora
public import Music
public import Tokenization

/// All that is asked of a piece, but the model that composes it and the seed, as values that can be written down: what `gruppetto generate` and
/// `continue` make of their options, and what the files that they write tell of themselves (`CompositionRecord`).
///
/// A setting that is added has a value that stands for its absence (nil, wherever possible), so that records without it can be read. What a setting
/// means for the composer is said in `options(seed:tokenizer:primer:passages:)` alone, so that a piece that is made again takes the same
/// way as when it was made first.
public struct CompositionSettings: Codable, Hashable, Sendable {
  /// How adventurous the choices are.
  public var sampling: SamplingPreset
  /// The number format of the weights in memory, which decides about the last bits of every number.
  public var weights: WeightFormat
  /// How many bars are new; nil leaves that to the model.
  public var bars: Int?
  /// The sections and which of them return, as `Form` reads it.
  public var form: String?
  /// Which share of the bars of a varied section is composed anew, 0...1; nil for `CompositionOptions.usualVariation`.
  public var variation: Double?
  /// How phrases are searched for; nil takes the first that come.
  public var search: PhraseSearch?
  /// How the ending is searched for; nil takes the first that comes.
  public var ending: EndingSearch?
  /// The tempo in quarter notes a minute; nil leaves it to the model.
  public var tempo: Double?
  /// The time signature throughout, such as `3/4`; nil leaves it to the model.
  public var timeSignature: String?
  /// The music that the piece goes on from.
  public var primer: Primer?
  /// What the piece may not share with the training pieces.
  public var avoidCopying: PassageLimit?
  /// What is made of a piece that there was; nil for a new one.
  public var change: Change?

  /// A piece that is filled in, varied, harmonized, or led to another.
  public struct Change: Codable, Hashable, Sendable {
    /// The command, `generate` or `harmonize`.
    public var command: String
    /// What it was told to change, as options.
    public var options: [String]
    /// The fingerprints of the files that `options` name, by path.
    public var files: [String: String]
    /// The seed by which it was drawn what changes.
    public var seed: UInt64?
    /// Which of several steps from one piece to another this is, from 0; nil for the only one.
    public var step: Int?

    /// A change.
    public init(
      command: String, options: [String], files: [String: String] = [:], seed: UInt64? = nil, step: Int? = nil
    ) {
      self.command = command
      self.options = options
      self.files = files
      self.seed = seed
      self.step = step
    }
  }

  /// What it has to hold, as `gruppetto generate` is told; nil for nothing but tempo and time signature.
  public var limits: [String]?
  /// The fingerprints of the files that `limits` names, by path; nil for none.
  public var limitFiles: [String: String]?
  /// The styles that it is composed in; nil for none.
  public var styles: [StyleShare]?
  /// What it is asked to be like, as far as the model has learned to be asked; nil for nothing.
  public var asked: [AskedAttribute]?
  /// How strongly that is heard; nil for as the model learned it.
  public var guidance: Double?

  /// A style, and how much of it.
  public struct StyleShare: Codable, Hashable, Sendable {
    /// The file, by the path that it was named by.
    public var path: String
    /// The fingerprint of the file's bytes, 16 hexadecimal digits.
    public var fingerprint: String
    /// How much of it, 1 for all of it.
    public var weight: Double

    /// A style in a file.
    public init(path: String, fingerprint: String, weight: Double) {
      self.path = path
      self.fingerprint = fingerprint
      self.weight = weight
    }
  }

  /// An attribute, and the value that it is asked to have.
  public struct AskedAttribute: Codable, Hashable, Sendable {
    /// What it is about.
    public var kind: PieceAttribute.Kind
    /// The value, as `RequestedAttribute` reads it.
    public var value: String

    /// A wish.
    public init(_ kind: PieceAttribute.Kind, _ value: String) {
      self.kind = kind
      self.value = value
    }
  }

  /// The music that a piece goes on from.
  public struct Primer: Codable, Hashable, Sendable {
    /// The file, by the path that it was named by.
    public var path: String
    /// The fingerprint of the file's bytes, 16 hexadecimal digits.
    public var fingerprint: String
    /// The number of the piece in a file of several, from 1; nil for the only one.
    public var piece: Int?
    /// Whether what is written is the file with new bars after it, rather than the new bars alone.
    public var isKept: Bool

    /// Music in a file.
    public init(path: String, fingerprint: String, piece: Int? = nil, isKept: Bool = false) {
      self.path = path
      self.fingerprint = fingerprint
      self.piece = piece
      self.isKept = isKept
    }
  }

  /// How much a piece may share with the training pieces.
  public struct PassageLimit: Codable, Hashable, Sendable {
    /// How many notes a shared passage does not reach.
    public var notes: Int
    /// The fingerprint of the corpus whose training pieces they are.
    public var corpus: String
    /// The path that the corpus was named by; nil for the one in the model's folder.
    public var path: String?

    /// A limit.
    public init(notes: Int, corpus: String, path: String? = nil) {
      self.notes = notes
      self.corpus = corpus
      self.path = path
    }
  }

  /// Settings; what is not given is a free piece.
  public init(sampling: SamplingPreset = SamplingPreset(), weights: WeightFormat = .float32) {
    self.sampling = sampling
    // What a preset is for says nothing about the piece.
    self.sampling.summary = nil
    self.weights = weights
  }
}

extension CompositionSettings {
  /// What the composer is asked for.
  /// - Parameters:
  ///   - seed: The seed of the piece.
  ///   - tokenizer: The tokenizer of the model.
  ///   - primer: The music that `primer` names, prepared as the model reads music.
  ///   - passages: The passages that `avoidCopying` forbids.
  ///   - held: What `limits`, `tempo` and `timeSignature` ask of the tokens; nil for tempo and time signature alone.
  /// - Throws: `ComposingError.invalidOption` for a setting that the model or the composer cannot follow; `.cause` for a form that none is.
  public func options(
    seed: UInt64, tokenizer: any Tokenizer, primer: Score? = nil, passages: PassageIndex? = nil,
    held: HeldLimits? = nil
  ) throws(ComposingError) -> CompositionOptions {
    var options = CompositionOptions(
      seed: seed, sampling: sampling, bars: bars, primer: primer, keepsPrimer: self.primer?.isKept ?? false)
    do {
      options.form = try form.map { text throws(FormError) in try Form(text) }
    } catch {
      throw .cause(error)
    }
    if let variation { options.variation = variation }
    options.search = search
    options.ending = ending
    if let held {
      options.bars = held.bars
      options.constraints += held.constraints
    } else {
      options.constraints += try plainConstraints(tokenizer)
    }
    for wish in asked ?? [] {
      options.constraints.append(try RequestedAttribute(wish.kind, wish.value, tokenizer: tokenizer))
    }
    if let avoidCopying, let passages {
      try requireOption(
        avoidCopying.notes >= AvoidCopying.leastNotes, "avoidCopying", avoidCopying.notes,
        "a number of notes from \(AvoidCopying.leastNotes)")
      options.constraints.append(
        AvoidCopying(passages, tokenizer: tokenizer, limit: avoidCopying.notes))
    }
    return options
  }

  /// What the tempo and the time signature ask of the tokens of a model, without limits.
  /// - Throws: `ComposingError.invalidOption`.
  package func plainConstraints(_ tokenizer: any Tokenizer) throws(ComposingError) -> [any TokenConstraint] {
    var constraints: [any TokenConstraint] = []
    if let tempo, let constraint = try RequestedTempo(quartersPerMinute: tempo, tokenizer: tokenizer) {
      constraints.append(constraint)
    }
    if let timeSignature {
      let signature = TimeSignature(timeSignature)
      try requireOption(signature != nil, "timeSignature", timeSignature, "one such as 3/4")
      if let signature {
        constraints.append(try RequestedTimeSignature(signature, tokenizer: tokenizer))
      }
    }
    return constraints
  }

  /// A model with the guidance that is asked for.
  /// - Throws: As `MusicModel.guided(toward:scale:)`.
  public func guided(_ model: MusicModel) throws(ComposingError) -> MusicModel {
    try model.guided(toward: Set((asked ?? []).map(\.kind)), scale: guidance ?? 1)
  }

  /// A piece as it is written: at the tempo that was asked for, which the tokens may know only approximately or not at all.
  /// - Throws: `ComposingError.invalidOption` for a tempo out of range.
  public func playing(_ piece: Composition) throws(ComposingError) -> Composition {
    guard let tempo else { return piece }
    return try piece.played(quartersPerMinute: tempo)
  }
}
