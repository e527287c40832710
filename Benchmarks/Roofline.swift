internal import Arithmetic
internal import Drawing
internal import Foundation

/// `benchmarks roofline FILE.svg`: what one thread makes of the machine, as a roofline (Williams et al. 2009): the
/// products of a GRU of 512 units over 64 streams of 128 steps, and of a sampling step, by their operations for each byte
/// that they must read and write, under the two limits that the same run measures: the fused-multiply-add peak and the
/// speed of memory.
func drawRoofline(_ arguments: [String]) throws {
  guard let path = arguments.first else { return printUsage("benchmarks roofline FILE.svg") }
  let roofline = Roofline()
  for point in roofline.points {
    printJSONLine([
      ("name", "\"\(point.name)\""), ("operations_per_byte", String(format: "%.2f", point.intensity)),
      ("gflops", String(format: "%.1f", point.speed)),
      ("of_limit", String(format: "%.2f", point.speed / roofline.limit(point.intensity))),
    ])
  }
  try Data(roofline.picture().document.utf8).write(to: URL(filePath: path))
}

/// What was measured, and how it is drawn.
private struct Roofline {
  struct Point {
    var name: String
    /// Operations a byte of the operands and the result, each counted once.
    var intensity: Double
    /// GFLOP/s.
    var speed: Double
  }

  let points: [Point]
  /// GFLOP/s of fused multiply-adds that touch no memory.
  private let peak: Double
  /// GB/s read from memory beyond all caches.
  private let bandwidth: Double

  init() {
    let iterations = 4_000_000
    let operations = Kernels.current.runPeak(iterations: iterations)
    peak = operations / timings(count: 9) { _ = Kernels.current.runPeak(iterations: iterations) }[0] / 1e9
    bandwidth = Self.measureBandwidth()
    let (hidden, positions, streams) = (512, 64 * 128, 64)
    points = [
      Self.product("input, forward", rows: positions, columns: 3 * hidden, depth: hidden),
      Self.product("input, backward", rows: positions, columns: hidden, depth: 3 * hidden),
      Self.product(
        "weight gradient", rows: 3 * hidden, columns: hidden, depth: positions, isTransposed: true),
      Self.product("recurrent step, forward", rows: streams, columns: 3 * hidden, depth: hidden),
      Self.product("recurrent step, backward", rows: streams, columns: hidden, depth: 3 * hidden),
      Self.matrixVector("sampling, 1024 units", rows: 3072, columns: 1024),
    ]
  }

  /// The most that an algorithm of this intensity can reach if all its operands come from memory.
  func limit(_ intensity: Double) -> Double { min(peak, bandwidth * intensity) }

  private static func speed(operations: Double, _ body: () -> Void) -> Double {
    let count = max(1, Int(2e8 / operations))
    let seconds = timings(count: 9) { for _ in 0..<count { body() } }
    return operations * Double(count) / seconds[seconds.count / 2] / 1e9
  }

  private static func random(_ count: Int) -> AlignedBuffer<Float> {
    var random = RandomStream(seed: 1, name: "roofline")
    let buffer = AlignedBuffer<Float>(count: count)
    for index in 0..<count { buffer.baseAddress[index] = random.uniformFloat() - 0.5 }
    return buffer
  }

  /// A matrix far larger than any cache, times a vector: eight rows are read side by side.
  private static func measureBandwidth() -> Double {
    let (rows, columns) = (1 << 16, 1024)
    let w = AlignedBuffer<Float>(count: rows * columns), x = AlignedBuffer<Float>(count: columns)
    let y = AlignedBuffer<Float>(count: rows)
    let best = timings(count: 9) {
      Kernels.current.multiply(
        rows: rows, columns: columns, w.baseAddress, x.baseAddress, bias: nil, into: y.baseAddress)
    }[0]
    return Double(4 * w.count) / best / 1e9
  }

  private static func product(
    _ name: String, rows: Int, columns: Int, depth: Int, isTransposed: Bool = false
  ) -> Point {
    let a = random(rows * depth), b = random(depth * columns), c = random(rows * columns)
    let team = ThreadTeam(threadCount: 1)
    let left =
      isTransposed
      ? MatrixView(a.baseAddress, rows: depth, columns: rows).transposed
      : MatrixView(a.baseAddress, rows: rows, columns: depth)
    let right = MatrixView(b.baseAddress, rows: depth, columns: columns)
    let packed = PackedMatrix(rows: depth, columns: columns)
    packed.update(from: right)
    let operations = 2 * Double(rows * columns * depth)
    let speed = speed(operations: operations) {
      if isTransposed {
        team.multiply(left, right, into: c.baseAddress, accumulate: true)
      } else {
        team.multiply(left, packed, into: c.baseAddress)
      }
    }
    return Point(name: name, intensity: operations / bytes(a, b, c), speed: speed)
  }

