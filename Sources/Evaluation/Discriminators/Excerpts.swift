internal import Analysis
internal import Music

/// How much of a piece a discriminator sees.
public enum ExcerptLength: Sendable, Hashable, Codable {
  /// This many bars.
  case bars(Int)
  /// All of it.
  case whole

  /// In words: `8 bars`, `whole piece`.
  public var name: String {
    switch self {
    case .bars(let count): count == 1 ? "1 bar" : "\(count) bars"
    case .whole: "whole piece"
    }
  }

  /// Reads what `encode(to:)` wrote.
  public init(from decoder: any Decoder) throws {
    let count = try decoder.singleValueContainer().decode(Int.self)
    self = count == 0 ? .whole : .bars(count)
  }

  /// Writes the number of bars; 0 for all.
  public func encode(to encoder: any Encoder) throws {
    var value = encoder.singleValueContainer()
    if case .bars(let count) = self { try value.encode(count) } else { try value.encode(0) }
  }
}

/// A part of a piece.
struct Excerpt: Sendable {
  /// The number of the piece that it is from.
  let piece: Int
  /// The music, from tick 0 on.
  let score: Score

  /// The excerpts of pieces: the first from the bar of the first note, each other from where the last one ended, at most `limit` of a piece,
  /// since further ones of the same piece add little. Pieces that are shorter have none, and excerpts without a note are left out.
  static func excerpts(of scores: [Score], length: ExcerptLength, limit: Int) -> [Excerpt] {
    scores.enumerated().flatMap { piece, score -> [Excerpt] in
      guard case .bars(let bars) = length else {
        return score.noteCount > 0 ? [Excerpt(piece: piece, score: score)] : []
      }
      return DescriptorSet.excerpts(of: score, length: bars).prefix(limit).compactMap { part in
        part.noteCount > 0
          ? Excerpt(piece: piece, score: part.withoutTracks(where: \.notes.isEmpty)) : nil
      }
    }
  }
}
