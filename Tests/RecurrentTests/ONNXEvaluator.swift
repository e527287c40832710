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
    if let result = try elementwise(node, inputs) { return [result] }
    if let result = try rearranged(node, inputs) { return [result] }
    switch node.operation {
    case "Split":
      return split(inputs[0], axis: try integer("axis", of: node), lengths: inputs[1].values.map { Int($0) })
    case "MatMul": return [multiply(inputs[0], inputs[1])]
    case "ReduceSum":
      try #require(inputs[1].values == [0])
      let rows = inputs[0].shape[0], width = inputs[0].values.count / rows
      let sums = (0..<width).map { place in
        (0..<rows).reduce(0) { $0 + inputs[0].values[$1 * width + place] }
      }
      let kept = try integer("keepdims", of: node) == 1 ? [1] : []
      return [Tensor(shape: kept + inputs[0].shape.dropFirst(), values: sums)]
    case "Softmax", "LogSoftmax":
      return [
        softmax(
          inputs[0], axis: try integer("axis", of: node), isLogarithm: node.operation == "LogSoftmax")
      ]
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

  func integer(_ name: String, of node: ONNXFile.Node) throws -> Int {
    try #require(node.attributes[name], "\(node.operation) without \(name)").integer
  }

  private func softmax(_ tensor: Tensor, axis: Int, isLogarithm: Bool) -> Tensor {
    let (outer, length, inner) = tensor.extents(around: axis)
    var result = tensor
    for block in 0..<outer {
      for place in 0..<inner {
        let places = (0..<length).map { (block * length + $0) * inner + place }
        let largest = places.reduce(-Double.infinity) { max($0, tensor.values[$1]) }
        let sum = places.reduce(0) { $0 + exp(tensor.values[$1] - largest) }
        for index in places {
          let value = tensor.values[index] - largest
          result.values[index] = isLogarithm ? value - log(sum) : exp(value) / sum
        }
      }
    }
    return result
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

  /// X T × B × I, W D × GH × I, R D × GH × H, B D × 2GH, the streams' lengths (all steps where they are left out), h₀ and
  /// c₀ D × B × H (zero where they are).
  private func recur(_ node: ONNXFile.Node, _ inputs: [Tensor]) throws -> [Tensor] {
    let hidden = try #require(node.attributes["hidden_size"]).integer
    let directions = node.attributes["direction"]?.string == "bidirectional" ? 2 : 1
    let x = inputs[0]
    let (steps, streams, width) = (x.shape[0], x.shape[1], x.shape[2])
    let gates = inputs[1].shape[1] / hidden
    let zeros = Tensor(
      shape: [directions, streams, hidden],
      values: [Double](repeating: 0, count: directions * streams * hidden))
    let stateCount = node.operation == "LSTM" ? 2 : 1
    let starts = inputs.count > 5 ? Array(inputs[5...]) : [Tensor](repeating: zeros, count: stateCount)
    let lengths =
      inputs[4].values.isEmpty ? [Int](repeating: steps, count: streams) : inputs[4].values.map { Int($0) }
    try #require(
      inputs[1].shape == [directions, gates * hidden, width]
        && inputs[2].shape == [directions, gates * hidden, hidden]
        && inputs[3].shape == [directions, 2 * gates * hidden]
        && starts[0].shape == zeros.shape && starts.count == stateCount && lengths.count == streams)
    var y = Tensor(
      shape: [steps, directions, streams, hidden],
      values: [Double](repeating: 0, count: steps * directions * streams * hidden))
    var finals = starts
    for direction in 0..<directions {
      let cell = Cell(
        node: node, direction: direction, hidden: hidden, width: width, gates: gates, weights: inputs)
      for stream in 0..<streams {
        let place = (direction * streams + stream) * hidden..<(direction * streams + stream + 1) * hidden
        var states = starts.map { Array($0.values[place]) }
        for count in 0..<lengths[stream] {
          let step = direction == 0 ? count : lengths[stream] - 1 - count
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
