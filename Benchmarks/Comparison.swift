internal import Foundation

/// `benchmarks all --peers PYTHON [--scripts FOLDER] [--rounds N] [--kernels NAME] [--only WORD] [--weights MODEL CORPUS]`:
/// ours and the peers' in turn, and a table of the medians with their ratios and their share of the machine's limit.
///
/// The limit of training and of many streams is the fused-multiply-add peak that the same rounds measure; that of one
/// stream is the speed at which a product of one matrix of as many bytes with a vector reads them in the same rounds, our
/// own or OpenBLAS's, whichever is higher. Beside it stands the 99th percentile of a step over its median, and the same of
/// plain arithmetic that takes as long: what the machine's interruptions alone do to it.
///
/// `--kernels avx2` holds both sides to that instruction set, except for ONNX Runtime, which has no setting for it. A
/// measurement that one side cannot make is left out.
struct Comparison {
  private static let usage =
    "benchmarks all --peers PYTHON [--scripts FOLDER] [--rounds N] [--kernels NAME] [--only WORD] [--weights MODEL CORPUS]"

  private let programs: MeasuringPrograms
  private let rounds: Int
  private let word: String
  /// A trained model and its corpus.
  private let trained: [String]

  init(_ arguments: [String]) {
    func values(_ option: String, count: Int = 1) -> [String]? {
      arguments.firstIndex(of: option).flatMap {
        $0 + count < arguments.count ? Array(arguments[($0 + 1)...($0 + count)]) : nil
      }
    }
    guard let python = values("--peers")?.first else {
      printUsage(Self.usage)
      exit(64)
    }
    programs = MeasuringPrograms(
      python: python, scripts: values("--scripts")?.first ?? "../shared/bench",
      environment: Self.environment(kernels: values("--kernels")?.first))
    rounds = values("--rounds").flatMap { Int($0[0]) }.map { max(1, $0) } ?? 3
    word = values("--only")?.first ?? ""
    trained = values("--weights", count: 2) ?? []
  }

  /// An environment that holds every side to the kernels of that name.
  private static func environment(kernels: String?) -> [String: String] {
    var environment = ProcessInfo.processInfo.environment
    guard let kernels else { return environment }
    environment["GRUPPETTO_KERNELS"] = kernels
    if kernels == "avx2" {
      environment["ATEN_CPU_CAPABILITY"] = "avx2"
      environment["ONEDNN_MAX_CPU_ISA"] = "AVX2"
      environment["MKL_ENABLE_INSTRUCTIONS"] = "AVX2"
      environment["OPENBLAS_CORETYPE"] = "Haswell"
    }
    return environment
  }

  func run() {
    let limits = MachineLimits(programs: programs, rounds: rounds)
    for (kind, rows) in ComparedMeasurement.byKind {
      let rows = rows.filter { word.isEmpty || $0.name.contains(word) }
      guard !rows.isEmpty else { continue }
      printRow(
        [kind.title, "ours", "peer", "ratio", kind.unit, "limit", "of limit"] + kind.furtherColumns)
      for row in rows { compare(row, kind, limits) }
      print("")
    }
    if !trained.isEmpty { printCosts() }
  }

  /// The lines of one measurement's rounds.
  private struct Lines {
    var ours: [[String: Any]] = []
    var theirs: [[String: Any]] = []
    /// Ours on one thread, of training.
    var alone: [[String: Any]] = []
    /// OpenBLAS's product of a matrix of as many bytes with a vector, beside float32 weights.
    var openBLAS: [[String: Any]] = []
  }

  private func measure(_ row: ComparedMeasurement, _ kind: ComparedMeasurement.Kind) -> Lines {
    var lines = Lines()
    for _ in 0..<rounds {
      let ours = programs.ours(row.arguments)
      lines.ours += ours
      lines.theirs += programs.script(row.script, row.scriptArguments)
      if kind == .training { lines.alone += programs.ours(row.argumentsForOneThread) }
      if row.readsPlainWeights, let megabytes = median(ours, "weights_mb") {
        lines.openBLAS += programs.peer("openblas", ["1", decimal(megabytes)])
      }
    }
    return lines
  }

