internal import Arithmetic
internal import Recurrent
internal import Tokenization
internal import Training

/// The windows from which a style is learned: pieces one after the other, in an order of chance, each from its beginning, in a key of chance
/// where the model was trained in all keys, and a quarter of them with their length left open, as in the model's training.
struct StyleWindows {
  let batchSize: Int
  let truncationLength: Int

  /// What a stream reads.
  private struct Stream {
    var ids: [Int32] = []
    /// The place of the next id that is given.
    var next = 0
    var context: (any TokenContext)?
  }

  private static let openShare: Float = 0.25

  private let pieces: [[Int32]]
  private let tokenizer: any Tokenizer
  private let tables: [[Int32]]
  private let openLengths: [Int32]?
  private let featureCount: Int
  private var random: RandomStream
  private var order: [Int] = []
  private var streams: [Stream]
  private var features: [Int32]

  init(
    _ pieces: [[Int32]], tokenizer: any Tokenizer, transposition: ModelPreset.Transposition?, batchSize: Int,
    truncationLength: Int, seed: UInt64
  ) {
    self.pieces = pieces
    self.tokenizer = tokenizer
    self.batchSize = batchSize
    self.truncationLength = truncationLength
    tables =
      transposition.map { range in
        (range.lowest...range.highest).map { tokenizer.transpositionTable(semitones: $0) }
      } ?? []
    openLengths = tokenizer.openLengthTable
    featureCount = tokenizer.contextFeatures.count
    features = Array(repeating: -1, count: featureCount)
    random = RandomStream(seed: seed, name: "style")
    streams = Array(repeating: Stream(), count: batchSize)
  }

  func makeBatch() -> TokenBatch {
    TokenBatch(batchSize: batchSize, truncationLength: truncationLength, contextCount: featureCount)
  }

  mutating func fill(_ batch: inout TokenBatch) {
    for index in 0..<batchSize {
      for step in 0..<truncationLength {
        if streams[index].next + 1 >= streams[index].ids.count { streams[index] = nextPiece() }
        let element = step * batchSize + index, place = streams[index].next
        let id = streams[index].ids[place]
        batch.inputs[element] = id
        batch.targets[element] = streams[index].ids[place + 1]
        batch.resets[element] = place == 0
        if featureCount > 0 {
          streams[index].context?.advance(id)
          streams[index].context?.write(into: &features)
          batch.setContext(ofElement: element, to: features)
        }
        streams[index].next += 1
      }
    }
  }

  private mutating func nextPiece() -> Stream {
    if order.isEmpty {
      order = Array(pieces.indices)
      random.shuffle(&order)
    }
    let piece = pieces[order.removeLast()]
    let usable = tables.filter { table in piece.allSatisfy { table[Int($0)] >= 0 } }
    var ids =
      usable.isEmpty
      ? piece : { table in piece.map { table[Int($0)] } }(usable[random.integer(below: usable.count)])
    if let openLengths, random.uniformFloat() < Self.openShare { ids = ids.map { openLengths[Int($0)] } }
    return Stream(ids: ids, context: tokenizer.makeContext())
  }
}
