public import Groundwork
public import Music
public import Tokenization

/// Finds passages of a piece in other pieces: the lines of their parts (see `PassageLine`), and an array of all their suffixes in
/// order (Manber and Myers 1993), beside a corpus and independent of its tokens.
///
/// A passage of n notes is told by n − 1 steps from note to note: by how many semitones and after how much time. So passages are found
/// in any key; whether the key is the same too is looked up where it is asked. It takes nine bytes for each note of a
/// line, and is made in memory when it is needed: that takes less time than the corpus takes to be read and checked from a disk,
/// about a third of a second for a thousand tunes.
///
///     let index = try PassageIndex(corpus: corpus)
///     let passage = try index.longestSharedPassage(of: score, .transposed)
public struct PassageIndex: Sendable {
  /// How a passage is the same.
  public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
    /// The same pitches in the same rhythm.
    case exact
    /// The same intervals in the same rhythm.
    case transposed
  }

  /// The names of the pieces.
  public let pieceNames: [String]
  /// What a score is brought to the form of the pieces with before it is compared; nil where the pieces came as scores.
  let tokenizer: (any Tokenizer)?
  let text: PassageText
  /// The places in the text at which something follows a note, ordered by what follows.
  let suffixes: [Int32]

  /// The index of some pieces as they are.
  /// - Parameters:
  ///   - pieces: The pieces, with the names that the sources of passages are reported by.
  public init(pieces: some Sequence<(name: String, score: Score)>) {
    var names: [String] = []
    var text = PassageText()
    for piece in pieces {
      text.append(piece.score, piece: names.count)
      names.append(piece.name)
    }
    self.init(text: text, names: names, tokenizer: nil)
  }

  /// The index of the pieces of a corpus, by default of those that models learn from.
  /// - Parameters:
  ///   - corpus: The corpus.
  ///   - split: Which of its pieces.
  ///   - cancellation: Asks to give up.
  ///   - progress: Is told how many pieces were read.
  /// - Throws: `CorpusError.damaged`, `.cancelled`; `TokenizationError` for ids that describe no score.
  public init(
    corpus: Corpus, split: Split = .train, cancellation: Cancellation? = nil,
    progress: ProgressHandler? = nil
  ) throws {
    let pieces = corpus.pieces(in: split)
    let allNames = try corpus.report().pieceNames
    var text = PassageText()
    for (number, piece) in pieces.enumerated() {
      if cancellation?.isRequested == true { throw CorpusError.cancelled }
      text.append(try corpus.tokenizer.decode(corpus.ids(ofPiece: piece)), piece: number)
      progress?(
        ProgressReport(
          activity: "indexing", completed: Double(number + 1), total: Double(pieces.count), unit: "pieces"))
    }
    self.init(text: text, names: pieces.map { allNames[$0] }, tokenizer: corpus.tokenizer)
  }

  private init(text: PassageText, names: [String], tokenizer: (any Tokenizer)?) {
    pieceNames = names
    self.tokenizer = tokenizer
    self.text = text
    suffixes = SuffixOrder(text.keys()).suffixes(from: text.lineCount)
  }

  /// How many notes all lines have together.
  public var noteCount: Int { text.count }
  /// How many bytes it takes.
  public var byteCount: Int { text.byteCount + suffixes.count * MemoryLayout<Int32>.size }

  /// A score in the form of the pieces: as the corpus's tokens have it.
  /// - Throws: `TokenizationError` for a score that they cannot express.
  public func normalized(_ score: Score) throws(TokenizationError) -> Score {
    guard let tokenizer else { return score }
    return try tokenizer.normalized(score).score
  }
}

/// The lines of many pieces, one after another.
struct PassageText: Sendable {
  /// What the first note of a line has in place of the time since the note before.
  private static let lineStart = UInt16.max
  /// The longest time between two notes; what is longer counts as this long.
  static let longestGap = Int(UInt16.max) - 1

  /// A line's first note, and where it comes from.
  struct Line: Sendable {
    var start: Int32
    var piece: Int32
    var track: Int32
  }

  private var pitches: [UInt8] = []
  private var gaps: [UInt16] = []
  private var bars: [UInt16] = []
  private(set) var lines: [Line] = []

  var count: Int { pitches.count }
  var lineCount: Int { lines.count }
  var byteCount: Int { count * 5 + lines.count * MemoryLayout<Line>.stride }

  mutating func append(_ score: Score, piece: Int) {
    let scoreBars = score.bars
    for line in score.passageLines {
      lines.append(Line(start: Int32(count), piece: Int32(piece), track: Int32(line.track)))
      var before: Int?
      for event in line.events {
        pitches.append(UInt8(clamping: event.pitch))
        gaps.append(before.map { UInt16(min(event.step - $0, Self.longestGap)) } ?? Self.lineStart)
        bars.append(UInt16(clamping: scoreBars.index(ofStep: event.step, in: score)))
        before = event.step
      }
    }
  }

  /// How the note at a place follows the one before: one number for interval and time, at least 0; −1 for the first of a line and
  /// beyond the end.
  func key(_ place: Int) -> Int32 {
    guard place < gaps.count, gaps[place] != Self.lineStart else { return -1 }
    return Self.key(interval: Int(pitches[place]) - Int(pitches[place - 1]), gap: Int(gaps[place]))
  }

  static func key(interval: Int, gap: Int) -> Int32 {
    Int32((interval + 128) << 16 | min(gap, longestGap))
  }

  func keys() -> [Int32] { (0..<count).map(key) }

  func pitch(_ place: Int) -> Int { Int(pitches[place]) }
  func bar(_ place: Int) -> Int { Int(bars[place]) }
  func line(of place: Int) -> Line { lines[lines.partitioningIndex { $0.start > Int32(place) } - 1] }

  /// The steps of all notes since the first, with so much time between the lines that none reaches into another.
  func steps(lineGap: Int) -> [Int] {
    var step = 0
    return gaps.map { gap in
      step += gap == Self.lineStart ? lineGap : Int(gap)
      return step
    }
  }
}
