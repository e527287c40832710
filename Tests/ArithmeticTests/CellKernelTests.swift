internal import CKernels
internal import Testing

@testable import Arithmetic

/// A step of a recurrent cell in double precision, as its equations read, and what a table of kernels makes of it.
///
/// a = W_i x + b_i and u = W_h h + b_h, h and the memory before the step → h and memory after it, and, for a cell of two
/// phases, the operand of the second.
struct CellReference: CustomTestStringConvertible, Sendable {
  typealias Step = (next: [Double], memory: [Double], operand: [Double])

  let name: String
  let gateCount: Int
  let keptCount: Int
  var hasMemory = false
  let equations: @Sendable (_ a: [[Double]], _ u: [[Double]], _ h: [Double], _ c: [Double]) -> Step
  /// Runs the kernels forward, and returns h after the step; then backward.
  let forward: @Sendable (gruppetto_kernel_table, inout CellKernelRun) -> Void
  let backward: @Sendable (gruppetto_kernel_table, inout CellKernelRun) -> Void
  /// In which kept blocks the gradients of a and u stand, gate by gate.
  let inputBlocks: [Int]
  let recurrentBlocks: [Int]

  var testDescription: String { name }
}

/// The arguments of a cell's kernels.
struct CellKernelRun {
  let size: Int
  var kept: [Float]
  let recurrent: [Float]
  let inputBias: [Float]
  let recurrentBias: [Float]
  let previous: [Float]
  var memory: [Float]
  var next: [Float]
  let above: [Float]
  var carry: [Float]
  var memoryCarry: [Float]
  let operandGradient: [Float]

  init(_ cell: CellReference, size: Int) {
    self.size = size
    let gates = cell.gateCount * size
    kept =
      randomFloats(gates, seed: 31, scale: 2) + [Float](repeating: 7, count: cell.keptCount * size - gates)
    recurrent = randomFloats(gates, seed: 32, scale: 2)
    inputBias = randomFloats(gates, seed: 33)
    recurrentBias = randomFloats(gates, seed: 34)
    previous = randomFloats(size, seed: 35)
    memory = randomFloats(size, seed: 36)
    next = [Float](repeating: 0, count: size)
    above = randomFloats(size, seed: 37)
    carry = randomFloats(size, seed: 38)
    memoryCarry = randomFloats(size, seed: 39)
    operandGradient = randomFloats(size, seed: 40)
  }

  /// What the equations take, in double precision.
  func arguments(gateCount: Int) -> (a: [[Double]], u: [[Double]], h: [Double], c: [Double]) {
    func blocks(_ x: [Float], _ bias: [Float]) -> [[Double]] {
      (0..<gateCount).map { gate in
        (gate * size..<(gate + 1) * size).map { Double(x[$0]) + Double(bias[$0]) }
      }
    }
    return (
      blocks(kept, inputBias), blocks(recurrent, recurrentBias), previous.map(Double.init),
      memory.map(Double.init)
    )
  }
}

@Suite struct CellKernelTests {
  /// Around one vector and two of 4, 8 and 16 floats.
  private static let sizes = [1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63]

