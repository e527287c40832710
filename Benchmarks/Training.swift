internal import Arithmetic
internal import Foundation
internal import Recurrent

/// What `../shared/bench/torch_train.py` measures, with this package: forward, backward, clipping and AdamW of a recurrent
/// language model on random ids with carried state.
///
///     benchmarks train gru|lstm|rnn LAYERS HIDDEN BATCH TRUNCATION THREADS [STEPS]
func measureTraining(_ arguments: [String]) {
  let numbers = arguments.dropFirst().compactMap(Int.init)
  let name = arguments.first ?? ""
  guard let cell = name == "rnn" ? .rnnTanh : Cell(rawValue: name), numbers.count >= 5 else {
    return printUsage(
      "benchmarks train gru|lstm|rnn|rnn-relu|gru-reset-before LAYERS HIDDEN BATCH TRUNCATION THREADS [STEPS]"
    )
  }
  let (layers, hidden, batch, length, threads) = (numbers[0], numbers[1], numbers[2], numbers[3], numbers[4])
  let steps = numbers.count > 5 ? numbers[5] : 8
  let configuration = NetworkConfiguration(
    cell: cell, vocabularySize: 400, embeddingSize: 256, hiddenSize: hidden, layerCount: layers)
  let model = LanguageModel(configuration: configuration, seed: 0)
  let team = ThreadTeam(threadCount: threads)
  let pass = LanguageModelPass(model: model, batchSize: batch, truncationLength: length, team: team)
  let optimiser = Optimizer(.adamw(weightDecay: 0), parameterCount: model.parameters.count)
  let clipping = GradientClipping(pass.gradients, team: team)
  var random = RandomStream(seed: 0, name: "benchmark")
  let ids = (0..<(length + 1) * batch).map { _ in Int32(random.integer(below: configuration.vocabularySize)) }
  let inputs = Array(ids[..<(length * batch)]), targets = Array(ids[batch...])
  let resets = [Bool](repeating: false, count: length * batch)

  let seconds = timings(count: steps) {
    _ = pass.train(inputs: inputs, targets: targets, resets: resets, dropout: &random)
    clipping.clip(toGlobalNorm: 1)
    optimiser.update(model.parameters, gradients: pass.gradients, learningRate: 1e-3, team: team)
    pass.parametersDidChange()
  }
  let tokens = Double(batch * length), median = seconds[seconds.count / 2], best = seconds[0]
  let weights = model.parameters.entries.filter { $0.shape.count == 2 && $0.name != "embedding.weight" }
    .reduce(0) { $0 + $1.range.count }
  printJSONLine([
    ("peer", "\"gruppetto \(Kernels.current.name)\""), ("cell", "\"\(name)\""), ("layers", "\(layers)"),
    ("hidden", "\(hidden)"), ("batch", "\(batch)"), ("truncation", "\(length)"), ("threads", "\(threads)"),
    ("tokens_per_second", "\(Int(tokens / median))"), ("best", "\(Int(tokens / best))"),
    ("gflops", String(format: "%.1f", 6 * Double(weights) * tokens / median / 1e9)),
    ("peak_rss_mb", "\(peakResidentMegabytes())"),
  ])
}

/// What `../shared/bench/sampling.py` measures: one stream, one thread, sampling by temperature and top-p included.
///
///     benchmarks sample float32 LAYERS HIDDEN BATCH [THREADS] [STEPS]
func measureSampling(_ arguments: [String]) {
  let numbers = arguments.dropFirst().compactMap(Int.init)
  guard arguments.first == "float32", numbers.count >= 3, numbers[2] == 1,
    numbers.count < 4 || numbers[3] == 1
  else {
    return printUsage("benchmarks sample float32 LAYERS HIDDEN 1 [1] [STEPS]")
  }
  let (layers, hidden) = (numbers[0], numbers[1])
  let steps = (numbers.count > 4 ? numbers[4] : 3000) / max(1, hidden / 256)
  let configuration = NetworkConfiguration(
    vocabularySize: 400, embeddingSize: 256, hiddenSize: hidden, layerCount: layers)
  let sampler = LanguageModelSampler(model: LanguageModel(configuration: configuration, seed: 0))
  var random = RandomStream(seed: 0, name: "benchmark")
  var id: Int32 = 0
  var networkSeconds: [Double] = []
  networkSeconds.reserveCapacity(steps + 1)
  let clock = ContinuousClock()
  var choice = NucleusChoice(count: configuration.vocabularySize)
  let seconds = timings(count: steps) {
    let start = clock.now
    let logits = sampler.advance(id)
    networkSeconds.append((clock.now - start) / .seconds(1))
    id = choice.draw(logits, temperature: 0.95, mass: 0.9, random: &random)
  }
  networkSeconds.sort()
  let median = seconds[seconds.count / 2]
  printJSONLine([
    ("peer", "\"gruppetto \(Kernels.current.name) float32\""), ("layers", "\(layers)"),
    ("hidden", "\(hidden)"),
    ("batch", "1"), ("threads", "1"), ("ids_per_second", "\(Int(1 / median))"),
    ("median_us", String(format: "%.1f", median * 1e6)),
    ("p99_us", String(format: "%.1f", seconds[seconds.count * 99 / 100] * 1e6)),
    ("network_us", String(format: "%.1f", networkSeconds[networkSeconds.count / 2] * 1e6)),
  ])
}

