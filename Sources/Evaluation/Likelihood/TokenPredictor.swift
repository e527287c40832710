internal import Arithmetic
internal import Composing
internal import Groundwork
internal import Recurrent
internal import Tokenization

/// What a model said of each id of a piece before it read it. Element i is of id i + 1, since the first id is given.
struct PiecePredictions: Sendable {
  /// −log p of the id that came, in nats.
  var surprisals: [Double] = []
  /// The entropy of the distribution, in nats: how surprising the model expected the id to be.
  var entropies: [Double] = []
  /// The probability of the id that the model found most probable.
  var confidences: [Double] = []
  /// Whether that is the id that came.
  var hits: [Bool] = []
}

/// Runs a model over pieces that exist, many side by side: as windows of truncated backpropagation without the backpropagation,
/// so that a step multiplies one matrix by the states of all streams.
struct TokenPredictor {
  private let network: Network
  private let initialState: [Float]
  private let tokenizer: any Tokenizer
  private let team: ThreadTeam
  /// How many ids a step reads: that of the piece, and what the tokenizer tells about its place.
  private let columnCount: Int

  /// How many pieces are read side by side at most.
  private static let streamLimit = 32
  /// How many ids of each stream a window has.
  private static let windowLength = 64

  /// - Throws: `EvaluationError.cause` for a model whose network does not go from ids to ids.
  init(model: MusicModel, threadCount: Int) throws(EvaluationError) {
    do { network = try model.network } catch { throw EvaluationError(error) }
    initialState = model.initialState
    tokenizer = model.tokenizer
    columnCount = network.configuration.input.vocabularySizes.count
    team = ThreadTeam(threadCount: threadCount)
  }

  /// What the model says of each id of each piece.
  /// - Throws: `EvaluationError.interrupted`.
  func predictions(
    of pieces: [[Int32]], cancellation: Cancellation, progress: ProgressHandler?
  ) throws(EvaluationError) -> [PiecePredictions] {
    let reader = WindowReader(
      pieces: pieces, streamCount: max(1, min(Self.streamLimit, pieces.count)),
      stepCount: Self.windowLength, columnCount: columnCount, tokenizer: tokenizer)
    let layout = StepLayout(streamCount: reader.streamCount, stepCount: Self.windowLength)
    let pass = NetworkPass(
      network: network, rowCapacity: layout.rowCount, streamCapacity: reader.streamCount, carriesState: true,
      team: team)
    if !initialState.isEmpty { pass.setInitialState(initialState) }
    let classCount = network.configuration.head.size
    let total = pieces.reduce(0) { $0 + max(0, $1.count - 1) }
    var done = 0
    var results = pieces.map { piece in
      var result = PiecePredictions()
      result.surprisals.reserveCapacity(piece.count)
      return result
    }
    while let window = reader.next() {
      if cancellation.isRequested { throw .interrupted }
      let output = pass.predict(SequenceBatch(layout: layout, ids: window.ids, resets: window.resets))
      for part in Self.read(output, window, classCount: classCount, team: team).joined() {
        results[part.piece].append(part.predictions)
        done += part.predictions.surprisals.count
      }
      progress?(
        ProgressReport(
          activity: "predicting", completed: Double(done), total: Double(total), unit: "tokens"))
    }
    return results
  }

  /// What a window says, for each stream the parts of pieces that it has in it.
  private static func read(
    _ output: NetworkOutput, _ window: WindowReader.Window, classCount: Int, team: ThreadTeam
  ) -> [[(piece: Int, predictions: PiecePredictions)]] {
    let work = WorkQueue<[(piece: Int, predictions: PiecePredictions)]>(count: window.parts.count)
    team.run { _ in
      while let stream = work.take() {
        let parts = window.parts[stream].map { part in
          var predictions = PiecePredictions()
          for (place, target) in part.targets.enumerated() {
            let row = (part.firstStep + place) * classCount
            predictions.append(output.values[stream][row..<row + classCount], target: Int(target))
          }
          return (part.piece, predictions)
        }
        work.finish(stream, parts)
      }
    }
    return work.results.compactMap(\.self)
  }
}

extension PiecePredictions {
  /// The least probability that a number of single precision holds without loss; what is below counts as this.
  private static let leastProbability = Double(Float.leastNormalMagnitude)

