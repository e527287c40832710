internal import Arithmetic
internal import Tokenization

/// A piece while it is being written.
struct Writing {
  /// The ids so far.
  private(set) var ids: [Int32]
  /// What may come next.
  private(set) var grammar: any TokenGrammar
  /// How many ids were given.
  let givenCount: Int
  /// How many bars were given.
  let givenBars: Int
  /// Σ −log p of the ids chosen, in nats.
  private(set) var surprisal = 0.0
  /// How many ids have been chosen since the last bar began.
  private(set) var idsInBar = 0
  /// How many notes were complete when the first new bar began; nil before that.
  private(set) var notesBefore: Int?

  /// Room for the ids of an ordinary piece, so that the list seldom grows.
  private static let expectedCount = 8192

  init(given: [Int32], bars: Int, grammar: any TokenGrammar) {
    ids = given
    ids.reserveCapacity(given.count + Self.expectedCount)
    givenCount = given.count
    givenBars = bars
    self.grammar = grammar
    for id in given { self.grammar.advance(id) }
  }

  /// How many notes there are behind the first new bar line.
  var newNotes: Int { notesBefore.map { grammar.noteCount - $0 } ?? 0 }

  /// Takes the id that was chosen, given the logits that it was chosen by.
  mutating func take(_ id: Int32, logits: UnsafeBufferPointer<Float>) {
    surprisal += Self.surprisal(of: id, logits: logits)
    let bars = grammar.barCount
    ids.append(id)
    grammar.advance(id)
    idsInBar += 1
    guard grammar.barCount > bars else { return }
    idsInBar = 0
    if notesBefore == nil { notesBefore = grammar.noteCount }
  }

  /// −log p of an id in nats, p being the softmax of the logits.
  private static func surprisal(of id: Int32, logits: UnsafeBufferPointer<Float>) -> Double {
    guard let base = logits.baseAddress else { return 0 }
    let logSum = Kernels.current.softmax(count: logits.count, logits: base, probabilities: nil)
    return Double(logSum) - Double(logits[Int(id)])
  }
}