  /// Forward against the equations, backward against their derivatives by central differences in double precision, which
  /// are right to 1e-9. The kernels' functions are right to 2e-7, and products of a few such numbers to 2e-6.
  @Test(
    "Steps agree with their equations", arguments: [KernelSet.plain] + KernelSet.vectorized, CellReference.all
  )
  func stepsAgreeWithTheirEquations(kernels: KernelSet, cell: CellReference) {
    for size in Self.sizes {
      var run = CellKernelRun(cell, size: size)
      let (a, u, h, c) = run.arguments(gateCount: cell.gateCount)
      let dh = zip(run.above, run.carry).map { Double($0) + Double($1) }
      let dc = run.memoryCarry.map(Double.init), operandGradient = run.operandGradient.map(Double.init)
      cell.forward(kernels.table.pointee, &run)
      let step = cell.equations(a, u, h, c)
      expectClose(run.next, step.next.map { Float($0) }, tolerance: 2e-6, "h of \(size)")
      if cell.hasMemory {
        expectClose(run.memory, step.memory.map { Float($0) }, tolerance: 2e-6, "c of \(size)")
      }

      cell.backward(kernels.table.pointee, &run)
      // Units do not touch each other in a step, so that one difference serves all of them.
      func derivative(_ change: (Double) -> CellReference.Step) -> [Float] {
        let (above, below) = (change(1e-5), change(-1e-5))
        return (0..<size).map { i in
          var sum = dh[i] * (above.next[i] - below.next[i])
          if cell.hasMemory { sum += dc[i] * (above.memory[i] - below.memory[i]) }
          if !above.operand.isEmpty { sum += operandGradient[i] * (above.operand[i] - below.operand[i]) }
          return Float(sum / 2e-5)
        }
      }
      func moved(_ x: [[Double]], _ gate: Int, _ by: Double) -> [[Double]] {
        var x = x
        x[gate] = x[gate].map { $0 + by }
        return x
      }
      for gate in 0..<cell.gateCount {
        let input = cell.inputBlocks[gate] * size, recurrent = cell.recurrentBlocks[gate] * size
        expectClose(
          Array(run.kept[input..<input + size]), derivative { cell.equations(moved(a, gate, $0), u, h, c) },
          tolerance: 2e-6, "gradient of gate \(gate), \(size) units")
        expectClose(
          Array(run.kept[recurrent..<recurrent + size]),
          derivative { cell.equations(a, moved(u, gate, $0), h, c) },
          tolerance: 2e-6, "gradient of gate \(gate)'s recurrent part, \(size) units")
      }
      expectClose(
        run.carry, derivative { by in cell.equations(a, u, h.map { $0 + by }, c) }, tolerance: 2e-6,
        "gradient of h, \(size) units")
      if cell.hasMemory {
        expectClose(
          run.memoryCarry, derivative { by in cell.equations(a, u, h, c.map { $0 + by }) }, tolerance: 2e-6,
          "gradient of c, \(size) units")
      }
    }
  }

  @Test("Normalization agrees with its equations", arguments: [KernelSet.plain] + KernelSet.vectorized)
  func normalizationAgreesWithItsEquations(kernels: KernelSet) {
    for count in Self.sizes where count > 1 {
      let x = randomFloats(count, seed: 50, scale: 2).map { $0 + 3 }
      let weight = randomFloats(count, seed: 51), bias = randomFloats(count, seed: 52)
      let gradient = randomFloats(count, seed: 53)
      let mean = x.reduce(0.0) { $0 + Double($1) } / Double(count)
      let variance = x.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(count)
      let scale = 1 / (variance + 1e-5).squareRoot()
      let normal = x.map { (Double($0) - mean) * scale }
      var y = x, statistics: [Float] = [0, 0]
      kernels.table.pointee.layer_norm_forward(count, x, weight, bias, 1e-5, &y, &statistics)
      expectClose(
        y, normal.indices.map { Float(normal[$0] * Double(weight[$0]) + Double(bias[$0])) }, tolerance: 4e-6,
        "\(count) normalized")
      var used = x, dx = gradient
      kernels.table.pointee.layer_norm_backward(count, weight, statistics, &used, &dx)
      let inner = gradient.indices.map { Double(gradient[$0]) * Double(weight[$0]) }
      let average = inner.reduce(0, +) / Double(count)
      let slope = zip(inner, normal).reduce(0) { $0 + $1.0 * $1.1 } / Double(count)
      expectClose(
        dx, normal.indices.map { Float(scale * (inner[$0] - average - normal[$0] * slope)) },
        tolerance: 4e-6 * Float(max(1, scale)),
        "gradient of \(count)")
      expectClose(
        used, normal.indices.map { Float(Double(gradient[$0]) * normal[$0]) }, tolerance: 4e-6,
        "share of \(count) in the weight's gradient")
    }
  }
}
