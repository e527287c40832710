internal import Arithmetic
package import Recurrent
package import Tokenization
package import Training

/// Training windows over a corpus: each epoch in an order of its own, each piece at a transposition of its own.
///
/// A stream that has read its piece takes the next one of the order, so that no step is wasted; the state is cleared
/// where a piece begins. Pieces longer than a stream's share of an epoch are cut, so that few long pieces fill all
/// streams. The ids are read where they are: what the source holds grows by some thirty bytes a piece.
///
/// Where the tokens tell how many bars a piece has, a quarter of the pieces are read as if they did not, so that the network
/// learns to find an end of its own too. So it is with what pieces say of themselves (`Tokenizer.attributes`): each attribute is left open in a
/// fifth of the pieces, and all of them in a further sixth, so that the network knows music of any density or style as well. What it is told beside the ids is concluded from them as they are read.
///
/// Where the settings ask for it, a share of the pieces is read as if some of their cells were to be filled in: the ids are the same, and
/// in the hidden cells the network is told what is known ahead. Which cells these are is drawn anew each time a piece is read.
package struct CorpusBatchSource: BatchSource {
  package let batchSize: Int
  package let truncationLength: Int

  /// A part of a piece that one stream reads: its predictions, counted from the beginning of all pieces.
  private struct Segment {
    var piece: Int
    /// The index in the piece of the first id given; the last one given is at `end − 1`, the last predicted at `end`.
    var start: Int
    var end: Int
  }

  /// The position of the source.
  package struct Position: Codable, Sendable {
    /// The epoch of the next segment that a stream takes, and the segment's place in its order.
    var epoch = 0
    var place = 0
    /// How many ids have been predicted.
    var predictions = 0
    /// What each stream reads.
    var streams: [Stream] = []

    /// A stream: its segment, the index in the piece of the next id given, and how the piece's ids are changed: by a
    /// transposition in semitones, and perhaps by leaving its length open.
    struct Stream: Codable, Sendable {
      var segment: Int
      var next: Int
      var semitones: Int
      /// True where the piece does not tell how many bars it has; else nil.
      var isOpen: Bool?
      /// Which attributes of the piece are left open, one bit for each; nil where none are.
      var openAttributes: Int?
      /// What the hidden cells are drawn by, where the piece has any; else nil.
      var maskSeed: UInt64?
    }
  }

  /// The share of the pieces that do not tell how many bars they have.
  private static let openShare: Float = 0.25
  /// The share of the pieces in which an attribute is left open, and in which all are.
  private static let openAttributeShare: Float = 0.2, openAllShare: Float = 1 / 6

  private let pieces: PieceIDs
  private let segments: [Segment]
  private let predictionsPerEpoch: Int
  private let seed: UInt64
  private let transpositions: Transpositions
  /// What each id becomes in a piece whose length is left open.
  private let openLengths: [Int32]?
  /// For each id the bit of the attribute that it says something of, 0 for none, and the id that leaves that open.
  private let attributes: [(bit: Int, open: Int32)]
  private let attributeCount: Int
  private let context: TokenizerContext?
  /// What knows cells that can be filled in, and the share of the pieces in which some are; nil where none are.
  private let filling: FillTraining?
  /// Where each stream's context is; a cursor knows a piece by its segment.
  private var cursors: [ContextCursor]
  private var order: EpochOrder
  package private(set) var position: Position

  /// The windows of these pieces.
  /// - Throws: `TrainingError.noData` if there is nothing to predict.
  package init(pieces: PieceIDs, tokenizer: any Tokenizer, settings: ModelPreset) throws(TrainingError) {
    batchSize = settings.training.batchSize
    truncationLength = settings.training.truncationLength
    seed = settings.training.seed
    self.pieces = pieces
    predictionsPerEpoch = pieces.predictionCount
    guard predictionsPerEpoch > 0 else { throw .noData(split: "train") }
    let longest = max(truncationLength, predictionsPerEpoch / batchSize)
    segments = (0..<pieces.count).flatMap { piece in
      let end = pieces.tokenCount(ofPiece: piece) - 1
      return stride(from: 0, to: end, by: longest).map {
        Segment(piece: piece, start: $0, end: min($0 + longest, end))
      }
    }
    transpositions = Transpositions(settings.transposition, tokenizer: tokenizer)
    openLengths = tokenizer.openLengthTable
    attributeCount = tokenizer.attributes.count
    attributes = Self.attributes(of: tokenizer)
    let context = TokenizerContext(tokenizer)
    self.context = context
    filling = FillTraining(tokenizer, share: settings.infilling)
    cursors =
      context.map { [ContextCursor](repeating: ContextCursor($0), count: settings.training.batchSize) } ?? []
    order = EpochOrder(epoch: 0, count: segments.count, seed: seed)
    position = Position()
    for _ in 0..<batchSize { position.streams.append(takeSegment()) }
  }

  package var batchesPerEpoch: Int { max(1, predictionsPerEpoch / (batchSize * truncationLength)) }
  package var epochsCompleted: Double { Double(position.predictions) / Double(predictionsPerEpoch) }

  package func makeBatch() -> TokenBatch {
    TokenBatch(
      batchSize: batchSize, truncationLength: truncationLength, contextCount: context?.featureCount ?? 0)
  }

  package mutating func nextBatch(into batch: inout TokenBatch) {
    for index in 0..<batchSize {
      var stream = position.streams[index]
      var step = 0
      while step < truncationLength {
        if stream.next == segments[stream.segment].end {
          stream = takeSegment()
          // The same segment may come again, with other ids.
          if context != nil { cursors[index].forget() }
        }
        let segment = segments[stream.segment]
        let ids = pieces[segment.piece]
        let run = step..<min(truncationLength, step + segment.end - stream.next)
        let (first, change) = (stream.next, change(of: stream))
        for step in run {
          let element = step * batchSize + index
          batch.inputs[element] = change(ids[stream.next])
          batch.targets[element] = change(ids[stream.next + 1])
          batch.resets[element] = stream.next == segment.start
          stream.next += 1
        }
        if context != nil {
          let filling = filling
          cursors[index].seek(
            piece: stream.segment, position: first,
            reader: { stream.maskSeed.flatMap { filling?.reader(maskSeed: $0, ids.map(change)) } }
          ) { change(ids[$0]) }
          for step in run {
            let element = step * batchSize + index
            batch.setContext(ofElement: element, to: cursors[index].read(batch.inputs[element]))
          }
        }
        step = run.upperBound
      }
      position.streams[index] = stream
    }
    position.predictions += batchSize * truncationLength
  }

  /// What each id of a stream's piece becomes.
  private func change(of stream: Position.Stream) -> (Int32) -> Int32 {
    let (transpositions, semitones) = (transpositions, stream.semitones)
    if let open = stream.openAttributes {
      let (attributes, lengths) = (attributes, stream.isOpen == true ? openLengths : nil)
      return { id in
        let id = transpositions.id(id, by: semitones)
        let attribute = attributes[Int(id)]
        if attribute.bit & open != 0 { return attribute.open }
        return lengths.map { $0[Int(id)] } ?? id
      }
    }
    guard stream.isOpen == true, let openLengths else {
      return { transpositions.id($0, by: semitones) }
    }
    return { openLengths[Int(transpositions.id($0, by: semitones))] }
  }

  private static func attributes(of tokenizer: any Tokenizer) -> [(bit: Int, open: Int32)] {
    var result = (0..<Int32(tokenizer.vocabulary.count)).map { (bit: 0, open: $0) }
    for (number, attribute) in tokenizer.attributes.enumerated() {
      for value in attribute.values { result[Int(value.id)] = (1 << number, attribute.open) }
    }
    return result
  }

  /// Which attributes the next piece leaves open.
  private func openAttributes() -> Int? {
    guard attributeCount > 0 else { return nil }
    var random = RandomStream(seed: seed, name: "attributes/\(position.epoch)/\(position.place)")
    guard random.uniformFloat() >= Self.openAllShare else { return 1 << attributeCount - 1 }
    let open = (0..<attributeCount).reduce(0) {
      $0 | (random.uniformFloat() < Self.openAttributeShare ? 1 << $1 : 0)
    }
    return open == 0 ? nil : open
  }

  package mutating func seek(to position: Position) -> Bool {
    // More would overflow when it is added to, and no training comes so far.
    let counts = 0...1 << 53
    let isInside =
      counts.contains(position.epoch) && counts.contains(position.predictions)
      && (0...segments.count).contains(position.place)
      && position.streams.count == batchSize
      && position.streams.allSatisfy { stream in
        segments.indices.contains(stream.segment) && transpositions.contains(stream.semitones)
          && (stream.isOpen != true || openLengths != nil) && (stream.maskSeed == nil || filling != nil)
          && (0..<1 << attributeCount).contains(stream.openAttributes ?? 0)
          && (segments[stream.segment].start...segments[stream.segment].end).contains(stream.next)
      }
    guard isInside else { return false }
    self.position = position
    order = EpochOrder(epoch: position.epoch, count: segments.count, seed: seed)
    for index in cursors.indices { cursors[index].forget() }
    return true
  }

  /// The next segment of the order, from its beginning.
  private mutating func takeSegment() -> Position.Stream {
    if position.place == segments.count {
      position.epoch += 1
      position.place = 0
      order = EpochOrder(epoch: position.epoch, count: segments.count, seed: seed)
    }
    let segment = order.segments[position.place]
    var random = RandomStream(seed: seed, name: "transposition/\(position.epoch)/\(position.place)")
    let semitones = transpositions.choose(for: pieces[segments[segment].piece], random: &random)
    var isOpen = false
    if openLengths != nil {
      var random = RandomStream(seed: seed, name: "open length/\(position.epoch)/\(position.place)")
      isOpen = random.uniformFloat() < Self.openShare
    }
    let openAttributes = openAttributes()
    var maskSeed: UInt64?
    if let filling {
      maskSeed = filling.maskSeed(seed: seed, name: "infilling/\(position.epoch)/\(position.place)")
    }
    position.place += 1
    return Position.Stream(
      segment: segment, next: segments[segment].start, semitones: semitones, isOpen: isOpen ? true : nil,
      openAttributes: openAttributes, maskSeed: maskSeed)
  }
}

