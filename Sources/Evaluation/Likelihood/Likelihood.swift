public import Composing
public import Groundwork
internal import Music
internal import Tokenization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// How probable a model finds music that it has not seen, in nats for each of several units.
///
/// Per token models of one tokenizer can be compared, per note those of different tokenizers, as long as these keep the same notes.
public struct Likelihood: Sendable, Hashable, Codable {
  /// The part of one kind of tokens.
  public struct Part: Sendable, Hashable, Codable {
    /// The kind.
    public var kind: TokenKind
    /// How many of the tokens are of it.
    public var tokens: Int
    /// −log p summed over them, in nats.
    public var nats: Double
    /// The mean over them, in nats.
    public var nllPerToken: Double
    /// Their nats for each note of the music: the parts add up to the whole.
    public var nllPerNote: Double
    /// The mean entropy of what was predicted at their places, in nats.
    public var entropyPerToken: Double
  }

  /// How many pieces were read.
  public var pieces: Int
  /// How many tokens were predicted: all but the first of each piece.
  public var tokens: Int
  /// How many notes the pieces have, as the tokenizer has them.
  public var notes: Int
  /// How many bars.
  public var bars: Int
  /// How many beats, each a quarter note.
  public var beats: Double
  /// How long they sound, in seconds.
  public var seconds: Double
  /// −log p over all tokens, in nats.
  public var nats: Double
  /// The mean entropy of the model's distributions, in nats: what it expected `nllPerToken` to be. Far below, it is too sure.
  public var entropyPerToken: Double
  /// The kinds of tokens, in the order of `TokenKind`; those that do not occur are left out.
  public var parts: [Part]
  /// Whether the model is as often right as it is sure.
  public var calibration: Calibration

  /// Nats a token.
  public var nllPerToken: Double { nats / Double(max(1, tokens)) }
  /// Nats a note.
  public var nllPerNote: Double { nats / Double(max(1, notes)) }
  /// Nats a beat, which is a quarter note.
  public var nllPerBeat: Double { beats > 0 ? nats / beats : 0 }
  /// Nats a bar.
  public var nllPerBar: Double { nats / Double(max(1, bars)) }
  /// Nats a second.
  public var nllPerSecond: Double { seconds > 0 ? nats / seconds : 0 }
  /// Bits a token.
  public var bitsPerToken: Double { nllPerToken / M_LN2 }
  /// Nats a note without what is said of loudness, tempo and instruments, which some tokenizers say more finely than others.
  public var nllPerNoteOfPitchAndTime: Double {
    let left: Set<TokenKind> = [.loudness, .tempo, .instrument]
    return parts.filter { !left.contains($0.kind) }.reduce(0) { $0 + $1.nllPerNote }
  }

  /// Runs the model over pieces.
  /// - Parameters:
  ///   - pieces: The pieces, in the model's tokens; at least one.
  ///   - model: The model.
  ///   - threadCount: How many threads compute; the result does not depend on it.
  ///   - cancellation: Asks to give up.
  ///   - progress: Is told how many tokens were predicted.
  /// - Throws: `EvaluationError.interrupted`, `.cause` for a model whose network does not go from ids to ids.
  public init(
    of pieces: [EvaluatedPiece], model: MusicModel, threadCount: Int = 1,
    cancellation: Cancellation = Cancellation(), progress: ProgressHandler? = nil
  ) throws(EvaluationError) {
    let predictions = try TokenPredictor(model: model, threadCount: threadCount).predictions(
      of: pieces.map(\.ids), cancellation: cancellation, progress: progress)
    self.init(of: pieces, predictions: predictions, roles: model.tokenizer.vocabulary.roles)
  }

