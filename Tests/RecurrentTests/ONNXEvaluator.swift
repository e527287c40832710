internal import Foundation
internal import Testing

/// Runs the graph of an ONNX file by the definitions of its operators (ONNX, "Operator Schemas", version 17), in double
/// precision and without any haste.
struct ONNXEvaluator {
  typealias Tensor = ONNXFile.Tensor

  let file: ONNXFile

  /// The values of the graph's outputs for these inputs.
  func outputs(for inputs: [String: Tensor]) throws -> [String: Tensor] {
    var values = file.constants.merging(inputs) { constant, _ in constant }
    for node in file.nodes {
      let arguments = try node.inputs.map { name in
        name.isEmpty ? Tensor(shape: [], values: []) : try #require(values[name], "\(name) is not known yet")
      }
      let results = try run(node, arguments)
      for (name, result) in zip(node.outputs, results) { values[name] = result }
    }
    return Dictionary(uniqueKeysWithValues: try file.outputs.map { ($0.name, try #require(values[$0.name])) })
  }

  private func run(_ node: ONNXFile.Node, _ inputs: [Tensor]) throws -> [Tensor] {
    switch node.operation {
    case "Identity": return [inputs[0]]
    case "Gather":
      let width = inputs[0].shape[1]
      return [
        Tensor(
          shape: inputs[1].shape + [width],
          values: inputs[1].values.flatMap { inputs[0].values[Int($0) * width..<(Int($0) + 1) * width] })
      ]
    case "Transpose": return [transpose(inputs[0], try #require(node.attributes["perm"]).integers)]
    case "Squeeze":
      var shape = inputs[0].shape
      try #require(shape.remove(at: Int(inputs[1].values[0])) == 1)
      return [Tensor(shape: shape, values: inputs[0].values)]
    case "Reshape":
      let shape = zip(inputs[1].values, inputs[0].shape).map { $0 == 0 ? $1 : Int($0) }
      try #require(shape.reduce(1, *) == inputs[0].values.count)
      return [Tensor(shape: shape, values: inputs[0].values)]
    case "Split":
      try #require(node.attributes["axis"]?.integer == 0)
      return split(inputs[0], lengths: inputs[1].values.map { Int($0) })
    case "Concat":
      try #require(node.attributes["axis"]?.integer == 0)
      return [
        Tensor(
          shape: [inputs.reduce(0) { $0 + $1.shape[0] }] + inputs[0].shape.dropFirst(),
          values: inputs.flatMap(\.values))
      ]
    case "Add":
      let count = inputs[1].values.count
      return [
        Tensor(
          shape: inputs[0].shape,
          values: inputs[0].values.enumerated().map { $1 + inputs[1].values[$0 % count] })
      ]
    case "MatMul": return [multiply(inputs[0], inputs[1])]
    case "LayerNormalization":
      try #require(node.attributes["axis"]?.integer == -1)
      return [
        normalize(
          inputs[0], scale: inputs[1], shift: inputs[2],
          epsilon: Double(node.attributes["epsilon"]?.float ?? 0))
      ]
    case "RNN", "GRU", "LSTM": return try recur(node, inputs)
    default: return try #require(nil, "the operator \(node.operation)")
    }
  }

  private func transpose(_ tensor: Tensor, _ order: [Int]) -> Tensor {
    let shape = order.map { tensor.shape[$0] }
    let strides = tensor.shape.indices.map { tensor.shape[($0 + 1)...].reduce(1, *) }
    let values = (0..<tensor.values.count).map { place -> Double in
      var rest = place, source = 0
      for axis in order.indices.reversed() {
        source += rest % shape[axis] * strides[order[axis]]
        rest /= shape[axis]
      }
      return tensor.values[source]
    }
    return Tensor(shape: shape, values: values)
  }

  private func split(_ tensor: Tensor, lengths: [Int]) -> [Tensor] {
    let width = tensor.shape.dropFirst().reduce(1, *)
    var begin = 0
    return lengths.map { length in
      defer { begin += length }
      return Tensor(
        shape: [length] + tensor.shape.dropFirst(),
        values: Array(tensor.values[begin * width..<(begin + length) * width]))
    }
  }

  private func multiply(_ left: Tensor, _ right: Tensor) -> Tensor {
    let inner = right.shape[0], columns = right.shape[1], rows = left.values.count / inner
    var values = [Double](repeating: 0, count: rows * columns)
    for row in 0..<rows {
      for index in 0..<inner {
        let factor = left.values[row * inner + index]
        for column in 0..<columns {
          values[row * columns + column] += factor * right.values[index * columns + column]
        }
      }
    }
    return Tensor(shape: left.shape.dropLast() + [columns], values: values)
  }

  private func normalize(_ tensor: Tensor, scale: Tensor, shift: Tensor, epsilon: Double) -> Tensor {
    let width = scale.values.count
    var result = tensor
    for row in 0..<tensor.values.count / width {
      let range = row * width..<(row + 1) * width
      let mean = tensor.values[range].reduce(0, +) / Double(width)
      let variance = tensor.values[range].reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
      for (index, place) in range.enumerated() {
        result.values[place] =
          (tensor.values[place] - mean) / (variance + epsilon).squareRoot() * scale.values[index]
          + shift.values[index]
      }
    }
    return result
  }

  /// X T × B × I, W D × GH × I, R D × GH × H, B D × 2GH, the streams' lengths, h₀ and c₀ D × B × H.
  private func recur(_ node: ONNXFile.Node, _ inputs: [Tensor]) throws -> [Tensor] {
    let hidden = try #require(node.attributes["hidden_size"]).integer
    let directions = node.attributes["direction"]?.string == "bidirectional" ? 2 : 1
    let x = inputs[0]
    let (steps, streams, width) = (x.shape[0], x.shape[1], x.shape[2])
    let gates = inputs[1].shape[1] / hidden
    try #require(
      inputs[1].shape == [directions, gates * hidden, width]
        && inputs[2].shape == [directions, gates * hidden, hidden]
        && inputs[3].shape == [directions, 2 * gates * hidden]
        && inputs[5].shape == [directions, streams, hidden])
    var y = Tensor(
      shape: [steps, directions, streams, hidden],
      values: [Double](repeating: 0, count: steps * directions * streams * hidden))
    var finals = inputs[5...].map { $0 }
    for direction in 0..<directions {
      let cell = Cell(
        node: node, direction: direction, hidden: hidden, width: width, gates: gates, weights: inputs)
      for stream in 0..<streams {
        let place = (direction * streams + stream) * hidden..<(direction * streams + stream + 1) * hidden
        var states = inputs[5...].map { Array($0.values[place]) }
        for count in 0..<steps {
          let step = direction == 0 ? count : steps - 1 - count
          let begin = (step * streams + stream) * width
          states = cell.next(input: Array(x.values[begin..<begin + width]), states: states)
          let output = ((step * directions + direction) * streams + stream) * hidden
          y.values.replaceSubrange(output..<output + hidden, with: states[0])
        }
        for index in finals.indices { finals[index].values.replaceSubrange(place, with: states[index]) }
      }
    }
    return [y] + finals
  }

  /// One direction of a recurrent operator.
  private struct Cell {
    var node: ONNXFile.Node
    var direction: Int
    var hidden: Int
    var width: Int
    var gates: Int
    var weights: [Tensor]

    func next(input x: [Double], states: [[Double]]) -> [[Double]] {
      let h = states[0]
      switch node.operation {
      case "RNN":
        let name = node.attributes["activations"]?.strings[direction]
        return [
          (0..<hidden).map { unit in
            let sum = input(x, 0, unit) + state(h, 0, unit)
            return name == "Relu" ? max(0, sum) : tanh(sum)
          }
        ]
      case "LSTM":
        let c = (0..<hidden).map { unit -> Double in
          let i = sigmoid(input(x, 0, unit) + state(h, 0, unit))
          let f = sigmoid(input(x, 2, unit) + state(h, 2, unit))
          return f * states[1][unit] + i * tanh(input(x, 3, unit) + state(h, 3, unit))
        }
        return [(0..<hidden).map { sigmoid(input(x, 1, $0) + state(h, 1, $0)) * tanh(c[$0]) }, c]
      default:
        let r = (0..<hidden).map { sigmoid(input(x, 1, $0) + state(h, 1, $0)) }
        let reset = zip(r, h).map { $0 * $1 }
        let isLinearFirst = node.attributes["linear_before_reset"]?.integer == 1
        return [
          (0..<hidden).map { unit in
            let z = sigmoid(input(x, 0, unit) + state(h, 0, unit))
            let recurrent = isLinearFirst ? r[unit] * state(h, 2, unit) : state(reset, 2, unit)
            return (1 - z) * tanh(input(x, 2, unit) + recurrent) + z * h[unit]
          }
        ]
      }
    }

    private func sigmoid(_ value: Double) -> Double { 1 / (1 + exp(-value)) }

    private func input(_ x: [Double], _ gate: Int, _ unit: Int) -> Double {
      row(weights[1], gate, unit, x) + weights[3].values[(2 * direction * gates + gate) * hidden + unit]
    }

    private func state(_ h: [Double], _ gate: Int, _ unit: Int) -> Double {
      row(weights[2], gate, unit, h) + weights[3].values[((2 * direction + 1) * gates + gate) * hidden + unit]
    }

    private func row(_ matrix: Tensor, _ gate: Int, _ unit: Int, _ vector: [Double]) -> Double {
      let begin = ((direction * gates + gate) * hidden + unit) * vector.count
      return vector.indices.reduce(0) { $0 + matrix.values[begin + $1] * vector[$1] }
    }
  }
}
