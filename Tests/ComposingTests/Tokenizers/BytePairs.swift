import Music
import Tokenization

/// Pairs of ids of any tokenizer as ids of their own.
struct BytePairs: TokenizerConfiguration {
  static let tokenizerName = "byte-pairs"
  /// The tokenizer below.
  var base: WrappedTokenizer
  /// The pairs, each of two ids of the tokenizer below.
  var pairs: [[Int32]]

  /// The pairs that are most frequent in some pieces.
  init(_ base: any TokenizerConfiguration, count: Int, in pieces: [[Int32]]) throws {
    self.base = WrappedTokenizer(base)
    let roles = try base.makeTokenizer().vocabulary.roles
    var counts: [[Int32]: Int] = [:]
    for ids in pieces {
      for pair in zip(ids, ids.dropFirst())
      where roles[pair.0].union(roles[pair.1]).isDisjoint(with: .special) {
        counts[[pair.0, pair.1], default: 0] += 1
      }
    }
    let ranked = counts.sorted {
      $0.value == $1.value ? $0.key.lexicographicallyPrecedes($1.key) : $0.value > $1.value
    }
    pairs = ranked.prefix(count).map(\.key)
  }

  func makeTokenizer() throws(TokenizationError) -> any Tokenizer { try BytePairTokenizer(self) }
}

/// Merges pairs from left to right, once.
struct BytePairTokenizer: Tokenizer {
  let base: any Tokenizer
  let vocabulary: Vocabulary
  /// The ids below of each id.
  let parts: [[Int32]]
  /// The id of each pair, by its first id and then its second.
  let pairs: [Int32: [Int32: Int32]]

  init(_ configuration: BytePairs) throws(TokenizationError) {
    base = try configuration.base.configuration.makeTokenizer()
    let below = base.vocabulary
    var pairs: [Int32: [Int32: Int32]] = [:]
    var parts = (0..<Int32(below.count)).map { [$0] }
    for pair in configuration.pairs {
      guard pair.count == 2, pair.allSatisfy({ below.token(of: $0) != nil }) else {
        throw .invalidConfiguration(field: "pairs", value: "\(pair)", expected: "two ids")
      }
      pairs[pair[0], default: [:]][pair[1]] = Int32(parts.count)
      parts.append(pair)
    }
    self.parts = parts
    self.pairs = pairs
    vocabulary = try Vocabulary(
      configuration: configuration,
      tokens: parts.map { $0.compactMap { below.token(of: $0) }.joined(separator: "+") },
      roles: parts.map { $0.reduce(into: []) { $0.formUnion(below.roles[$1]) } },
      values: parts.map { $0.flatMap(below.roles.values(of:)) })
  }

  func encode(_ score: Score) throws(TokenizationError) -> Encoding {
    var encoding = try base.encode(score)
    var merged: [Int32] = []
    var index = 0
    while index < encoding.ids.count {
      let next = index + 1 < encoding.ids.count ? pairs[encoding.ids[index]]?[encoding.ids[index + 1]] : nil
      merged.append(next ?? encoding.ids[index])
      index += next == nil ? 1 : 2
    }
    encoding.ids = merged
    return encoding
  }

  func normalized(_ score: Score) throws(TokenizationError) -> (score: Score, report: NormalizationReport) {
    try base.normalized(score)
  }

  func makeDecoder() -> any TokenDecoder { Decoder(tokenizer: self, below: base.makeDecoder()) }

  func makeGrammar(bars: BarLimit) -> any TokenGrammar {
    Grammar(tokenizer: self, below: base.makeGrammar(bars: bars))
  }

  struct Decoder: TokenDecoder {
    let tokenizer: BytePairTokenizer
    var below: any TokenDecoder
    /// For each id below the place of the id that it is a part of.
    var places: [Int] = []
    var idCount = 0

    var ticksPerQuarter: Int { below.ticksPerQuarter }

    mutating func take(_ id: Int32, into music: inout DecodedMusic) throws(TokenizationError) {
      guard tokenizer.parts.indices.contains(Int(id)) else {
        throw .unknownID(id: id, index: idCount, vocabularySize: tokenizer.vocabulary.count)
      }
      let (notes, bars) = (music.notes.count, music.bars.count)
      for part in tokenizer.parts[Int(id)] {
        places.append(idCount)
        try below.take(part, into: &music)
      }
      for index in notes..<music.notes.count { music.notes[index].ids = above(music.notes[index].ids) }
      for index in bars..<music.bars.count { music.bars[index].ids = above(music.bars[index].ids) }
      idCount += 1
    }

    private func above(_ ids: Range<Int>) -> Range<Int> {
      places[ids.lowerBound]..<places[ids.upperBound - 1] + 1
    }

    func finished() throws(TokenizationError) -> DecodedScore { try below.finished() }
  }

  /// As exact as the grammar below: it also keeps apart what would have been written as a pair.
  struct Grammar: TokenGrammar {
    let tokenizer: BytePairTokenizer
    var below: any TokenGrammar
    /// The id before, where it is no pair.
    var single: Int32?

    var barCount: Int { below.barCount }
    var noteCount: Int { below.noteCount }
    var isBetweenNotes: Bool { below.isBetweenNotes }
    var isFinished: Bool { below.isFinished }

    mutating func advance(_ id: Int32) {
      let parts = tokenizer.parts[Int(id)]
      for part in parts { below.advance(part) }
      single = parts.count == 1 ? id : nil
    }

    func allowed(into mask: inout [Bool]) {
      let size = tokenizer.base.vocabulary.count
      var first = [Bool](repeating: false, count: size), second = first
      below.allowed(into: &first)
      for id in mask.indices { mask[id] = false }
      let taken = single.flatMap { tokenizer.pairs[$0] } ?? [:]
      for id in first.indices where first[id] && taken[Int32(id)] == nil {
        mask[id] = true
        guard let pairs = tokenizer.pairs[Int32(id)] else { continue }
        var after = below
        after.advance(Int32(id))
        after.allowed(into: &second)
        for (other, pair) in pairs where second[Int(other)] { mask[Int(pair)] = true }
        mask[id] = second.indices.contains { second[$0] && pairs[Int32($0)] == nil }
      }
    }
  }
}