/// The order in which an epoch reads its segments.
private struct EpochOrder {
  var segments: [Int]

  init(epoch: Int, count: Int, seed: UInt64) {
    segments = Array(0..<count)
    var random = RandomStream(seed: seed, name: "order/\(epoch)")
    random.shuffle(&segments)
  }
}

/// The transpositions that training chooses from, as tables from id to id.
private struct Transpositions {
  private let lowest: Int
  private let tables: [[Int32]]
  /// Which share of the pieces is transposed.
  private let share: Float

  /// The share where tokens state the key and pitches are written in it. What is learned in one key then holds in all, and only a
  /// few pieces are moved, so that no key stays unknown; were all of them, the model would compose as often in D flat as in the
  /// collection's own keys.
  private static let shareWithStatedKey: Float = 0.1

  init(_ range: ModelPreset.Transposition?, tokenizer: any Tokenizer) {
    lowest = range?.lowest ?? 0
    let keys = tokenizer.vocabulary.roles.ids { if case .key = $0 { true } else { false } }
    share = keys.isEmpty ? 1 : Self.shareWithStatedKey
    tables = range.map { ($0.lowest...$0.highest).map { tokenizer.transpositionTable(semitones: $0) } } ?? []
  }

  func contains(_ semitones: Int) -> Bool { semitones == 0 || tables.indices.contains(semitones - lowest) }

  /// The id that `id` becomes.
  func id(_ id: Int32, by semitones: Int) -> Int32 {
    semitones == 0 ? id : tables[semitones - lowest][Int(id)]
  }

  /// A transposition that keeps every pitch of a piece within the vocabulary; each that does is as likely. None for pieces that stay
  /// as they are.
  func choose(for piece: UnsafeBufferPointer<Int32>, random: inout RandomStream) -> Int {
    guard let vocabularySize = tables.first?.count, share == 1 || random.uniformFloat() < share else {
      return 0
    }
    var isUsed = [Bool](repeating: false, count: vocabularySize)
    for id in piece { isUsed[Int(id)] = true }
    let used = isUsed.indices.filter { isUsed[$0] }
    let usable = tables.indices.filter { table in used.allSatisfy { tables[table][$0] >= 0 } }
    return usable.isEmpty ? 0 : usable[random.integer(below: usable.count)] + lowest
  }
}
