internal import Arithmetic
internal import Recurrent
internal import Tokenization

/// A piece in cells as far as it is known or supposed: ids that the network has read, and where it stands after them. It is a value: a copy
/// continues by itself.
struct ForecastLine {
  /// All ids so far.
  private(set) var ids: [Int32] = []
  private(set) var view: CellsView
  /// −Σ log p of all ids that were given or drawn, in nats.
  private(set) var surprisal = 0.0
  /// The network's state after the ids, and what it gave for the next.
  var state: [Float]
  var logits: [Float]
  /// What the network is told beside the last id.
  private(set) var features: [Int32]
  /// Ids that come next, the last one first.
  private var given: [Int32] = []
  private var grammar: any TokenGrammar
  private var context: (any TokenContext)?
  /// The line before the cell that is being spelled, which may turn out to equal an earlier one; none or one.
  private var draft: [ForecastLine] = []
  /// The view after the id that showed that the line has come to its end, which is not of the line.
  private(set) var viewAtEnd: CellsView?

  init?(_ tokenizer: any Tokenizer) {
    guard let view = CellsView(tokenizer) else { return nil }
    self.view = view
    grammar = tokenizer.makeGrammar()
    grammar.allowSilentParts()
    context = tokenizer.makeContext()
    features = Array(repeating: -1, count: tokenizer.contextFeatures.count)
    (state, logits) = ([], [])
  }

  /// Lets ids come next that are known.
  mutating func give(_ ids: [Int32]) { given = ids.reversed() + given }

  /// The notes of a part in the last bar of the line, and where it stands in the bar before.
  func notes(ofPart part: Int, bar: Int) -> [CellsView.Note] {
    let view = viewAtEnd ?? view
    return view.notes(ofPart: part, barsBack: view.barCount - 1 - bar)
  }

  private mutating func add(_ id: Int32) {
    grammar.advance(id)
    view.advance(id)
    context?.advance(id)
    context?.write(into: &features)
    ids.append(id)
    viewAtEnd = nil
  }

  private mutating func weigh(_ id: Int32) {
    guard !logits.isEmpty else { return }
    surprisal += logits.withUnsafeBufferPointer { TokenChooser.surprisal(of: id, logits: $0) }
  }

  /// Which id comes next, which is of the line then.
  /// - Parameters:
  ///   - end: Draws until the cells of so many parts are complete; nil draws nothing.
  ///   - vocabulary: What ids are.
  ///   - random: Draws.
  ///   - state: The network's state now.
  ///   - setState: Puts the network into another.
  /// - Returns: nil at the end.
  mutating func next(
    until end: Int?, _ vocabulary: ForecastVocabulary, _ random: inout RandomStream, state: () -> [Float],
    setState: ([Float]) -> Void
  ) -> Int32? {
    while true {
      if let id = given.popLast() {
        weigh(id)
        add(id)
        return id
      }
      guard let end, view.situation != .betweenCells && view.situation != .barLine || view.part < end,
        let id = vocabulary.draw(logits, grammar, &random)
      else { return nil }
      var after = self
      after.weigh(id)
      after.add(id)
      if let rewriting = after.grammar.rewriting, let before = draft.first {
        let words = rewriting.ids
        self = before
        setState(before.state)
        give(words)
        continue
      }
      if after.view.part >= end && after.view.situation != .betweenCells || vocabulary.endsBar(id)
        || after.view.part > end
      {
        viewAtEnd = after.view
        return nil
      }
      if grammar.beginsDraft(with: id) {
        var before = self
        before.draft = []
        before.state = state()
        after.draft = [before]
      }
      self = after
      return id
    }
  }
}

/// What lines know of the ids of a vocabulary.
struct ForecastVocabulary {
  private let roles: TokenRoles
  private let isExcluded: [Bool]
  let rest: Int32?

  init(_ tokenizer: any Tokenizer, _ view: CellsView) {
    let roles = tokenizer.vocabulary.roles
    self.roles = roles
    // The player gives tempo and bars.
    isExcluded = (0..<Int32(roles.count)).map { !roles[$0].isDisjoint(with: [.timeSignature, .tempo]) }
    rest = view.kinds().firstIndex(of: .rest).map { Int32($0) }
  }

  func endsBar(_ id: Int32) -> Bool { !roles[id].isDisjoint(with: [.barLine, .end]) }

  /// An id that the grammar allows, as probable as the model has it; nil if there is none.
  func draw(_ logits: [Float], _ grammar: any TokenGrammar, _ random: inout RandomStream) -> Int32? {
    var mask = [Bool](repeating: false, count: roles.count)
    grammar.allowed(into: &mask)
    var highest = -Float.infinity
    for id in mask.indices where mask[id] {
      if isExcluded[id] { mask[id] = false } else { highest = max(highest, logits[id]) }
    }
    guard highest > -.infinity else { return nil }
    var sum = 0.0
    let weights = mask.indices.map { id in
      let weight = mask[id] ? exponential(Double(logits[id] - highest)) : 0
      sum += weight
      return weight
    }
    return random.index(weights: weights, sum: sum).map { Int32($0) }
  }
}

/// Lets lines go on side by side.
final class ForecastBench {
  private struct Job {
    var index: Int
    var line: ForecastLine
    var id: Int32
  }

  let streamCount: Int
  private let bench: StreamBench<Job>
  private let vocabulary: ForecastVocabulary

  init(weights: SamplerWeights, streamCount: Int, vocabulary: ForecastVocabulary) {
    bench = StreamBench(weights: weights, streamCount: streamCount)
    self.streamCount = streamCount
    self.vocabulary = vocabulary
  }

  /// Lets each line go on: all ids that it was given are read, then others are drawn.
  /// - Parameters:
  ///   - lines: The lines.
  ///   - end: Draws until the cells of so many parts of the bar are complete; nil draws nothing.
  ///   - random: Draws.
  func advance(
    _ lines: inout [ForecastLine], until end: Int? = nil, _ random: inout RandomStream
  ) {
    var waiting = lines.indices.reversed().map { $0 }
    while true {
      while !bench.isFull, let index = waiting.popLast() {
        var line = lines[index]
        var state = line.state
        let id = line.next(until: end, vocabulary, &random) {
          state
        } setState: {
          state = $0
        }
        if let id {
          bench.begin(
            Job(index: index, line: line, id: id), state: state.isEmpty ? nil : state)
        } else {
          lines[index] = line
        }
      }
      if bench.isEmpty { return }
      let sampler = bench.sampler
      bench.advance { job, contexts in
        contexts.append(contentsOf: job.line.features)
        return job.id
      } take: { job, stream in
        job.line.logits = Array(sampler.logits(ofStream: stream))
        let id = job.line.next(until: end, vocabulary, &random) {
          sampler.state(ofStream: stream)
        } setState: {
          sampler.setState($0, ofStream: stream)
        }
        if let id {
          job.id = id
          return true
        }
        job.line.state = sampler.state(ofStream: stream)
        lines[job.index] = job.line
        return false
      }
    }
  }
}
