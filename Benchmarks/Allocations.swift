internal import AllocationCounter
internal import Arithmetic
internal import Composing
internal import Foundation
internal import Music
internal import Performing
internal import Recurrent
internal import Synthesis
internal import Tokenization
internal import Training

/// `benchmarks allocations [INSTRUMENTS]`: how often a step of training or of sampling, or a block of sound, asks for
/// memory after the first. Ends with exit code 1 where any does.
///
/// Only a build for release tells: without optimization Swift takes memory for closures and iterators that are not there
/// otherwise. So this is a program of its own and no test.
func measureAllocations(_ arguments: [String]) throws {
  guard gruppetto_allocation_count() >= 0 else {
    FileHandle.standardError.write(Data("allocations are counted with glibc alone\n".utf8))
    exit(64)
  }
  let start = gruppetto_allocation_count()
  AlignedBuffer<Float>(count: 1).clear()
  precondition(gruppetto_allocation_count() > start, "allocations are not noticed")
  var isClean = true
  func report(_ what: String, count: Int = 10, _ body: () -> Void) {
    body()
    let before = gruppetto_allocation_count()
    for _ in 0..<count { body() }
    let allocations = gruppetto_allocation_count() - before
    isClean = isClean && allocations == 0
    printJSONLine([("what", "\"\(what)\""), ("times", "\(count)"), ("allocations", "\(allocations)")])
  }

  for threads in [1, 2] {
    let team = ThreadTeam(threadCount: threads)
    for (name, step) in trainingSteps(team: team) {
      report("training step, \(name), \(threads) threads", step)
    }
  }
  for cell in Cell.allCases {
    for format in WeightFormat.allCases {
      let configuration = LanguageModelConfiguration(
        cell: cell, vocabularySize: 400, embeddingSize: 32, hiddenSize: 64, layerCount: 2)
      let model = Network(configuration: configuration, seed: 0)
      let sampler = LanguageModelSampler(
        weights: SamplerWeights(model: model, format: format), streamCount: 8)
      let ids: [Int32] = [3, 1, 4, 1, 5, 9, 2, 6]
      report("sampling step, \(cell.rawValue), \(format.rawValue)", count: 100) {
        ids.withUnsafeBufferPointer { sampler.advance($0) }
        sampler.advance(7)
      }
    }
  }
  let told = LanguageModelConfiguration(
    vocabularySize: 400, contextSizes: [5, 9, 3], embeddingSize: 64, hiddenSize: 64, layerCount: 2,
    isResidual: true)
  let sampler = LanguageModelSampler(
    weights: SamplerWeights(model: Network(configuration: told, seed: 0)), streamCount: 8)
  let (ids, contexts): ([Int32], [Int32]) = ([3, 1, 4, 1, 5, 9, 2, 6], (0..<24).map { Int32($0 % 4) - 1 })
  report("sampling step with a context", count: 100) {
    ids.withUnsafeBufferPointer { ids in
      contexts.withUnsafeBufferPointer { sampler.advance(ids, contexts: $0) }
    }
  }
  let model = Network(
    configuration: LanguageModelConfiguration(
      vocabularySize: 400, embeddingSize: 32, hiddenSize: 64, layerCount: 2), seed: 0)
  let sampling = try SamplingBench(weights: SamplerWeights(model: model), streams: 0..<8, steps: 101)
  report("sampling step with the choice of ids", count: 100) { sampling.step() }
  let session = try endlessSession()
  // Until each of its lists has been used once.
  for _ in 0..<500 { _ = try session.step() }
  report("step of a composition", count: 2000) {
    do {
      if try session.step() == nil { preconditionFailure("the piece has ended") }
    } catch {
      preconditionFailure("\(error)")
    }
  }
  try report(
    "block of sound", count: 100, SoundBlock(instruments: arguments.first ?? "presets/instruments").render)
  let cable: [UInt8] = [0x90, 60, 100, 64, 0, 0xF8, 0xB3, 7, 99, 0xFE, 0xC1, 5, 0x80, 60, 64, 0xF2, 1, 2]
  var (parser, messages) = (MIDIStreamParser(), 0)
  report("bytes of a MIDI cable", count: 1000) {
    for byte in cable { if parser.consume(byte) != nil { messages += 1 } }
  }
  precondition(messages == 8 * 1001, "\(messages) messages were understood")
  exit(isClean ? 0 : 1)
}

/// A piece that is longer than any measurement: a model that hardly ever ends its bars.
private func endlessSession() throws -> CompositionSession {
  let tokenizer = try REMITokenizer()
  let shape = LanguageModelShape(embeddingSize: 32, hiddenSize: 64, layerCount: 2, dropout: 0)
  let configuration = LanguageModelConfiguration(shape, vocabularySize: tokenizer.vocabulary.count)
  let model = MusicModel(tokenizer: tokenizer, network: Network(configuration: configuration, seed: 1))
  return try CompositionSession(
    model: model, CompositionOptions(seed: 1, bars: Composer.mostBars), savedBarLimit: 0)
}

/// Blocks of a score of many voices, one after the other.
private final class SoundBlock {
  private let renderer: ScoreRenderer
  private let block = UnsafeMutableBufferPointer<Float>.allocate(capacity: 1024)

  init(instruments: String) throws {
    let notes = (0..<2000).map { index in
      Note(onset: index * 60, duration: 240, pitch: 40 + index * 7 % 48, velocity: 90)
    }
    let score = Score(ticksPerQuarter: 480, tracks: [Track(name: "", notes: notes)])
    renderer = try ScoreRenderer(score: score, library: InstrumentLibrary(folder: instruments))
  }

  deinit { block.deallocate() }

  func render() {
    var room = block.mutableSpan
    _ = renderer.render(into: &room)
  }
}
