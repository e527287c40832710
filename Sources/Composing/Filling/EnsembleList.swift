internal import Corpora
internal import Music
internal import Tokenization

/// Which parts the pieces of a model's corpus have, the most frequent first.
struct EnsembleList {
  private var ensembles: [(parts: [CellsConfiguration.Part], count: Int)] = []
  /// The pitches of basses, but for the strangest; nil where there are none.
  private(set) var bassRange: ClosedRange<Int>?

  /// So many pieces tell where basses lie.
  private static let registerPieces = 200
  /// Which share of the notes is too low or too high to count, at either end.
  private static let strangeShare = 0.01

  init(of model: MusicModel, _ tokenizer: CellsTokenizer) {
    guard let path = model.folder?.current.corpusPath, let corpus = try? Corpus(path: path),
      corpus.vocabulary.hasIDs(of: tokenizer.vocabulary)
    else { return }
    var counts: [[CellsConfiguration.Part]: Int] = [:]
    let pieces = corpus.pieces(in: .train)
    for piece in stride(from: 0, to: pieces.count, by: max(1, pieces.count / 2_000)) {
      counts[tokenizer.parts(ofPiece: corpus.ids(ofPiece: pieces[piece])), default: 0] += 1
    }
    ensembles = counts.map { ($0.key, $0.value) }.sorted { a, b in
      func text(_ parts: [CellsConfiguration.Part]) -> String {
        parts.map { "\($0.role.rawValue) \($0.program)" }.joined(separator: ",")
      }
      return (-a.count, text(a.parts)) < (-b.count, text(b.parts))
    }
    guard share(of: .bass) > 0 else { return }
    var pitches: [Int] = []
    for piece in stride(from: 0, to: pieces.count, by: max(1, pieces.count / Self.registerPieces)) {
      pitches += tokenizer.pitches(of: .bass, inPiece: corpus.ids(ofPiece: pieces[piece]))
    }
    guard !pitches.isEmpty else { return }
    pitches.sort()
    let strange = Int(Self.strangeShare * Double(pitches.count))
    bassRange = pitches[strange]...pitches[pitches.count - 1 - strange]
  }

  /// Whether nothing is known.
  var isEmpty: Bool { ensembles.isEmpty }

  /// The most frequent ensemble that has some roles and others; where there is none or nothing is known, chords to what has none, and a
  /// melody to chords.
  func best(with present: [PartRole], partCount: Int?) -> [CellsConfiguration.Part]? {
    let fitting = ensembles.first { ensemble in
      guard ensemble.parts.count > present.count else { return false }
      if let partCount, ensemble.parts.count != partCount { return false }
      var rest = ensemble.parts.map(\.role)
      return present.allSatisfy { role in
        guard let place = rest.firstIndex(of: role) else { return false }
        rest.remove(at: place)
        return true
      }
    }
    if let fitting { return fitting.parts }
    var parts = present.map { CellsConfiguration.Part(role: $0, program: program(of: $0)) }
    let orderOfNeed: [PartRole] = [.melody, .chords, .bass, .other, .other, .other]
    let missing = orderOfNeed.filter { $0 == .other || !present.contains($0) }
    let count = partCount.map { max(0, $0 - present.count) } ?? 1
    parts += missing.prefix(count).map { CellsConfiguration.Part(role: $0, program: program(of: $0)) }
    return count > 0 ? parts : nil
  }

  /// Which share of the pieces has a part of this role, 0...1.
  func share(of role: PartRole) -> Double {
    let all = ensembles.reduce(0) { $0 + $1.count }
    let having = ensembles.reduce(0) { sum, ensemble in
      sum + (ensemble.parts.contains { $0.role == role } ? ensemble.count : 0)
    }
    return Double(having) / Double(max(1, all))
  }

  /// What plays a part of this role most often; where nothing is known a piano, or a bass.
  func program(of role: PartRole) -> Int {
    var counts: [Int: Int] = [:]
    for ensemble in ensembles {
      for part in ensemble.parts where part.role == role {
        counts[part.program, default: 0] += ensemble.count
      }
    }
    return counts.max { ($0.value, -$0.key) < ($1.value, -$1.key) }?.key ?? (role == .bass ? 32 : 0)
  }
}
