import Music
import Tokenization

/// Any tokenizer with a token before each piece that says how many notes it has in a bar: few, some or many.
struct Density: TokenizerConfiguration {
  static let tokenizerName = "density"
  static let names = ["Density_few", "Density_some", "Density_many"]
  var base: WrappedTokenizer

  init(_ base: any TokenizerConfiguration) { self.base = WrappedTokenizer(base) }

  func makeTokenizer() throws(TokenizationError) -> any Tokenizer { try DensityTokenizer(self) }
}

struct DensityTokenizer: Tokenizer {
  let base: any Tokenizer
  let vocabulary: Vocabulary
  /// The ids of the attribute.
  let attributes: Range<Int32>

  init(_ configuration: Density) throws(TokenizationError) {
    base = try configuration.base.configuration.makeTokenizer()
    let below = base.vocabulary
    attributes = Int32(below.count)..<Int32(below.count + Density.names.count)
    vocabulary = try Vocabulary(
      configuration: configuration, tokens: below.tokens + Density.names,
      roles: (0..<Int32(below.count)).map { below.roles[$0] } + Density.names.map { _ in .attribute },
      values: (0..<Int32(below.count)).map(below.roles.values(of:)) + Density.names.map { _ in [] })
  }

  func encode(_ score: Score) throws(TokenizationError) -> Encoding {
    var encoding = try base.encode(score)
    let level = encoding.noteCount / max(1, encoding.barCount) / 4
    encoding.ids.insert(attributes.lowerBound + Int32(min(level, 2)), at: 1)
    return encoding
  }

  func normalized(_ score: Score) throws(TokenizationError) -> (score: Score, report: NormalizationReport) {
    try base.normalized(score)
  }

  func transpositionTable(semitones: Int) -> [Int32] {
    base.transpositionTable(semitones: semitones) + attributes
  }

  func narrowing(to pieces: some Sequence<[Int32]>) throws(TokenizationError) -> TokenizerNarrowing? {
    let below = pieces.map { ids in ids.filter { !attributes.contains($0) } }
    guard let narrowing = try base.narrowing(to: below) else { return nil }
    let narrow = try DensityTokenizer(Density(narrowing.tokenizer.vocabulary.configuration))
    return TokenizerNarrowing(tokenizer: narrow, idMap: narrowing.idMap + narrow.attributes)
  }

  func makeDecoder() -> any TokenDecoder { Decoder(tokenizer: self, below: base.makeDecoder()) }

  func makeGrammar(bars: BarLimit) -> any TokenGrammar {
    Grammar(attributes: attributes, below: base.makeGrammar(bars: bars))
  }

  struct Decoder: TokenDecoder {
    let tokenizer: DensityTokenizer
    var below: any TokenDecoder
    var idCount = 0

    var ticksPerQuarter: Int { below.ticksPerQuarter }

    mutating func take(_ id: Int32, into music: inout DecodedMusic) throws(TokenizationError) {
      idCount += 1
      guard !tokenizer.attributes.contains(id) else {
        guard idCount == 2 else {
          throw .unexpectedToken(
            tokenizer.vocabulary.tokens[Int(id)], index: idCount - 1, expected: "a token of the piece")
        }
        return
      }
      let (notes, bars) = (music.notes.count, music.bars.count)
      try below.take(id, into: &music)
      for index in notes..<music.notes.count { music.notes[index].ids = above(music.notes[index].ids) }
      for index in bars..<music.bars.count { music.bars[index].ids = above(music.bars[index].ids) }
    }

    private func above(_ ids: Range<Int>) -> Range<Int> { ids.lowerBound + 1..<ids.upperBound + 1 }

    func finished() throws(TokenizationError) -> DecodedScore { try below.finished() }
  }

  struct Grammar: TokenGrammar {
    let attributes: Range<Int32>
    var below: any TokenGrammar
    var idCount = 0

    var barCount: Int { below.barCount }
    var noteCount: Int { below.noteCount }
    var isBetweenNotes: Bool { idCount != 1 && below.isBetweenNotes }
    var isFinished: Bool { below.isFinished }

    mutating func advance(_ id: Int32) {
      idCount += 1
      if !attributes.contains(id) { below.advance(id) }
    }

    func allowed(into mask: inout [Bool]) {
      var first = Array(mask.prefix(Int(attributes.lowerBound)))
      below.allowed(into: &first)
      for id in mask.indices { mask[id] = idCount == 1 ? id >= first.count : id < first.count && first[id] }
    }
  }
}
