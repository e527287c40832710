import Music
import Tokenization

/// Any tokenizer that also lets a network be told where in the bar the next note would begin, and which bar it is. Attributes
/// at the beginning of a piece can be left open: all become the last of them.
struct Placed: TokenizerConfiguration {
  static let tokenizerName = "placed"
  var base: WrappedTokenizer
  /// How many bars are told apart.
  var bars = 4

  init(_ base: any TokenizerConfiguration) { self.base = WrappedTokenizer(base) }

  func makeTokenizer() throws(TokenizationError) -> any Tokenizer { try PlacedTokenizer(self) }
}

struct PlacedTokenizer: Tokenizer {
  let base: any Tokenizer
  let vocabulary: Vocabulary
  let contextFeatures: [ContextFeature]
  let openLengthTable: [Int32]?
  /// What each id says of a position in the bar: its steps, −1 for nothing.
  private let positions: [Int32]

  init(_ configuration: Placed) throws(TokenizationError) {
    base = try configuration.base.configuration.makeTokenizer()
    let below = base.vocabulary, ids = 0..<Int32(below.count)
    vocabulary = try Vocabulary(
      configuration: configuration, tokens: below.tokens, roles: ids.map { below.roles[$0] },
      values: ids.map(below.roles.values(of:)))
    positions = ids.map { id in
      for case .position(let time) in below.roles.values(of: id) { return Int32(time.steps) }
      return -1
    }
    contextFeatures = [
      ContextFeature(name: "position", count: Int(positions.max() ?? 0) + 1),
      ContextFeature(name: "bar", count: configuration.bars),
    ]
    let attributes = ids.filter { below.roles[$0].contains(.attribute) }
    openLengthTable = attributes.last.map { open in ids.map { attributes.contains($0) ? open : $0 } }
  }

  func makeContext() -> (any TokenContext)? {
    Context(positions: positions, barLines: vocabulary.roles.barLines, barCount: contextFeatures[1].count)
  }

  struct Context: TokenContext {
    let positions: [Int32]
    let barLines: [Int32]
    let barCount: Int
    var position: Int32 = -1
    var bar = -1

    mutating func advance(_ id: Int32) {
      if barLines.contains(id) {
        bar += 1
        position = 0
      } else if positions[Int(id)] >= 0 {
        position = positions[Int(id)]
      }
    }

    func write(into features: inout [Int32]) {
      features[0] = position
      features[1] = bar < 0 ? -1 : Int32(bar % barCount)
    }
  }

  func encode(_ score: Score) throws(TokenizationError) -> Encoding { try base.encode(score) }

  func normalized(_ score: Score) throws(TokenizationError) -> (score: Score, report: NormalizationReport) {
    try base.normalized(score)
  }

  func transpositionTable(semitones: Int) -> [Int32] { base.transpositionTable(semitones: semitones) }
  func makeDecoder() -> any TokenDecoder { base.makeDecoder() }
  func makeGrammar(bars: BarLimit) -> any TokenGrammar { base.makeGrammar(bars: bars) }
}
