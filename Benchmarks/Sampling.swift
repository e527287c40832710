internal import Arithmetic
internal import Composing
internal import Foundation
internal import Recurrent

/// What `../shared/bench/sampling.py` measures, with this package: a step of the network and a choice by temperature and
/// top-p, for one stream or many. Threads share the streams.
///
///     benchmarks sample float32|float16|int8 LAYERS HIDDEN BATCH [THREADS] [STEPS] [CELL]
///
/// Beside the script's fields: the network's part of the median, how many bytes a second it reads, what one product with a
/// single matrix of as many bytes reads in the same run, the 99th percentile of pieces of plain arithmetic that are as long
/// as a step, and by how much the process has grown over all steps. For many streams: the operations of the products.
func measureSampling(_ arguments: [String]) throws {
  let numbers = arguments.dropFirst().compactMap(Int.init)
  let cell = arguments.count > 6 ? Cell(rawValue: arguments[6]) : .gru
  guard let format = arguments.first.flatMap(WeightFormat.init), numbers.count >= 3, let cell,
    numbers.allSatisfy({ $0 > 0 })
  else {
    return printUsage("benchmarks sample float32|float16|int8 LAYERS HIDDEN BATCH [THREADS] [STEPS] [CELL]")
  }
  let (layers, hidden, batch) = (numbers[0], numbers[1], numbers[2])
  let threads = numbers.count > 3 ? numbers[3] : 1
  let steps = max(50, (numbers.count > 4 ? numbers[4] : 3000) / max(1, hidden / 256) / batch)
  let configuration = LanguageModelConfiguration(
    cell: cell, vocabularySize: 400, embeddingSize: 256, hiddenSize: hidden, layerCount: layers)
  let weights = SamplerWeights(model: Network(configuration: configuration, seed: 0), format: format)
  let team = ThreadTeam(threadCount: threads)
  let benches = try (0..<threads).map {
    try SamplingBench(
      weights: weights, streams: team.share(of: batch, threadIndex: $0), steps: steps + warmUpSteps)
  }
  // Taken beforehand, or the growth would be that of the record and of the first look.
  _ = residentKilobytes()
  var seconds = [Double](repeating: 0, count: steps)
  for _ in 0..<warmUpSteps { team.run { benches[$0].step() } }
  let clock = ContinuousClock(), resident = residentKilobytes()
  for index in 0..<steps {
    seconds[index] = clock.measure { team.run { benches[$0].step() } } / .seconds(1)
  }
  let growth = residentKilobytes() - resident
  seconds.sort()

  let median = seconds[seconds.count / 2], network = benches[0].medianNetworkSeconds
  let bytes = Double(weights.matrixByteCount)
  var members = [
    ("peer", "\"gruppetto \(Kernels.current.name) \(format.rawValue)\""), ("cell", "\"\(cell.rawValue)\""),
    ("layers", "\(layers)"), ("hidden", "\(hidden)"), ("batch", "\(batch)"), ("threads", "\(threads)"),
    ("ids_per_second", "\(Int((Double(batch) / median).rounded()))"),
    ("median_us", String(format: "%.1f", median * 1e6)),
    ("p99_us", String(format: "%.1f", seconds[seconds.count * 99 / 100] * 1e6)),
    ("network_us", String(format: "%.1f", network * 1e6)),
    ("weights_mb", String(format: "%.1f", bytes / 1e6)), ("resident_growth_kb", "\(growth)"),
  ]
  if batch == 1 {
    members.append(("gb_per_second", String(format: "%.1f", bytes / network / 1e9)))
    members.append(
      ("product_gb_per_second", String(format: "%.1f", productBandwidth(bytes: bytes, format: format) / 1e9)))
    members.append(
      ("arithmetic_p99_us", String(format: "%.1f", arithmeticTail(median: median, count: steps) * 1e6)))
  } else {
    let operations = 2 * bytes / format.bytesPerWeight * Double(batch)
    members.append(("gflops", String(format: "%.1f", operations / median / 1e9)))
  }
  printJSONLine(members)
}

private let warmUpSteps = 20

/// How many bytes a second the product of one stored matrix of about `bytes` bytes with a vector reads.
private func productBandwidth(bytes: Double, format: WeightFormat) -> Double {
  let columns = 1024
  let rows = max(1, Int(bytes / format.bytesPerWeight) / columns)
  let source = AlignedBuffer<Float>(count: rows * columns), x = AlignedBuffer<Float>(count: columns)
  let stored = StoredMatrices([MatrixView(source.baseAddress, rows: rows, columns: columns)], format: format)
  let y = AlignedBuffer<Float>(count: rows)
  let scratch = AlignedBuffer<UInt8>(count: stored.views[0].scratchSize(streams: 1))
  let seconds = timings(count: 200) {
    stored.views[0].multiply(
      x.baseAddress, xStride: columns, streams: 1, into: y.baseAddress, yStride: rows,
      scratch: scratch.baseAddress)
  }
  return Double(stored.byteCount) / seconds[seconds.count / 2]
}

/// The 99th percentile, in seconds, of `count` pieces of arithmetic that touch no memory and take `median` seconds each:
/// how long a step would have been now and then, had it done nothing that can be slow.
private func arithmeticTail(median: Double, count: Int) -> Double {
  let trial = 10_000
  let trials = timings(count: 99) { _ = Kernels.current.runPeak(iterations: trial) }
  let iterations = max(1, Int(Double(trial) * median / trials[trials.count / 2]))
  let seconds = timings(count: count) { _ = Kernels.current.runPeak(iterations: iterations) }
  return seconds[seconds.count * 99 / 100] * median / seconds[seconds.count / 2]
}

extension WeightFormat {
  /// How many bytes a weight takes; the factors of int8's rows come on top.
  fileprivate var bytesPerWeight: Double {
    switch self {
    case .float32: 4
    case .float16: 2
    case .int8: 1
    }
  }
}

/// The streams of one thread.
final class SamplingBench: @unchecked Sendable {
  private let sampler: LanguageModelSampler
  private let filters: [any SamplingFilter]
  private let allowed: [Bool]
  private var distribution: TokenDistribution
  private var randoms: [RandomStream]
  private var ids: [Int32]
  private var networkSeconds: [Double]
  private var stepCount = 0

  /// A bench for at most `steps` steps, whose memory is all taken here.
  init(weights: SamplerWeights, streams: Range<Int>, steps: Int) throws {
    let vocabulary = weights.configuration.vocabularySize
    sampler = LanguageModelSampler(weights: weights, streamCount: max(1, streams.count))
    filters = try SamplingPreset(temperature: 0.95, topP: 0.9).filters()
    allowed = Array(repeating: true, count: vocabulary)
    distribution = TokenDistribution(vocabularySize: vocabulary)
    randoms = streams.map { RandomStream(seed: UInt64($0), name: "benchmark") }
    ids = Array(repeating: 0, count: streams.count)
    networkSeconds = Array(repeating: 0, count: steps)
  }

  func step() {
    let clock = ContinuousClock(), start = clock.now
    ids.withUnsafeBufferPointer { sampler.advance($0) }
    networkSeconds[stepCount] = (clock.now - start) / .seconds(1)
    stepCount += 1
    for stream in ids.indices {
      distribution.load(sampler.logits(ofStream: stream).span, allowed: allowed)
      for filter in filters { filter.apply(to: &distribution) }
      ids[stream] = distribution.draw(random: &randoms[stream]) ?? 0
    }
  }

  var medianNetworkSeconds: Double {
    networkSeconds.prefix(stepCount).sorted()[stepCount / 2]
  }
}
