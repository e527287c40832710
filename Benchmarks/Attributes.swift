internal import Analysis
internal import Arithmetic
internal import Composing
internal import Corpora
internal import Foundation
internal import Music
internal import Tokenization

/// How many pieces have what was asked of them: of each attribute that the model's pieces say of themselves.
///
///     benchmarks attributes MODEL CORPUS [REQUESTS]
///
/// Requests are drawn as often as the corpus's training pieces have them. `same` is the share of pieces that are of the class that was
/// asked for, `near` of that or a neighboring one; the first row of a kind is of pieces of which nothing was asked. A piece's style is the one under
/// which the model finds it most probable; `recognized` is how often that is right for the validation pieces.
func measureAttributes(_ arguments: [String]) throws {
  guard arguments.count >= 2 else {
    return printUsage("benchmarks attributes MODEL CORPUS [REQUESTS]")
  }
  let model = try MusicModel(path: arguments[0]), corpus = try Corpus(path: arguments[1])
  let count = arguments.count > 2 ? Int(arguments[2]) ?? 200 : 200
  let requests = AttributeRequests(model: model, corpus: corpus, count: count)
  let free = try requests.compose(with: model) { _ in [] }
  for attribute in model.tokenizer.attributes {
    let wanted = requests.drawn(attribute)
    func report(_ asking: String, _ pieces: [Composition?]) throws {
      let judged = try zip(wanted, pieces).map { wanted, piece -> (same: Bool, near: Bool) in
        guard let piece, let found = try requests.place(of: piece.ids, piece.score, attribute) else {
          return (false, false)
        }
        return (found == wanted, attribute.kind == .style ? found == wanted : abs(found - wanted) <= 1)
      }
      printJSONLine([
        ("attribute", "\"\(attribute.kind.rawValue)\""), ("asking", "\"\(asking)\""),
        ("requests", "\(wanted.count)"),
        ("same", String(format: "%.3f", Double(judged.count { $0.same }) / Double(wanted.count))),
        ("near", String(format: "%.3f", Double(judged.count { $0.near }) / Double(wanted.count))),
      ])
    }
    if attribute.kind == .style { try requests.reportHumanStyles(attribute) }
    try report("nothing", free)
    for scale in [1.0, 1.5, 2, 3] {
      let guided = try model.guided(toward: [attribute.kind], scale: scale)
      let pieces = try requests.compose(with: guided) { index in
        [try requests.constraint(attribute, place: wanted[index])]
      }
      try report("guidance \(scale)", pieces)
    }
  }
}

/// What is asked of the pieces, and how they are judged.
private struct AttributeRequests {
  let model: MusicModel
  let corpus: Corpus
  let count: Int
  private let composer: Composer

  init(model: MusicModel, corpus: Corpus, count: Int) {
    self.model = model
    self.corpus = corpus
    self.count = count
    guard let composer = try? Composer(model: model) else {
      preconditionFailure("the model composes nothing")
    }
    self.composer = composer
  }

  /// Places of values as often as the training pieces have them.
  func drawn(_ attribute: PieceAttribute) -> [Int] {
    let places = corpus.pieces(in: .train).compactMap { place(in: corpus.ids(ofPiece: $0), attribute) }
    var random = RandomStream(seed: 1, name: attribute.kind.rawValue)
    return (0..<count).map { _ in places[random.integer(below: places.count)] }
  }

  /// The place of the value that ids say.
  func place(in ids: [Int32], _ attribute: PieceAttribute) -> Int? {
    for id in ids.prefix(16) {
      if let place = attribute.values.firstIndex(where: { $0.id == id }) { return place }
    }
    return nil
  }

  /// The place of the value that a piece has: as its notes are counted, or of a style as the model recognizes it.
  func place(of ids: [Int32], _ score: Score, _ attribute: PieceAttribute) throws -> Int? {
    guard attribute.kind == .style else {
      return place(in: try model.tokenizer.encode(score).ids, attribute)
    }
    let losses = try attribute.values.map { value in
      try composer.surprisals(ofIDs: model.tokenizer.stating(style: value.name, in: ids)).dropFirst(8)
        .reduce(0, +)
    }
    return losses.indices.min { losses[$0] < losses[$1] }
  }

  /// How often the style that the model recognizes is that of the piece.
  func reportHumanStyles(_ attribute: PieceAttribute) throws {
    var right = 0, all = 0
    for index in corpus.pieces(in: .valid).prefix(count) {
      let ids = corpus.ids(ofPiece: index)
      guard let stated = place(in: ids, attribute) else { continue }
      all += 1
      if try place(of: ids, try model.tokenizer.decode(ids), attribute) == stated { right += 1 }
    }
    printJSONLine([
      ("attribute", "\"style\""), ("human", "\(all)"),
      ("recognized", String(format: "%.3f", Double(right) / Double(max(1, all)))),
    ])
  }

  func constraint(_ attribute: PieceAttribute, place: Int) throws -> any TokenConstraint {
    HeaderID(id: attribute.values[place].id, others: attribute.values.map(\.id) + [attribute.open])
  }

  func compose(
    with model: MusicModel, _ constraints: (Int) throws -> [any TokenConstraint]
  ) throws -> [Composition?] {
    let composer = try Composer(model: model)
    let options = try Composer.seeds(from: 1, count: count).enumerated().map { index, seed in
      CompositionOptions(
        seed: seed, sampling: SamplingPreset(minP: 0.05), constraints: try constraints(index))
    }
    return composer.compose(options, threadCount: 2).map { try? $0.get() }
  }

  /// One id where it or another of its kind comes.
  private struct HeaderID: TokenConstraint {
    let id: Int32
    let others: [Int32]
    var summary: String { "an attribute" }
    mutating func advance(_ id: Int32) {}
    func narrow(_ mask: inout [Bool]) {
      guard mask[Int(id)] else { return }
      for other in others where other != id { mask[Int(other)] = false }
    }
    func leastToFinish() -> Int? { 0 }
  }
}
