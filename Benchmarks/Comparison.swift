internal import Foundation

/// `benchmarks all --peers PYTHON [--scripts FOLDER] [--rounds N] [--kernels NAME] [--only WORD]`: ours and the peers' in
/// turn, and a table of the medians with their ratios and their share of the machine's limit, the fused-multiply-add peak
/// that the same rounds measure.
///
/// `--kernels avx2` holds both sides to that instruction set. A measurement that one side cannot make is left out.
struct Comparison {
  /// What is measured on both sides, and the field of the lines that counts.
  private struct Row {
    var name: String
    var ours: [String]
    var script: String
    var theirs: [String]
    var field: String
    var threads: Int
  }

  private static let rows: [Row] = {
    let training = [("gru", 2, 256), ("gru", 3, 512), ("gru", 3, 1024), ("lstm", 2, 512), ("rnn", 2, 512)].map
    {
      cell, layers, hidden in
      let arguments = [cell, "\(layers)", "\(hidden)", "64", "128", "2", "5"]
      return Row(
        name: "train \(cell) \(layers)x\(hidden)", ours: ["train"] + arguments, script: "torch_train.py",
        theirs: arguments, field: "tokens_per_second", threads: 2)
    }
    let sampling = ["float32", "float16", "int8"].flatMap { weights in
      [(2, 256), (3, 512), (3, 1024)].map { layers, hidden in
        Row(
          name: "sample \(weights) \(layers)x\(hidden)",
          ours: ["sample", weights, "\(layers)", "\(hidden)", "1", "1"],
          script: "sampling.py", theirs: ["ort", "\(layers)", "\(hidden)", "1", "1"], field: "ids_per_second",
          threads: 1)
      }
    }
    let streams = Row(
      name: "sample float32 3x512, 64 streams", ours: ["sample", "float32", "3", "512", "64", "2"],
      script: "sampling.py", theirs: ["ort", "3", "512", "64", "2"], field: "ids_per_second", threads: 2)
    return training + sampling + [streams]
  }()

  private let python: String
  private let scripts: String
  private let rounds: Int
  private let environment: [String: String]
  private let word: String

  init(_ arguments: [String]) {
    func value(_ option: String) -> String? {
      arguments.firstIndex(of: option).flatMap { $0 + 1 < arguments.count ? arguments[$0 + 1] : nil }
    }
    guard let python = value("--peers") else {
      printUsage(
        "benchmarks all --peers PYTHON [--scripts FOLDER] [--rounds N] [--kernels NAME] [--only WORD]")
      exit(64)
    }
    self.python = python
    scripts = value("--scripts") ?? "../shared/bench"
    rounds = value("--rounds").flatMap(Int.init).map { max(1, $0) } ?? 3
    word = value("--only") ?? ""
    var environment = ProcessInfo.processInfo.environment
    if let kernels = value("--kernels") {
      environment["GRUPPETTO_KERNELS"] = kernels
      if kernels == "avx2" {
        environment["ATEN_CPU_CAPABILITY"] = "avx2"
        environment["ONEDNN_MAX_CPU_ISA"] = "AVX2"
        environment["MKL_ENABLE_INSTRUCTIONS"] = "AVX2"
        environment["OPENBLAS_CORETYPE"] = "Haswell"
      }
    }
    self.environment = environment
  }

  func run() {
    let limits = measureLimits()
    printLine(["measurement", "ours", "peer", "ratio", "GFLOP/s", "of peak"])
    for row in Self.rows where word.isEmpty || row.name.contains(word) {
      var ours: [[String: Any]] = [], theirs: [[String: Any]] = []
      for _ in 0..<rounds {
        ours += lines(of: CommandLine.arguments[0], row.ours)
        theirs += lines(of: python, ["\(scripts)/\(row.script)"] + row.theirs)
      }
      guard let our = median(ours, row.field) else { continue }
      let their = median(theirs, row.field)
      let operations = median(ours, "gflops")
      printLine([
        row.name, String(format: "%.0f", our), their.map { String(format: "%.0f", $0) } ?? "-",
        their.map { String(format: "%.2f", our / $0) } ?? "-",
        operations.map { String(format: "%.1f", $0) } ?? "-",
        operations.flatMap { operations in
          limits[row.threads].map { String(format: "%.0f %%", 100 * operations / $0) }
        } ?? "-",
      ])
    }
  }

  /// Prints what the machine can do; the large products of OpenBLAS and oneDNN's GRU where `Benchmarks/Peers/build` has
  /// built their programs.
  /// - Returns: the fused-multiply-add peak in GFLOP/s for each number of threads.
  private func measureLimits() -> [Int: Double] {
    var limits: [Int: Double] = [:]
    let machine = (0..<rounds).flatMap { _ in lines(of: CommandLine.arguments[0], ["machine"]) }
    printLine(["limit, GFLOP/s", "1 thread", "2 threads"])
    for (name, field) in [
      ("fused multiply-add peak", "peak_gflops"), ("our large product", "product_gflops"),
    ] {
      let values = [1, 2].map { threads in median(machine.filter { $0["threads"] as? Int == threads }, field)
      }
      if field == "peak_gflops" { for (index, value) in values.enumerated() { limits[index + 1] = value } }
      printLine([name] + values.map { $0.map { String(format: "%.1f", $0) } ?? "-" })
    }
    let folder = ".build/peers"
    for (name, program, arguments) in [
      ("OpenBLAS, large product", "openblas", [String]()),
      ("oneDNN, GRU 3x512", "onednn", ["3", "512", "64", "128"]),
    ] where FileManager.default.isExecutableFile(atPath: "\(folder)/\(program)") {
      let values = [1, 2].map { threads in
        median(
          (0..<rounds).flatMap { _ in lines(of: "\(folder)/\(program)", ["\(threads)"] + arguments) },
          "gflops")
      }
      printLine([name] + values.map { $0.map { String(format: "%.1f", $0) } ?? "-" })
    }
    print("")
    return limits
  }

  private func median(_ lines: [[String: Any]], _ field: String) -> Double? {
    let values = lines.compactMap { ($0[field] as? NSNumber)?.doubleValue }.sorted()
    return values.isEmpty ? nil : values[values.count / 2]
  }

  /// The JSON lines that a program prints; none where it cannot run.
  private func lines(of program: String, _ arguments: [String]) -> [[String: Any]] {
    let process = Process(), pipe = Pipe()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    process.environment = environment
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return [] }
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return output.split(separator: UInt8(ascii: "\n")).compactMap {
      (try? JSONSerialization.jsonObject(with: $0)) as? [String: Any]
    }
  }

  private func printLine(_ cells: [String]) {
    let padded = cells.enumerated().map { index, cell in
      let gap = String(repeating: " ", count: max(0, (index == 0 ? 34 : 10) - cell.count))
      return index == 0 ? cell + gap : gap + cell
    }
    print(padded.joined(separator: " "))
  }
}