  private static func matrixVector(_ name: String, rows: Int, columns: Int) -> Point {
    // Matrices in turn, as the layers of a network are: none is still in a cache when it is wanted again.
    let matrixCount = 24
    let w = random(matrixCount * rows * columns), x = random(columns), y = random(rows)
    let operations = 2 * Double(rows * columns)
    var turn = 0
    let speed = speed(operations: operations) {
      Kernels.current.multiply(
        rows: rows, columns: columns, w.baseAddress + turn * rows * columns, x.baseAddress, bias: nil,
        into: y.baseAddress)
      turn = (turn + 1) % matrixCount
    }
    return Point(
      name: name, intensity: operations / (4 * Double(rows * columns + rows + columns)), speed: speed)
  }

  private static func bytes(_ buffers: AlignedBuffer<Float>...) -> Double {
    4 * Double(buffers.reduce(0) { $0 + $1.count })
  }

  /// Both axes are logarithmic: an octave of operations a byte is 56 units wide, one of GFLOP/s 46 high.
  func picture() -> SVG {
    let (left, top, right, bottom) = (70.0, 40.0, 690.0, 400.0)
    let (firstOctave, lowestOctave) = (-2.0, 1.0)
    func x(_ intensity: Double) -> Double { left + (log2(intensity) - firstOctave) * 56 }
    func y(_ speed: Double) -> Double { bottom - (log2(speed) - lowestOctave) * 46 }
    var svg = SVG(
      width: 720, height: 450, title: "Roofline of one thread, \(Kernels.current.name) kernels",
      style: """
        text { font: 11px sans-serif } .title { font-size: 14px } .grid { stroke: #ccc; stroke-width: 0.5 }
        .roof { stroke: \(Palette.kind(0).css); stroke-width: 2; fill: none }
        """)
    svg.text(
      "One thread, \(Kernels.current.name) kernels: peak \(Int(peak)) GFLOP/s, memory \(Int(bandwidth)) GB/s",
      x: left, y: 24, class: "title")
    for octave in stride(from: firstOctave, through: 9, by: 1) {
      let intensity = pow(2, octave)
      svg.line(from: (x(intensity), top), to: (x(intensity), bottom), class: "grid")
      svg.text(
        intensity < 1 ? "\(intensity)" : "\(Int(intensity))", x: x(intensity), y: bottom + 16, anchor: .middle
      )
    }
    for octave in stride(from: lowestOctave, through: 8, by: 1) {
      let speed = pow(2, octave)
      svg.line(from: (left, y(speed)), to: (right, y(speed)), class: "grid")
      svg.text("\(Int(speed))", x: left - 8, y: y(speed) + 4, anchor: .end)
    }
    svg.text("operations for each byte", x: (left + right) / 2, y: bottom + 36, anchor: .middle)
    svg.text("GFLOP/s", x: left - 8, y: top - 4, anchor: .end)
    let first = pow(2, firstOctave), ridge = peak / bandwidth
    svg.polyline([(x(first), y(limit(first))), (x(ridge), y(peak)), (right, y(peak))], class: "roof")
    let color = Palette.kind(1).css
    for (index, point) in points.enumerated() {
      let place = (x: x(point.intensity), y: y(point.speed))
      svg.rectangle(
        x: place.x - 3, y: place.y - 3, width: 6, height: 6, fill: color,
        tooltip: String(format: "%@: %.1f GFLOP/s", point.name, point.speed))
      // The names of points that stand above one another go down like stairs.
      let above = points[..<index].filter { $0.intensity == point.intensity }.count
      let beside = points.filter { $0.intensity == point.intensity }.map { y($0.speed) }
      svg.text(
        "\(point.name) \(Int(point.speed.rounded()))", x: place.x,
        y: (beside.max() ?? place.y) + 22 + Double(above) * 15, anchor: point.intensity < 4 ? .start : .end)
    }
    return svg
  }
}
