public import Groundwork
public import Music
internal import Notation
internal import Tokenization

/// What a collection of music is like, as far as a sample of its files tells: enough to choose settings by.
public struct CollectionProfile: Codable, Hashable, Sendable {
  /// A kind of music, by what its parts do.
  public enum Kind: String, Codable, Hashable, Sendable, CaseIterable {
    /// Nothing but drums.
    case drums
    /// Three to six voices of one instrument, each of which sings one note at a time.
    case chorales
    /// A tune, alone or with chords under it.
    case tunes
    /// Keyboards, with as many notes at a time as hands can play.
    case piano
    /// Several instruments.
    case band
  }

  /// The kind of most of the pieces that were read.
  public var kind: Kind
  /// The share of the pieces read that are of this kind, 0...1.
  public var share: Double
  /// How many pieces the collection has; where only some of its files were read an estimate, by their bytes.
  public var pieces: Int
  /// How many notes the collection has, by the pieces read.
  public var notes: Int

  /// A profile of these figures.
  public init(kind: Kind, share: Double, pieces: Int, notes: Int) {
    self.kind = kind
    self.share = share
    self.pieces = pieces
    self.notes = notes
  }

  /// The profile of files and folders.
  /// - Parameters:
  ///   - roots: The files and folders, searched as a corpus is built.
  ///   - fileLimit: How many files are read, spread evenly over all.
  ///   - sizeLimit: How many bytes of a file are read at most.
  /// - Returns: Nil if nothing can be read in them.
  /// - Throws: `FileError` for a root that is not there or cannot be read.
  public init?(of roots: [String], fileLimit: Int = 48, sizeLimit: Int = SizeLimit.music) throws(FileError) {
    let paths = try MusicFiles(in: roots).paths
    guard !paths.isEmpty else { return nil }
    let count = min(max(1, fileLimit), paths.count)
    let sampled = (0..<count).map { paths[$0 * paths.count / count] }
    let readings = sampled.compactMap { try? ScoreReader.read(path: $0, limit: sizeLimit) }
    let scores = readings.flatMap(\.scores).filter { $0.noteCount > 0 }
    self.init(of: scores)
    let scale = Self.scale(from: sampled, to: paths)
    pieces = Int((Double(pieces) * scale).rounded())
    notes = Int((Double(notes) * scale).rounded())
  }

  /// How many times as much music files hold as some of them: by their bytes, because one file may be a book of a thousand tunes.
  private static func scale(from sampled: [String], to all: [String]) -> Double {
    func bytes(of paths: [String]) -> Double {
      paths.reduce(0) { $0 + Double(FileStatus(path: $1)?.size ?? 0) }
    }
    let read = bytes(of: sampled)
    return read > 0 ? max(1, bytes(of: all) / read) : Double(all.count) / Double(sampled.count)
  }

  /// The profile of a corpus, whose pieces are decoded.
  /// - Parameters:
  ///   - corpus: The corpus.
  ///   - pieceLimit: How many pieces are decoded, spread evenly over all.
  /// - Returns: Nil if it has none.
  public init?(of corpus: Corpus, pieceLimit: Int = 48) {
    let count = min(max(1, pieceLimit), corpus.pieces.count)
    let scores = (0..<count).compactMap {
      try? corpus.tokenizer.decode(corpus.ids(ofPiece: $0 * corpus.pieces.count / count))
    }
    self.init(of: scores)
    pieces = corpus.pieces.count
    notes = corpus.pieces.reduce(0) { $0 + $1.noteCount }
  }

  /// The profile of scores. Nil if there are none with notes.
  public init?(of scores: [Score]) {
    let scores = scores.filter { $0.noteCount > 0 }
    var counts: [Kind: Int] = [:]
    for score in scores { counts[Kind(of: score), default: 0] += 1 }
    // Of two kinds that are as frequent, the one that needs the larger network.
    guard let kind = Kind.allCases.max(by: { counts[$0, default: 0] <= counts[$1, default: 0] }),
      let count = counts[kind]
    else { return nil }
    self.kind = kind
    share = Double(count) / Double(scores.count)
    pieces = scores.count
    notes = scores.reduce(0) { $0 + $1.noteCount }
  }
}

extension CollectionProfile.Kind {
  /// The kind of one piece.
  init(of score: Score) {
    let parts = score.tracks.filter { !$0.notes.isEmpty }
    let pitched = parts.filter { !$0.isDrum }
    guard !pitched.isEmpty else {
      self = .drums
      return
    }
    let programs = Set(pitched.map { $0.program ?? 0 })
    let voices = pitched.count(where: \.isOneVoice)
    if pitched.count < parts.count {
      self = .band
    } else if (3...6).contains(pitched.count), voices == pitched.count, programs.count == 1 {
      self = .chorales
    } else if pitched.count <= 2, voices >= 1 {
      self = .tunes
    } else if programs.allSatisfy({ $0 < 8 }) {
      self = .piano
    } else {
      self = .band
    }
  }
}

extension Track {
  /// Whether no more than one note in twenty begins together with another.
  fileprivate var isOneVoice: Bool {
    let onsets = Set(notes.lazy.map(\.onset)).count
    return Double(notes.count) <= 1.05 * Double(onsets)
  }
}