/// The machine's limits as the kernels reach them: the peak of fused multiply-adds, and the best large product.
///
///     benchmarks machine
func measureMachine() {
  for threads in [1, 2] {
    let team = ThreadTeam(threadCount: threads)
    let iterations = 20_000_000 / 12
    let operations = Kernels.current.runPeak(iterations: iterations) * Double(threads)
    let peak = timings(count: 9) { team.run { _ in _ = Kernels.current.runPeak(iterations: iterations) } }[0]
    let (rows, depth, columns) = (2048, 1024, 1536)
    let a = AlignedBuffer<Float>(count: rows * depth), b = AlignedBuffer<Float>(count: depth * columns)
    let c = AlignedBuffer<Float>(count: rows * columns)
    let factor = PackedMatrix(rows: depth, columns: columns)
    factor.update(from: MatrixView(b.baseAddress, rows: depth, columns: columns))
    let product = timings(count: 9) {
      team.multiply(MatrixView(a.baseAddress, rows: rows, columns: depth), factor, into: c.baseAddress)
    }[0]
    printJSONLine([
      ("kernels", "\"\(Kernels.current.name)\""), ("threads", "\(threads)"),
      ("peak_gflops", String(format: "%.1f", operations / peak / 1e9)),
      ("product_gflops", String(format: "%.1f", 2 * Double(rows * depth * columns) / product / 1e9)),
    ])
  }
}

/// Draws from the most likely ids that together have a probability of `mass` (Holtzman et al. 2020).
private struct NucleusChoice {
  private var probabilities: [Float]
  private var order: [Int32]

  init(count: Int) {
    probabilities = [Float](repeating: 0, count: count)
    order = (0..<Int32(count)).map { $0 }
  }

  mutating func draw(
    _ logits: UnsafeBufferPointer<Float>, temperature: Float, mass: Float, random: inout RandomStream
  ) -> Int32 {
    let largest = logits.max() ?? 0
    var total: Float = 0
    for index in logits.indices {
      probabilities[index] = exp((logits[index] - largest) / temperature)
      total += probabilities[index]
    }
    order.sort { [probabilities] in probabilities[Int($0)] > probabilities[Int($1)] }
    var kept: Float = 0, count = 0
    while count < order.count, kept < mass * total {
      kept += probabilities[Int(order[count])]
      count += 1
    }
    var rest = random.uniformFloat() * kept
    for id in order.prefix(count) {
      rest -= probabilities[Int(id)]
      if rest < 0 { return id }
    }
    return order[max(0, count - 1)]
  }
}

/// How many seconds `body` takes, `count` times after a first that is not counted; shortest first.
func timings(count: Int, _ body: () -> Void) -> [Double] {
  let clock = ContinuousClock()
  body()
  return (0..<max(1, count)).map { _ in clock.measure(body) / .seconds(1) }.sorted()
}

func printJSONLine(_ members: [(name: String, value: String)]) {
  print("{" + members.map { "\"\($0.name)\": \($0.value)" }.joined(separator: ", ") + "}")
}

func printUsage(_ usage: String) {
  FileHandle.standardError.write(Data("usage: \(usage)\n".utf8))
  exit(64)
}

func peakResidentMegabytes() -> Int {
  var usage = rusage()
  getrusage(RUSAGE_SELF.rawValue, &usage)
  return usage.ru_maxrss / 1024
}
