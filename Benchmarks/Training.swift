internal import Arithmetic
internal import Foundation
internal import Recurrent

/// What `../shared/bench/torch_train.py` measures, with this package: forward, backward, clipping and AdamW of a recurrent
/// language model on random ids with carried state.
///
///     benchmarks train gru|lstm|rnn LAYERS HIDDEN BATCH TRUNCATION THREADS [STEPS] [FEATURES]
///
/// With FEATURES the network is told as many features of a context of 64 values each beside the ids.
func measureTraining(_ arguments: [String]) {
  let numbers = arguments.dropFirst().compactMap(Int.init)
  let name = arguments.first ?? ""
  guard let cell = name == "rnn" ? .rnnTanh : Cell(rawValue: name), numbers.count >= 5,
    numbers.allSatisfy({ (1...100_000).contains($0) })
  else {
    return printUsage(
      "benchmarks train gru|lstm|rnn|rnn-relu|gru-reset-before LAYERS HIDDEN BATCH TRUNCATION THREADS [STEPS] "
        + "[FEATURES]"
    )
  }
  let (layers, hidden, batch, length, threads) = (numbers[0], numbers[1], numbers[2], numbers[3], numbers[4])
  let steps = numbers.count > 5 ? numbers[5] : 8
  let contextSizes = [Int](repeating: 64, count: numbers.count > 6 ? numbers[6] : 0)
  let configuration = LanguageModelConfiguration(
    cell: cell, vocabularySize: 400, contextSizes: contextSizes, embeddingSize: 256, hiddenSize: hidden,
    layerCount: layers)
  let model = Network(configuration: configuration, seed: 0)
  let team = ThreadTeam(threadCount: threads)
  let pass = LanguageModelPass(network: model, batchSize: batch, truncationLength: length, team: team)
  let optimizer = Optimizer(.adamw(weightDecay: 0), parameterCount: model.parameters.count)
  let clipping = GradientClipping(pass.gradients, team: team)
  var random = RandomStream(seed: 0, name: "benchmark")
  let ids = (0..<(length + 1) * batch).map { _ in Int32(random.integer(below: configuration.vocabularySize)) }
  let inputs = Array(ids[..<(length * batch)]), targets = Array(ids[batch...])
  let contexts = inputs.indices.flatMap { _ in contextSizes.map { Int32(random.integer(below: $0)) } }
  let resets = [Bool](repeating: false, count: length * batch)

  let seconds = timings(count: steps) {
    _ = pass.train(inputs: inputs, contexts: contexts, targets: targets, resets: resets, dropout: &random)
    clipping.clip(toGlobalNorm: 1)
    optimizer.update(model.parameters, gradients: pass.gradients, learningRate: 1e-3, team: team)
    pass.parametersDidChange()
  }
  let tokens = Double(batch * length), median = seconds[seconds.count / 2], best = seconds[0]
  let weights = model.parameters.entries.filter { $0.shape.count == 2 && !$0.name.hasPrefix("embedding.") }
    .reduce(0) { $0 + $1.range.count }
  printJSONLine([
    ("peer", "\"gruppetto \(Kernels.current.name)\""), ("cell", "\"\(name)\""), ("layers", "\(layers)"),
    ("hidden", "\(hidden)"), ("batch", "\(batch)"), ("truncation", "\(length)"), ("threads", "\(threads)"),
    ("tokens_per_second", "\(Int(tokens / median))"), ("best", "\(Int(tokens / best))"),
    ("gflops", String(format: "%.1f", 6 * Double(weights) * tokens / median / 1e9)),
    ("peak_rss_mb", "\(peakResidentMegabytes())"),
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