  private func compare(_ row: ComparedMeasurement, _ kind: ComparedMeasurement.Kind, _ limits: MachineLimits)
  {
    let lines = measure(row, kind)
    guard let our = median(lines.ours, kind.field) else { return }
    let their = median(lines.theirs, kind.field)
    let reached = median(lines.ours, kind == .stream ? "gb_per_second" : "gflops")
    let products = [(lines.ours, "product_gb_per_second"), (lines.openBLAS, "gb_per_second")]
    let limit =
      kind == .stream ? products.compactMap { median($0, $1) }.max() : limits.peaks[kind.threads]
    let share = reached.flatMap { reached in limit.map { String(format: "%.0f %%", 100 * reached / $0) } }
    var cells = [row.name, decimal(our, places: 0), decimal(their, places: 0)]
    cells += [decimal(their.map { our / $0 }, places: 2), decimal(reached), decimal(limit), share ?? "-"]
    switch kind {
    case .training:
      cells += [lines.ours, lines.theirs].map { decimal(median($0, "peak_rss_mb"), places: 0) }
      cells.append(decimal(median(lines.alone, kind.field).map { our / $0 }, places: 2))
    case .stream:
      cells += [tail(lines.ours, "p99_us"), tail(lines.theirs, "p99_us")]
      cells.append(tail(lines.ours, "arithmetic_p99_us"))
    case .streams: break
    }
    printRow(cells)
  }

  /// The median over all runs of a 99th percentile over the run's median.
  private func tail(_ lines: [[String: Any]], _ field: String) -> String {
    let ratios = lines.compactMap { line in
      median([line], field).flatMap { tail in median([line], "median_us").map { tail / $0 } }
    }
    return ratios.isEmpty ? "-" : decimal(ratios.sorted()[ratios.count / 2], places: 2)
  }

  /// What narrower weights cost a trained model.
  private func printCosts() {
    printRow(["weights of \(trained[0])", "nats", "cost"])
    for line in programs.ours(["weights"] + trained) {
      printRow([
        line["weights"] as? String ?? "-", decimal(median([line], "nats_per_token"), places: 6),
        decimal(median([line], "cost"), places: 6),
      ])
    }
  }
}

/// What is measured on both sides.
struct ComparedMeasurement {
  enum Kind {
    /// Training on two threads.
    case training
    /// Sampling one stream on one thread.
    case stream
    /// Sampling 64 streams on two threads.
    case streams

    /// The field of the lines that counts.
    var field: String { self == .training ? "tokens_per_second" : "ids_per_second" }
    var threads: Int { self == .stream ? 1 : 2 }
    var unit: String { self == .stream ? "GB/s" : "GFLOP/s" }
    /// What else a row tells: of training the memory of both sides, and how many times as fast two threads are as one.
    var furtherColumns: [String] {
      switch self {
      case .training: ["MB", "peer's", "2 over 1"]
      case .stream: ["p99/med", "peer's", "machine's"]
      case .streams: []
      }
    }
    var title: String {
      switch self {
      case .training: "training, tokens/s"
      case .stream: "one stream, ids/s"
      case .streams: "64 streams, ids/s"
      }
    }
  }

  var name: String
  /// What this program is called with.
  var arguments: [String]
  /// The peer's script, and what it is called with.
  var script: String
  var scriptArguments: [String]

  /// Whether it samples one stream with the weights as they are.
  var readsPlainWeights: Bool { name.contains("float32") && arguments.suffix(2) == ["1", "1"] }

  /// The same training on one thread, of fewer steps.
  var argumentsForOneThread: [String] { arguments.dropLast(2) + ["1", "2"] }

  static let byKind: [(Kind, [ComparedMeasurement])] = [
    (
      .training,
      [
        ("gru", "2", "256"), ("gru", "3", "512"), ("gru", "3", "1024"), ("lstm", "2", "512"),
        ("rnn", "2", "512"),
      ]
      .map { cell, layers, hidden in
        let arguments = [cell, layers, hidden, "64", "128", "2", "5"]
        return ComparedMeasurement(
          name: "train \(cell) \(layers)x\(hidden)", arguments: ["train"] + arguments,
          script: "torch_train.py", scriptArguments: arguments)
      }
    ),
    (
      .stream,
      ["float32", "float16", "int8"].flatMap { weights in
        [("2", "256"), ("3", "512"), ("3", "1024")].map { layers, hidden in
          sampling(weights, layers, hidden, streams: "1", threads: "1", peer: "ort")
        }
      }
    ),
    (
      .streams,
      ["ort", "torch"].flatMap { peer in
        ["float32", "int8"].map { sampling($0, "3", "512", streams: "64", threads: "2", peer: peer) }
      }
    ),
  ]

  private static func sampling(
    _ weights: String, _ layers: String, _ hidden: String, streams: String, threads: String, peer: String
  ) -> ComparedMeasurement {
    ComparedMeasurement(
      name: "sample \(weights) \(layers)x\(hidden), \(peer)",
      arguments: ["sample", weights, layers, hidden, streams, threads], script: "sampling.py",
      scriptArguments: [peer, layers, hidden, streams, threads])
  }
}
