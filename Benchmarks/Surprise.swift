internal import Composing
internal import Corpora
internal import Evaluation
internal import Foundation
internal import Groundwork
internal import Music
internal import Synchronization
internal import Tokenization

/// How well a model finds errors that are planted in pieces that it was not trained on, for each kind of error of the MIDI degradation
/// toolkit: the area under the curve of each measure, over notes where the error is a note and over excerpts.
///
///     benchmarks surprise MODEL CORPUS [PIECES] [THREADS] [KIND …]
///
/// Excerpts are the first sixteen bars of held-out pieces, each with two errors in bars far apart.
func measureSurprise(_ arguments: [String]) throws {
  guard arguments.count >= 2 else {
    return printUsage("benchmarks surprise MODEL CORPUS [PIECES] [THREADS] [KIND …]")
  }
  let numbers = arguments.dropFirst(2).compactMap(Int.init)
  let chosen = arguments.dropFirst(2).filter { Int($0) == nil }
  let model = try MusicModel(path: arguments[0])
  let corpus = try Corpus(path: arguments[1])
  let held = corpus.pieces(in: .test).isEmpty ? corpus.pieces(in: .valid) : corpus.pieces(in: .test)
  let excerpts = try held.prefix(numbers.first ?? 40).map {
    try corpus.tokenizer.decode(corpus.ids(ofPiece: $0)).slice(bars: 0..<16, boundary: .drop)
  }
  var tasks = PlantedErrors.Task.all
  if !chosen.isEmpty { tasks = tasks.filter { chosen.contains($0.name) } }
  let intact = try PlantedErrors.read(excerpts, by: model, threadCount: numbers.dropFirst().first ?? 2)
  for task in tasks {
    let planted = excerpts.enumerated().compactMap { number, score in
      PlantedErrors(task, in: score, number: number, seed: UInt64(number))
    }
    let reports = try PlantedErrors.read(
      planted.map(\.score), by: model, threadCount: numbers.dropFirst().first ?? 2)
    PlantedErrors.tell(task, planted, reports, intact: intact)
  }
}

/// An excerpt with errors of one kind.
private struct PlantedErrors {
  struct Task {
    var name: String
    var kind: Degradation
    var options = Degradation.Options()

    static let all =
      [Task(name: "pitchShiftNear", kind: .pitchShift, options: .init(pitchReach: 6))]
      + Degradation.allCases.map { Task(name: $0.rawValue, kind: $0) }
  }

  var score: Score
  var number: Int
  /// The wrong notes, by onset in steps and pitch.
  var wrong: [[Int]] = []

  init?(_ task: Task, in score: Score, number: Int, seed: UInt64) {
    var random = SplitMix(state: seed &+ 1)
    let bars = score.bars
    self.score = score
    self.number = number
    var count = 0
    for part in [1..<6, 9..<14] where bars.count > part.upperBound {
      let ticks = bars[part.lowerBound].start..<bars[part.upperBound].start
      guard
        let result = task.kind.planted(in: self.score, at: ticks, options: task.options, using: &random)
      else { continue }
      self.score = result.score
      count += 1
      if let note = result.note { wrong.append(Self.key(note, score)) }
    }
    if count == 0 { return nil }
  }

  static func key(_ note: Note, _ score: Score) -> [Int] {
    [(note.onset * 12 + score.ticksPerQuarter / 2) / score.ticksPerQuarter, note.pitch]
  }

  static func read(_ scores: [Score], by model: MusicModel, threadCount: Int) throws -> [SurpriseReport] {
    let results = Mutex<[Int: Result<SurpriseReport, any Error>]>([:])
    let next = Mutex(0)
    nonisolated(unsafe) let model = model
    DispatchQueue.concurrentPerform(iterations: threadCount) { _ in
      while true {
        let index = next.withLock { value in
          defer { value += 1 }
          return value
        }
        guard index < scores.count else { return }
        let report = Result { try SurpriseReport(of: scores[index], by: Composer(model: model)) }
        results.withLock { $0[index] = report }
      }
    }
    return try results.withLock { results in try scores.indices.compactMap { try results[$0]?.get() } }
  }

  /// What is measured of a note.
  private static let measures: [(name: String, value: @Sendable (NoteSurprise) -> Double)] = [
    ("surprisal", { $0.surprisal }),
    ("surprisal_less_entropy", { $0.surprisal - $0.entropy }),
    ("wrongness", { $0.wrongness ?? -10 }),
    ("superfluity", { $0.superfluity ?? -10 }),
    ("sum", { ($0.wrongness ?? -10) + ($0.superfluity ?? -10) }),
  ]

  static func tell(
    _ task: Task, _ planted: [PlantedErrors], _ reports: [SurpriseReport], intact: [SurpriseReport]
  ) {
    for measure in measures {
      var wrong: [Double] = [], right: [Double] = []
      var spoiled: [Double] = []
      for (piece, report) in zip(planted, reports) {
        for note in report.notes {
          if piece.wrong.contains(key(note.note, report.score)) {
            wrong.append(measure.value(note))
          } else {
            right.append(measure.value(note))
          }
        }
        spoiled.append(excerptValue(report, measure.value))
      }
      let whole = intact.map { excerptValue($0, measure.value) }
      printJSONLine([
        ("error", "\"\(task.name)\""), ("measure", "\"\(measure.name)\""),
        ("wrong_notes", "\(wrong.count)"), ("right_notes", "\(right.count)"),
        ("note_auc", wrong.isEmpty ? "null" : decimal(areaUnderCurve(positives: wrong, negatives: right))),
        ("excerpts", "\(spoiled.count)"),
        (
          "excerpt_auc",
          spoiled.isEmpty ? "null" : decimal(areaUnderCurve(positives: spoiled, negatives: whole))
        ),
      ])
    }
    let spoiled = reports.map(\.perNote), whole = intact.map(\.perNote)
    guard !spoiled.isEmpty else { return }
    // Each excerpt beside itself as it was: what is left where excerpts are of one difficulty.
    let pairs = zip(planted, reports).filter { intact[$0.number].perNote < $1.perNote }.count
    printJSONLine([
      ("error", "\"\(task.name)\""), ("measure", "\"nats a note\""),
      ("excerpt_auc", decimal(areaUnderCurve(positives: spoiled, negatives: whole))),
      ("worse_than_intact", decimal(Double(pairs) / Double(spoiled.count))),
    ])
  }

  /// The two most conspicuous notes of an excerpt.
  private static func excerptValue(_ report: SurpriseReport, _ value: (NoteSurprise) -> Double) -> Double {
    report.notes.map(value).sorted(by: >).prefix(2).reduce(0, +)
  }

  private static func decimal(_ value: Double) -> String { String(format: "%.3f", value) }
}

/// SplitMix64 (Steele, Lea and Flood 2014).
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
