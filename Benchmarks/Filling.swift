internal import Analysis
internal import Arithmetic
internal import Composing
internal import Corpora
internal import Foundation
internal import Music
internal import Tokenization

/// How well a model fills in bars and parts of pieces that it was not trained on.
///
///     benchmarks fill MODEL CORPUS [FORWARD-MODEL] [PIECES] [THREADS]
///
/// - `likelihood`: nats a note of hidden cells under the model as it reads from the beginning alone (`past`), as it knows both sides
///   (`filled`), and under another model that only reads from the beginning (`forward`).
/// - `edges`: intervals and distances of melody notes over the edges of four bars that were filled in, beside those of people; the
///   band holds 95 of 100 resamplings of people's edges.
/// - `harmony`: how often the root of a beat's chord is that of the held-out piece, where the chords were written to the melody, beside
///   a bigram of roots, and beside a hidden Markov model that hears the melody.
func measureFilling(_ arguments: [String]) throws {
  let paths = arguments.filter { Int($0) == nil }, numbers = arguments.compactMap(Int.init)
  guard paths.count >= 2 else {
    return printUsage("benchmarks fill MODEL CORPUS [FORWARD-MODEL] [PIECES] [THREADS]")
  }
  let model = try MusicModel(path: paths[0]), corpus = try Corpus(path: paths[1])
  let forward = paths.count > 2 ? try Composer(model: MusicModel(path: paths[2])) : nil
  guard let tokenizer = model.tokenizer as? CellsTokenizer else {
    return printUsage("benchmarks fill MODEL …, a model of the tokenizer cells")
  }
  let held = corpus.pieces(in: .test).isEmpty ? corpus.pieces(in: .valid) : corpus.pieces(in: .test)
  let bench = FillBench(
    composer: try Composer(model: model), forward: forward, tokenizer: tokenizer,
    pieces: held.prefix(numbers.first ?? 40).map { corpus.ids(ofPiece: $0) },
    threadCount: numbers.dropFirst().first ?? 2)
  try bench.measureLikelihood()
  try bench.measureEdges("default", SamplingPreset(minP: 0.05), tries: 1)
  try bench.measureEdges("temperature 0.8", SamplingPreset(temperature: 0.8, minP: 0.05), tries: 1)
  try bench.measureEdges("likeliest of 8", SamplingPreset(minP: 0.05), tries: 8)
  try bench.measureHarmony(
    trainedOn: corpus.pieces(in: .train).prefix(400).map { try tokenizer.decode(corpus.ids(ofPiece: $0)) })
}

private struct FillBench {
  let composer: Composer
  let forward: Composer?
  let tokenizer: CellsTokenizer
  let pieces: [[Int32]]
  let threadCount: Int

  static let passage = 4

  /// Four bars of a piece, drawn by its number, neither at its very beginning nor at its end.
  private static func passage(of barCount: Int, piece: Int) -> Range<Int>? {
    guard barCount >= passage + 4 else { return nil }
    var random = RandomStream(seed: UInt64(piece), name: "passage")
    let start = 2 + random.integer(below: barCount - passage - 3)
    return start..<start + passage
  }

  private func filling(_ ids: [Int32], piece: Int, _ kind: Kind) -> CellFilling? {
    var isPossible = true
    let filling = tokenizer.filling(of: ids) { bars, parts in
      var mask = CellMask(barCount: bars, partCount: parts)
      switch kind {
      case .bars:
        guard let range = Self.passage(of: bars, piece: piece) else { break }
        mask.hide(bars: range, parts: 0..<parts)
      case .barsOfPart(let part):
        guard let range = Self.passage(of: bars, piece: piece), parts > 1 else { break }
        mask.hide(bars: range, parts: [part < 0 ? parts - 1 : part])
      case .part(let part):
        if parts > 1 { mask.hide(bars: 0..<bars, parts: [part < 0 ? parts - 1 : part]) }
      }
      isPossible = mask.hiddenCount > 0
      return mask
    }
    return isPossible ? filling : nil
  }

  private enum Kind {
    case bars
    /// A part; −1 is the last one.
    case barsOfPart(Int), part(Int)
  }

  // MARK: Likelihood

