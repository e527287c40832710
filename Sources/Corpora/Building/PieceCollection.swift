internal import Groundwork
internal import Music
internal import Tokenization

/// The pieces of a corpus while it is built: those that are used, and reports on the others.
struct PieceCollection {
  private(set) var pieces: [CorpusFile.Content] = []
  var report = CorpusReport()
  private let deduplication: CorpusBuilder.Deduplication
  private var piecesByHash: [UInt64: [Int]] = [:]
  /// The pieces that follow no steady beat.
  private var freePieces: Set<Int> = []
  /// The share of the pieces up to which those without a steady beat are exceptions.
  private static let exceptionalShare = 0.2

  init(deduplication: CorpusBuilder.Deduplication) { self.deduplication = deduplication }

  /// Takes the pieces of one file.
  mutating func add(_ reading: FileReading) {
    report.skipped += reading.skipped
    report.damaged += reading.damaged
    for piece in reading.pieces {
      var hash = StableHash()
      hash.combine(piece.encoding.ids)
      let twins = piecesByHash[hash.value, default: []]
      if deduplication == .exact, let twin = twins.first(where: { pieces[$0].ids == piece.encoding.ids }) {
        report.duplicates.append(DuplicatePiece(piece: piece.name, original: report.pieceNames[twin]))
        continue
      }
      piecesByHash[hash.value, default: []].append(pieces.count)
      if piece.isFree { freePieces.insert(pieces.count) }
      append(piece.encoding, name: piece.name, hash: hash.value, split: .train)
      report.normalization.add(piece.encoding.report)
      if piece.isMoved { report.alignedPieces += 1 }
      if piece.encoding.report.assumedTimeSignature == .fourFourForOneFour {
        report.piecesReadInFourFour += 1
      }
    }
  }

  /// Decides what each piece is for. Of a single piece the last tenth goes to validation.
  mutating func split(_ fractions: SplitFractions, with tokenizer: any Tokenizer) throws(TokenizationError) {
    if pieces.count == 1, fractions.valid > 0 {
      return try cut(try tokenizer.decode(pieces[0].ids), with: tokenizer)
    }
    // What such a piece measures is not how well the network does on music like that of the collection; and a long one would
    // decide when training stops.
    let areExceptions = Double(freePieces.count) <= Self.exceptionalShare * Double(pieces.count)
    let measurable = pieces.indices.filter { !(areExceptions && freePieces.contains($0)) }
    report.freePieces = pieces.count - measurable.count
    let splits = fractions.splits(ofHashes: measurable.map { pieces[$0].hash })
    for (index, split) in zip(measurable, splits) { pieces[index].split = split }
  }

  /// Puts two pieces in the place of the only one: what comes before its last tenth, and that tenth, or a little more where no note
  /// begins in it.
  private mutating func cut(_ whole: Score, with tokenizer: any Tokenizer) throws(TokenizationError) {
    let bars = whole.bars
    let lastOnset = whole.tracks.compactMap { $0.notes.last?.onset }.max() ?? 0
    let tenth = bars.count - max(1, bars.count / 10)
    guard let name = report.pieceNames.first,
      let line = (0..<max(tenth, 0)).lazy.reversed().map({ bars[$0 + 1].start }).first(where: {
        $0 <= lastOnset
      })
    else { return }
    // A note over the line is cut there, and does not start again after it.
    let (first, last) = (whole.slice(ticks: 0..<line), whole.slice(ticks: line..., boundary: .drop))
    guard first.noteCount > 0 else { return }
    pieces.removeAll()
    report.pieceNames.removeAll()
    for (part, split, suffix) in [
      (first, Split.train, "but for its last tenth"), (last, .valid, "its last tenth"),
    ] {
      let encoding = try tokenizer.encode(part)
      var hash = StableHash()
      hash.combine(encoding.ids)
      append(encoding, name: "\(name), \(suffix)", hash: hash.value, split: split)
    }
  }

  /// Writes all pieces in other ids. Their hashes stay those of the content, so that a program that joins the collection moves no
  /// piece to another split.
  mutating func replaceIDs(_ transform: ([Int32]) -> [Int32]) {
    for index in pieces.indices { pieces[index].ids = transform(pieces[index].ids) }
  }

  private mutating func append(_ encoding: Encoding, name: String, hash: UInt64, split: Split) {
    pieces.append(
      CorpusFile.Content(
        ids: encoding.ids, hash: hash, seconds: encoding.seconds, noteCount: encoding.noteCount,
        barCount: encoding.barCount, split: split))
    report.pieceNames.append(name)
  }
}