  /// Adds up what was predicted.
  init(of pieces: [EvaluatedPiece], predictions: [PiecePredictions], roles: TokenRoles) {
    struct Sum {
      var tokens = 0, nats = 0.0, entropy = 0.0
    }
    var sums: [TokenKind: Sum] = [:]
    let kinds = (0..<Int32(roles.count)).map { TokenKind(roles[$0]) }
    for (piece, prediction) in zip(pieces, predictions) {
      for (place, id) in piece.ids.dropFirst().enumerated() {
        sums[kinds[Int(id)], default: Sum()].tokens += 1
        sums[kinds[Int(id)], default: Sum()].nats += prediction.surprisals[place]
        sums[kinds[Int(id)], default: Sum()].entropy += prediction.entropies[place]
      }
    }
    self.pieces = pieces.count
    let notes = pieces.reduce(0) { $0 + $1.score.noteCount }
    self.notes = notes
    tokens = sums.values.reduce(0) { $0 + $1.tokens }
    bars = pieces.reduce(0) { $0 + $1.score.bars.count }
    beats = pieces.reduce(0) { $0 + $1.quarters }
    seconds = pieces.reduce(0) { $0 + $1.score.seconds }
    // In the order of the kinds, so that the sum is the same in every run.
    let ordered = TokenKind.allCases.compactMap { kind in sums[kind].map { (kind, $0) } }
    nats = ordered.reduce(0) { $0 + $1.1.nats }
    entropyPerToken = ordered.reduce(0) { $0 + $1.1.entropy } / Double(max(1, tokens))
    parts = ordered.map { kind, sum in
      Part(
        kind: kind, tokens: sum.tokens, nats: sum.nats, nllPerToken: sum.nats / Double(sum.tokens),
        nllPerNote: sum.nats / Double(max(1, notes)), entropyPerToken: sum.entropy / Double(sum.tokens))
    }
    calibration = Calibration(
      confidences: predictions.flatMap(\.confidences), hits: predictions.flatMap(\.hits))
  }
}

extension Likelihood {
  private enum CodingKeys: String, CodingKey {
    case pieces, tokens, notes, bars, beats, seconds, nats, entropyPerToken, parts, calibration
    case nllPerToken, nllPerNote, nllPerBeat, nllPerBar, nllPerSecond, bitsPerToken
    case nllPerNoteOfPitchAndTime
  }

  /// Reads the sums; what follows from them is not read.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    pieces = try fields.decode(Int.self, forKey: .pieces)
    tokens = try fields.decode(Int.self, forKey: .tokens)
    notes = try fields.decode(Int.self, forKey: .notes)
    bars = try fields.decode(Int.self, forKey: .bars)
    beats = try fields.decode(Double.self, forKey: .beats)
    seconds = try fields.decode(Double.self, forKey: .seconds)
    nats = try fields.decode(Double.self, forKey: .nats)
    entropyPerToken = try fields.decode(Double.self, forKey: .entropyPerToken)
    parts = try fields.decode([Part].self, forKey: .parts)
    calibration = try fields.decode(Calibration.self, forKey: .calibration)
  }

  /// Writes the sums, and the means that follow from them.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode(pieces, forKey: .pieces)
    try fields.encode(tokens, forKey: .tokens)
    try fields.encode(notes, forKey: .notes)
    try fields.encode(bars, forKey: .bars)
    try fields.encode(beats, forKey: .beats)
    try fields.encode(seconds, forKey: .seconds)
    try fields.encode(nats, forKey: .nats)
    try fields.encode(entropyPerToken, forKey: .entropyPerToken)
    try fields.encode(parts, forKey: .parts)
    try fields.encode(calibration, forKey: .calibration)
    try fields.encode(nllPerToken, forKey: .nllPerToken)
    try fields.encode(nllPerNote, forKey: .nllPerNote)
    try fields.encode(nllPerBeat, forKey: .nllPerBeat)
    try fields.encode(nllPerBar, forKey: .nllPerBar)
    try fields.encode(nllPerSecond, forKey: .nllPerSecond)
    try fields.encode(bitsPerToken, forKey: .bitsPerToken)
    try fields.encode(nllPerNoteOfPitchAndTime, forKey: .nllPerNoteOfPitchAndTime)
  }
}