  func measureLikelihood() throws {
    let kinds: [(String, Kind)] = [
      ("four bars", .bars), ("four bars of the first part", .barsOfPart(0)),
      ("four bars of the last part", .barsOfPart(-1)), ("the first part", .part(0)),
      ("the last part", .part(-1)),
    ]
    for (name, kind) in kinds {
      var sums = (past: 0.0, filled: 0.0, forward: 0.0)
      var (notes, count) = (0, 0)
      for (number, ids) in pieces.enumerated() {
        guard let filling = filling(ids, piece: number, kind), filling.hiddenNoteCount > 0 else { continue }
        let hidden = filling.belongToHidden(ids)
        func sum(_ surprisals: [Double]) -> Double {
          zip(surprisals, hidden).reduce(0) { $0 + ($1.1 ? $1.0 : 0) }
        }
        sums.past += sum(try composer.surprisals(ofIDs: ids))
        sums.filled += sum(try composer.surprisals(ofIDs: ids, filling: filling))
        if let forward { sums.forward += sum(try forward.surprisals(ofIDs: ids)) }
        notes += filling.hiddenNoteCount
        count += 1
      }
      func mean(_ sum: Double) -> String { String(format: "%.4f", sum / Double(max(1, notes))) }
      let reference = forward == nil ? sums.past : min(sums.past, sums.forward)
      printJSONLine(
        [
          ("fill", "\"likelihood\""), ("hidden", "\"\(name)\""), ("pieces", "\(count)"),
          ("notes", "\(notes)"),
          ("past", mean(sums.past)), ("filled", mean(sums.filled)),
        ] + (forward == nil ? [] : [("forward", mean(sums.forward))]) + [
          ("gain_percent", String(format: "%.1f", 100 * (1 - sums.filled / max(reference, 1e-9))))
        ])
    }
  }

  // MARK: Edges

  /// What is measured at an edge of a passage.
  private struct Edge {
    var interval: Double
    var distance: Double
    /// Whether a note begins on the bar line.
    var isOnBarLine: Bool
  }

  /// The melody's notes around the first or last bar line of a passage.
  private static func edge(of score: Score, at tick: Int) -> Edge? {
    let melody = score.tracks.last { !$0.isDrum && !$0.notes.isEmpty }
    guard let notes = melody?.notes, let next = notes.firstIndex(where: { $0.onset >= tick }), next > 0 else {
      return nil
    }
    let (before, after) = (notes[next - 1], notes[next])
    return Edge(
      interval: Double(abs(after.pitch - before.pitch)),
      distance: Double(after.onset - before.onset) / Double(score.ticksPerQuarter),
      isOnBarLine: after.onset == tick)
  }

  func measureEdges(_ way: String, _ sampling: SamplingPreset, tries: Int) throws {
    var human: [[Edge]] = [[], []], filled: [[Edge]] = [[], []]
    var options: [(piece: Int, options: CompositionOptions)] = []
    for (number, ids) in pieces.enumerated() {
      guard let filling = filling(ids, piece: number, .bars) else { continue }
      for seed in UInt64(0)..<4 {
        options.append(
          (number, CompositionOptions(seed: seed, sampling: sampling, filling: filling)))
      }
    }
    let results = composer.compose(options.map(\.options), tries: tries, threadCount: threadCount)
    for (request, result) in zip(options, results) {
      let composed = try result.get().score, original = try tokenizer.decode(pieces[request.piece])
      guard let range = Self.passage(of: original.bars.count, piece: request.piece) else { continue }
      for (side, bar) in [range.lowerBound, range.upperBound].enumerated() {
        let tick = original.bars[bar].start
        if let edge = Self.edge(of: composed, at: tick) { filled[side].append(edge) }
        if request.options.seed == 0, let edge = Self.edge(of: original, at: tick) {
          human[side].append(edge)
        }
      }
    }
    for (side, edge) in ["before", "after"].enumerated() {
      let name = "\(edge), \(way)"
      tell(name, "semitones", human[side].map(\.interval), filled[side].map(\.interval))
      tell(
        name, "leaps of more than a fifth", human[side].map { $0.interval > 7 ? 1 : 0 },
        filled[side].map { $0.interval > 7 ? 1 : 0 })
      tell(name, "quarters from onset to onset", human[side].map(\.distance), filled[side].map(\.distance))
      tell(
        name, "notes on the bar line", human[side].map { $0.isOnBarLine ? 1 : 0 },
        filled[side].map { $0.isOnBarLine ? 1 : 0 })
    }
  }

  private func tell(_ edge: String, _ what: String, _ human: [Double], _ filled: [Double]) {
    guard !human.isEmpty, !filled.isEmpty else { return }
    var random = RandomStream(seed: 1, name: "bootstrap")
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
    let means = (0..<1000).map { _ in
      mean(human.indices.map { _ in human[random.integer(below: human.count)] })
    }.sorted()
    let (low, high) = (means[25], means[974])
    printJSONLine([
      ("fill", "\"edges\""), ("edge", "\"\(edge)\""), ("mean", "\"\(what)\""),
      ("human", String(format: "%.3f", mean(human))), ("low", String(format: "%.3f", low)),
      ("high", String(format: "%.3f", high)), ("filled", String(format: "%.3f", mean(filled))),
      ("inside", "\((low...high).contains(mean(filled)))"),
    ])
  }

  // MARK: Harmony

