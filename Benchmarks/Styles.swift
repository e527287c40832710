internal import Composing
internal import Corpora
internal import Foundation

/// What styles from few pieces are worth: the loss of further pieces of a style, in nats a note, under the model as it is, in the style that was
/// learned from 1, 3 and 10 pieces at each depth, and after fine-tuning all weights on these pieces for as long.
///
///     benchmarks style MODEL FOLDER... [--pieces 1,3,10] [--steps N] [--threads N] [--rate R]
///
/// Each folder has the pieces of one style. Those that are learned from are the first of a drawn order, the further pieces are the last twenty.
func measureStyles(_ arguments: [String]) throws {
  let options = ["--pieces", "--steps", "--threads", "--rate", "--depths"]
  var plain: [String] = [], given: [String: String] = [:]
  var rest = arguments[...]
  while let argument = rest.popFirst() {
    if options.contains(argument) { given[argument] = rest.popFirst() } else { plain.append(argument) }
  }
  guard plain.count >= 2 else {
    return printUsage(
      "benchmarks style MODEL FOLDER... [--pieces 1,3,10] [--steps N] [--threads N] [--rate R]")
  }
  let model = try MusicModel(path: plain[0])
  let counts = (given["--pieces"] ?? "1,3,10").split(separator: ",").compactMap { Int($0) }
  let threads = given["--threads"].flatMap { Int($0) } ?? 2
  let depths: [StyleDepth?] =
    given["--depths"].map { $0.split(separator: ",").map { StyleDepth(rawValue: String($0)) } }
    ?? StyleDepth.allCases.map { $0 } + [nil]
  for folder in plain.dropFirst() {
    var builder = CorpusBuilder(threadCount: threads)
    builder.preparation = try model.preparation()
    var pieces = try builder.pieces(in: [folder], as: model.tokenizer).pieces.filter { $0.noteCount > 0 }
    shuffle(&pieces)
    let further = Array(pieces.suffix(min(20, pieces.count / 2)))
    let notes = further.reduce(0) { $0 + $1.noteCount }
    func loss(_ model: MusicModel) throws -> Double {
      let composer = try Composer(model: model)
      return try further.reduce(0) { $0 + (try composer.surprisals(ofIDs: $1.ids).reduce(0, +)) }
        / Double(notes)
    }
    let style = folder.split(separator: "/").last.map(String.init) ?? folder
    let before = try loss(model)
    printJSONLine([
      ("style", "\"\(style)\""), ("pieces", "0"), ("further", "\(further.count)"),
      ("nats_per_note", String(format: "%.4f", before)),
    ])
    for count in counts where count <= pieces.count - further.count {
      let learned = pieces.prefix(count).map(\.ids)
      for depth in depths {
        let clock = ContinuousClock(), start = clock.now
        let settings = StyleLearning(
          depth: depth ?? .state,
          mostSteps: given["--steps"].flatMap { Int($0) } ?? StyleLearning().mostSteps,
          rate: given["--rate"].flatMap { Double($0) })
        let result: (model: MusicModel, steps: Int, bytes: Int)
        if depth == nil {
          let tuned = try model.fineTuned(on: learned, settings: settings, threadCount: threads)
          result = (tuned.model, tuned.steps, 0)
        } else {
          let found = try model.learnStyle(from: learned, settings: settings, threadCount: threads)
          result = (try model.styled(by: [(found.style, 1)]), found.steps, found.style.byteCount)
        }
        let seconds = (clock.now - start) / .seconds(1)
        printJSONLine([
          ("style", "\"\(style)\""), ("pieces", "\(count)"),
          ("depth", "\"\(depth?.rawValue ?? "all weights")\""), ("steps", "\(result.steps)"),
          ("bytes", "\(result.bytes)"), ("nats_per_note", String(format: "%.4f", try loss(result.model))),
          ("seconds", String(format: "%.1f", seconds)),
        ])
      }
    }
  }
}

/// The same order each time.
private func shuffle<Element>(_ elements: inout [Element]) {
  var state: UInt64 = 7
  for index in elements.indices.reversed().dropLast() {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    elements.swapAt(index, Int(state >> 33) % (index + 1))
  }
}
