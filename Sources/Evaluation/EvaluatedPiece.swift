public import Music
public import Tokenization

/// A piece as a model reads it: its ids, and the score that they say.
public struct EvaluatedPiece: Sendable {
  /// What it is called: its file, or the number and seed of a composed piece.
  public let name: String
  /// Its ids, from the one that begins a piece to the one that ends it.
  public let ids: [Int32]
  /// The score that the ids say. Human and composed pieces come from the same decoder, so that nothing but the music tells
  /// them apart.
  public let score: Score

  /// A piece of these ids.
  /// - Parameters:
  ///   - name: What it is called.
  ///   - ids: Its ids, from the one that begins a piece to the one that ends it.
  ///   - tokenizer: What reads them.
  /// - Throws: `EvaluationError.unusablePiece` for ids that are no piece.
  public init(name: String, ids: [Int32], tokenizer: any Tokenizer) throws(EvaluationError) {
    self.name = name
    self.ids = ids
    do { score = try tokenizer.decode(ids) } catch {
      throw .unusablePiece(name: name, reason: error.message)
    }
  }

  /// A score as the tokenizer has it.
  /// - Parameters:
  ///   - name: What it is called.
  ///   - score: The music.
  ///   - tokenizer: What writes it.
  /// - Throws: `EvaluationError.unusablePiece` for a score that the tokenizer cannot write.
  public init(name: String, score: Score, tokenizer: any Tokenizer) throws(EvaluationError) {
    let ids: [Int32]
    do { ids = try tokenizer.encode(score).ids } catch {
      throw .unusablePiece(name: name, reason: error.message)
    }
    try self.init(name: name, ids: ids, tokenizer: tokenizer)
  }

  /// How long it is in quarter notes: to the end of its last bar.
  var quarters: Double {
    let bars = score.bars
    return bars.isEmpty ? 0 : Double(bars[bars.count - 1].end) / Double(score.ticksPerQuarter)
  }
}