  func measureHarmony(trainedOn training: [Score]) throws {
    let baseline = RootModel(training)
    var wanted: [(piece: Int, filling: CellFilling)] = []
    for (number, ids) in pieces.enumerated() {
      let score = try tokenizer.decode(ids)
      guard score.tracks.count == 2, score.tracks[0].role == .chords, !score.tracks[0].notes.isEmpty,
        let filling = filling(ids, piece: number, .part(0))
      else { continue }
      wanted.append((number, filling))
    }
    guard !wanted.isEmpty else { return }
    var counts = (beats: 0, bigram: 0, markov: 0)
    for (piece, _) in wanted {
      let score = try tokenizer.decode(pieces[piece])
      let roots = score.chordRoots.map(\.root)
      let (bigram, markov) = (
        baseline.roots(of: score, hearsMelody: false), baseline.roots(of: score, hearsMelody: true)
      )
      for (index, root) in roots.enumerated() where root != nil {
        counts.beats += 1
        if bigram[index] == root { counts.bigram += 1 }
        if markov[index] == root { counts.markov += 1 }
      }
    }
    func percent(_ count: Int, _ all: Int) -> String {
      String(format: "%.1f", 100 * Double(count) / Double(max(1, all)))
    }
    let plain = SamplingPreset(minP: 0.05)
    let ways: [(String, SamplingPreset, Int, TryChoice)] = [
      ("default", plain, 1, .likeliest),
      ("temperature 0.7", SamplingPreset(temperature: 0.7, minP: 0.05), 1, .likeliest),
      ("likeliest of 8", plain, 8, .likeliest), ("most typical of 16", plain, 16, .mostTypicalHarmony),
    ]
    for (name, sampling, tries, choice) in ways {
      let options = wanted.map { CompositionOptions(seed: 1, sampling: sampling, filling: $0.filling) }
      let results = composer.compose(options, tries: tries, choice: choice, threadCount: threadCount)
      var (beats, hits) = (0, 0)
      for (item, result) in zip(wanted, results) {
        let best = try result.get()
        let human = try tokenizer.decode(pieces[item.piece]).chordRoots.map(\.root)
        for (root, other) in zip(human, best.score.chordRoots.map(\.root)) where root != nil {
          beats += 1
          if root == other { hits += 1 }
        }
      }
      printJSONLine([
        ("fill", "\"harmony\""), ("sampling", "\"\(name)\""), ("pieces", "\(wanted.count)"),
        ("beats", "\(beats)"),
        ("agreement_percent", percent(hits, beats)), ("bigram_percent", percent(counts.bigram, counts.beats)),
        ("markov_percent", percent(counts.markov, counts.beats)),
      ])
    }
  }
}

/// Chord roots of beats as a Markov chain, by how far they are above the tonic of the key signature, and which melody notes sound over
/// them.
private struct RootModel {
  private static let count = 12
  private var transitions = [[Double]](repeating: [Double](repeating: 0.5, count: count), count: count)
  private var emissions = [[Double]](repeating: [Double](repeating: 0.5, count: count + 1), count: count)
  private var firsts = [Double](repeating: 0.5, count: count)

  init(_ scores: [Score]) {
    for score in scores {
      var last: Int?
      for (tick, root) in score.chordRoots {
        guard let root else { continue }
        let degree = (root - Self.tonic(score) + 12) % 12
        if let last { transitions[last][degree] += 1 } else { firsts[degree] += 1 }
        emissions[degree][Self.melody(score, at: tick)] += 1
        last = degree
      }
    }
    for index in 0..<Self.count {
      transitions[index] = Self.logarithms(transitions[index])
      emissions[index] = Self.logarithms(emissions[index])
    }
    firsts = Self.logarithms(firsts)
  }

  private static func logarithms(_ counts: [Double]) -> [Double] {
    let sum = counts.reduce(0, +)
    return counts.map { log($0 / sum) }
  }

  /// The major tonic of the key signature.
  private static func tonic(_ score: Score) -> Int {
    score.keys.first.map { (($0.fifths * 7) % 12 + 12) % 12 } ?? 0
  }

  /// The melody's pitch class at a tick above the tonic; 12 where it rests.
  private static func melody(_ score: Score, at tick: Int) -> Int {
    guard let note = score.tracks.last?.notes.last(where: { $0.onset <= tick && tick < $0.end }) else {
      return 12
    }
    return (note.pitch - tonic(score) + 144) % 12
  }

  /// The most probable roots of all beats of a piece, by its transitions alone or together with its melody.
  func roots(of score: Score, hearsMelody: Bool) -> [Int] {
    let beats = score.chordRoots.map(\.tick)
    var best = firsts
    var paths: [[Int]] = []
    for (index, tick) in beats.enumerated() {
      var path = [Int](repeating: 0, count: Self.count)
      var next = best
      if index > 0 {
        for state in 0..<Self.count {
          let from =
            (0..<Self.count).max { best[$0] + transitions[$0][state] < best[$1] + transitions[$1][state] }
            ?? 0
          path[state] = from
          next[state] = best[from] + transitions[from][state]
        }
      }
      if hearsMelody {
        let heard = Self.melody(score, at: tick)
        for state in 0..<Self.count { next[state] += emissions[state][heard] }
      }
      best = next
      paths.append(path)
    }
    guard var state = best.indices.max(by: { best[$0] < best[$1] }) else { return [] }
    var roots = [Int](repeating: 0, count: beats.count)
    for index in beats.indices.reversed() {
      roots[index] = (state + Self.tonic(score)) % 12
      state = paths[index][state]
    }
    return roots
  }
}