  /// Adds what a distribution said of the id that came.
  fileprivate mutating func append(_ probabilities: ArraySlice<Float>, target: Int) {
    var entropy = 0.0, best = 0, confidence: Float = -1, id = 0
    for probability in probabilities {
      if probability > confidence { (best, confidence) = (id, probability) }
      if probability > 1e-12 { entropy -= Double(probability) * logarithm(Double(probability)) }
      id += 1
    }
    let probability = Double(probabilities[probabilities.startIndex + target])
    surprisals.append(-logarithm(max(probability, Self.leastProbability)))
    entropies.append(entropy)
    confidences.append(Double(confidence))
    hits.append(best == target)
  }

  /// Adds what was said of the ids that follow.
  fileprivate mutating func append(_ others: PiecePredictions) {
    surprisals += others.surprisals
    entropies += others.entropies
    confidences += others.confidences
    hits += others.hits
  }
}

/// Lays pieces out as windows of parallel streams: where a piece ends, the stream takes the next one that no stream has taken.
private final class WindowReader {
  /// A run of ids of one piece in one stream of a window.
  struct Part {
    var piece: Int
    var firstStep: Int
    /// The ids that came, one for each step of the part.
    var targets: ArraySlice<Int32>
  }

  /// The ids of T steps of B streams, t·B + b, K of each; whether a stream begins a piece there; and for each stream its parts.
  struct Window {
    var ids: [Int32]
    var resets: [Bool]
    var parts: [[Part]]
  }

  private struct Stream {
    var piece: Int?
    var place = 0
    var context: (any TokenContext)?
  }

  let streamCount: Int
  private let pieces: [[Int32]]
  private let stepCount: Int
  private let columnCount: Int
  private let tokenizer: any Tokenizer
  /// The longest first, so that the streams end at about the same time.
  private var queue: [Int]
  private var streams: [Stream]
  private var features: [Int32]

  init(
    pieces: [[Int32]], streamCount: Int, stepCount: Int, columnCount: Int, tokenizer: any Tokenizer
  ) {
    self.pieces = pieces
    self.streamCount = streamCount
    self.stepCount = stepCount
    self.columnCount = columnCount
    self.tokenizer = tokenizer
    queue = pieces.indices.filter { pieces[$0].count > 1 }.sorted {
      (pieces[$0].count, $1) < (pieces[$1].count, $0)
    }
    streams = Array(repeating: Stream(), count: streamCount)
    features = Array(repeating: -1, count: max(0, columnCount - 1))
  }

  /// The next window; nil where all pieces have been read.
  func next() -> Window? {
    guard !queue.isEmpty || streams.contains(where: { $0.piece != nil }) else { return nil }
    let rowCount = stepCount * streamCount
    var window = Window(
      ids: Array(repeating: 0, count: rowCount * columnCount),
      resets: Array(repeating: true, count: rowCount),
      parts: Array(repeating: [], count: streamCount))
    for stream in 0..<streamCount { fill(&window, stream) }
    return window
  }

  private func fill(_ window: inout Window, _ stream: Int) {
    var step = 0
    while step < stepCount {
      if streams[stream].piece == nil {
        guard let piece = queue.popLast() else { return }
        streams[stream] = Stream(piece: piece, context: columnCount > 1 ? tokenizer.makeContext() : nil)
      }
      guard let piece = streams[stream].piece else { return }
      let ids = pieces[piece], place = streams[stream].place
      let count = min(stepCount - step, ids.count - 1 - place)
      window.parts[stream].append(
        Part(piece: piece, firstStep: step, targets: ids[place + 1...place + count]))
      for offset in 0..<count {
        let row = (step + offset) * streamCount + stream
        window.resets[row] = place + offset == 0
        write(ids[place + offset], of: stream, to: &window.ids, row: row)
      }
      step += count
      streams[stream].place += count
      if streams[stream].place == ids.count - 1 { streams[stream].piece = nil }
    }
  }

  /// An id and what there is to know about the place after it.
  private func write(_ id: Int32, of stream: Int, to ids: inout [Int32], row: Int) {
    ids[row * columnCount] = id
    guard columnCount > 1 else { return }
    streams[stream].context?.advance(id)
    streams[stream].context?.write(into: &features)
    for (column, feature) in features.enumerated() { ids[row * columnCount + 1 + column] = feature }
  }
}
