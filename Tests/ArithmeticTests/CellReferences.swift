internal import CKernels

@testable import Arithmetic

extension CellReference {
  static let all = [rnnTanh, rnnReLU, lstm, gru, gruResetBefore]

  private static func rnn(
    _ name: String, _ function: @escaping @Sendable (Double) -> Double,
    forward: @escaping @Sendable (gruppetto_kernel_table, inout CellKernelRun) -> Void,
    backward: @escaping @Sendable (gruppetto_kernel_table, inout CellKernelRun) -> Void
  ) -> CellReference {
    CellReference(
      name: name, gateCount: 1, keptCount: 1,
      equations: { a, u, _, _ in (zip(a[0], u[0]).map { function($0 + $1) }, [], []) },
      forward: forward, backward: backward, inputBlocks: [0], recurrentBlocks: [0])
  }

  static let rnnTanh = rnn("RNN tanh", hyperbolicTangent) { table, run in
    table.rnn_tanh_forward(
      run.size, &run.kept, run.recurrent, run.inputBias, run.recurrentBias, &run.next)
  } backward: { table, run in
    table.rnn_tanh_backward(run.size, &run.kept, run.above, &run.carry)
  }

  static let rnnReLU = rnn("RNN ReLU") {
    max(0, $0)
  } forward: { table, run in
    table.rnn_relu_forward(
      run.size, &run.kept, run.recurrent, run.inputBias, run.recurrentBias, &run.next)
  } backward: { table, run in
    table.rnn_relu_backward(run.size, &run.kept, run.above, &run.carry)
  }

  static let lstm = CellReference(
    name: "LSTM", gateCount: 4, keptCount: 5, hasMemory: true,
    equations: { a, u, _, c in
      let i = sigmoid(a[0], u[0]), f = sigmoid(a[1], u[1]), o = sigmoid(a[3], u[3])
      let g = zip(a[2], u[2]).map { hyperbolicTangent($0 + $1) }
      let memory = c.indices.map { f[$0] * c[$0] + i[$0] * g[$0] }
      return (zip(o, memory).map { $0 * hyperbolicTangent($1) }, memory, [])
    },
    forward: { table, run in
      table.lstm_forward(
        run.size, &run.kept, run.recurrent, run.inputBias, run.recurrentBias, &run.memory, &run.next)
    },
    backward: { table, run in
      table.lstm_backward(run.size, &run.kept, run.above, &run.carry, &run.memoryCarry)
    },
    inputBlocks: [0, 1, 2, 3], recurrentBlocks: [0, 1, 2, 3])

  static let gru = CellReference(
    name: "GRU", gateCount: 3, keptCount: 4,
    equations: { a, u, h, _ in
      let r = sigmoid(a[0], u[0]), z = sigmoid(a[1], u[1])
      let n = h.indices.map { hyperbolicTangent(a[2][$0] + r[$0] * u[2][$0]) }
      return (h.indices.map { (1 - z[$0]) * n[$0] + z[$0] * h[$0] }, [], [])
    },
    forward: { table, run in
      table.gru_forward(
        run.size, &run.kept, run.recurrent, run.inputBias, run.recurrentBias, run.previous, &run.next)
    },
    backward: { table, run in
      table.gru_backward(run.size, &run.kept, run.previous, run.above, &run.carry)
    },
    inputBlocks: [1, 2, 0], recurrentBlocks: [1, 2, 3])

  static let gruResetBefore = CellReference(
    name: "GRU, reset before", gateCount: 3, keptCount: 4,
    equations: { a, u, h, _ in
      let r = sigmoid(a[0], u[0]), z = sigmoid(a[1], u[1])
      let n = zip(a[2], u[2]).map { hyperbolicTangent($0 + $1) }
      return (
        h.indices.map { (1 - z[$0]) * n[$0] + z[$0] * h[$0] }, [], zip(r, h).map { $0 * $1 }
      )
    },
    forward: { table, run in
      table.gru_before_gates(
        run.size, &run.kept, run.recurrent, run.inputBias, run.recurrentBias, run.previous)
      table.gru_before_candidate(
        run.size, &run.kept, run.recurrent, run.inputBias, run.recurrentBias, run.previous, &run.next)
    },
    backward: { table, run in
      table.gru_before_candidate_backward(run.size, &run.kept, run.previous, run.above, &run.carry)
      table.gru_before_gates_backward(
        run.size, &run.kept, run.previous, run.operandGradient, &run.carry)
    },
    inputBlocks: [0, 1, 2], recurrentBlocks: [0, 1, 2])

  private static func sigmoid(_ a: [Double], _ u: [Double]) -> [Double] {
    zip(a, u).map { 1 / (1 + exponential(-$0 - $1)) }
  }
}

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

private func exponential(_ x: Double) -> Double { exp(x) }
private func hyperbolicTangent(_ x: Double) -> Double { tanh(x) }
