internal import Foundation

/// What the machine can do at most, measured in the same minutes as what is compared with it.
struct MachineLimits {
  /// The fused-multiply-add peak in GFLOP/s, for each number of threads.
  private(set) var peaks: [Int: Double] = [:]

  /// Measures and prints the limits; the large products of OpenBLAS and oneDNN's GRU where `Benchmarks/Peers/build` has
  /// built their programs.
  init(programs: MeasuringPrograms, rounds: Int) {
    func rates(_ field: String, _ lines: (_ threads: Int) -> [[String: Any]]) -> [Double?] {
      [1, 2].map { threads in median((0..<rounds).flatMap { _ in lines(threads) }, field) }
    }
    let machine = (0..<rounds).flatMap { _ in programs.ours(["machine"]) }
    let peaks = [1, 2].map { threads in
      median(machine.filter { $0["threads"] as? Int == threads }, "peak_gflops")
    }
    for (index, peak) in peaks.enumerated() { self.peaks[index + 1] = peak }
    printRow(["limit, GFLOP/s", "1 thread", "2 threads"])
    let rows = [
      ("fused multiply-add peak", peaks),
      (
        "our large product",
        [1, 2].map { threads in
          median(machine.filter { $0["threads"] as? Int == threads }, "product_gflops")
        }
      ),
      ("OpenBLAS, large product", rates("gflops") { programs.peer("openblas", ["\($0)"]) }),
      (
        "oneDNN, GRU 3x512",
        rates("gflops") { programs.peer("onednn", ["\($0)", "3", "512", "64", "128"]) }
      ),
    ]
    for (name, values) in rows where values.contains(where: { $0 != nil }) {
      printRow([name] + values.map { decimal($0) })
    }
    print("")
  }
}

/// The programs that measure: this one, the scripts of the peers, and the peers that `Benchmarks/Peers/build` has built.
struct MeasuringPrograms {
  let python: String
  let scripts: String
  let environment: [String: String]

  /// The lines of `benchmarks ARGUMENTS`.
  func ours(_ arguments: [String]) -> [[String: Any]] { lines(of: CommandLine.arguments[0], arguments) }

  /// The lines of a script.
  func script(_ name: String, _ arguments: [String]) -> [[String: Any]] {
    lines(of: python, ["\(scripts)/\(name)"] + arguments)
  }

  /// The lines of a program that was built beside this one; none where it was not.
  func peer(_ name: String, _ arguments: [String]) -> [[String: Any]] {
    lines(of: ".build/peers/\(name)", arguments)
  }

  /// The JSON lines that a program prints; none where it is not there. One that fails is told of, with what it said.
  private func lines(of program: String, _ arguments: [String]) -> [[String: Any]] {
    let process = Process(), pipe = Pipe()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    process.environment = environment
    process.standardOutput = pipe
    guard (try? process.run()) != nil else { return [] }
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    if process.terminationStatus != 0 {
      let call = ([program] + arguments).joined(separator: " ")
      FileHandle.standardError.write(
        Data("benchmarks: \(call) ended with exit code \(process.terminationStatus)\n".utf8))
      if program == CommandLine.arguments[0] { exit(process.terminationStatus) }
    }
    return output.split(separator: UInt8(ascii: "\n")).compactMap {
      (try? JSONSerialization.jsonObject(with: $0)) as? [String: Any]
    }
  }
}

/// The median of a field; nil if no line has it.
func median(_ lines: [[String: Any]], _ field: String) -> Double? {
  let values = lines.compactMap { ($0[field] as? NSNumber)?.doubleValue }.sorted()
  return values.isEmpty ? nil : values[values.count / 2]
}

/// A row of a table: the first cell to the left, the others to the right.
func printRow(_ cells: [String]) {
  let padded = cells.enumerated().map { index, cell in
    let gap = String(repeating: " ", count: max(0, (index == 0 ? 34 : 10) - cell.count))
    return index == 0 ? cell + gap : gap + cell
  }
  print(padded.joined(separator: " "))
}

/// A number for a table, or a dash.
func decimal(_ value: Double?, places: Int = 1) -> String {
  value.map { String(format: "%.\(places)f", $0) } ?? "-"
}
