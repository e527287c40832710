internal import Foundation
internal import Testing

/// The operators that work on single numbers, and those that only move them. Conditions are 0 and 1.
extension ONNXEvaluator {
  /// Operators whose inputs are stretched to one shape; nil for another.
  func elementwise(_ node: ONNXFile.Node, _ inputs: [Tensor]) throws -> Tensor? {
    let body: ([Double]) -> Double
    switch node.operation {
    case "Identity", "Cast": body = { $0[0] }
    case "Add": body = { $0[0] + $0[1] }
    case "Sub": body = { $0[0] - $0[1] }
    case "Mul": body = { $0[0] * $0[1] }
    case "Div": body = { $0[0] / $0[1] }
    case "Max": body = { max($0[0], $0[1]) }
    case "Exp": body = { exp($0[0]) }
    case "Sqrt": body = { $0[0].squareRoot() }
    case "Reciprocal": body = { 1 / $0[0] }
    case "Sigmoid": body = { 1 / (1 + exp(-$0[0])) }
    case "IsNaN": body = { $0[0].isNaN ? 1 : 0 }
    case "Not": body = { 1 - $0[0] }
    case "And": body = { $0[0] * $0[1] }
    case "Less": body = { $0[0] < $0[1] ? 1 : 0 }
    case "Greater": body = { $0[0] > $0[1] ? 1 : 0 }
    case "Equal": body = { $0[0] == $0[1] ? 1 : 0 }
    case "Where": body = { $0[0] == 1 ? $0[1] : $0[2] }
    default: return nil
    }
    return try stretched(inputs, body)
  }

  /// Shapes are aligned at their last axes, and axes of length 1 repeated.
  private func stretched(_ inputs: [Tensor], _ body: ([Double]) -> Double) throws -> Tensor {
    let rank = inputs.map(\.shape.count).max() ?? 0
    let shapes = inputs.map { [Int](repeating: 1, count: rank - $0.shape.count) + $0.shape }
    let shape = (0..<rank).map { axis in shapes.map { $0[axis] }.max() ?? 1 }
    for (axis, length) in shape.enumerated() {
      try #require(shapes.allSatisfy { $0[axis] == length || $0[axis] == 1 }, "\(shapes) go not together")
    }
    let values = (0..<shape.reduce(1, *)).map { place -> Double in
      var rest = place
      var sources = [Int](repeating: 0, count: inputs.count),
        strides = [Int](repeating: 1, count: inputs.count)
      for axis in (0..<rank).reversed() {
        let index = rest % shape[axis]
        rest /= shape[axis]
        for input in inputs.indices {
          if shapes[input][axis] > 1 { sources[input] += index * strides[input] }
          strides[input] *= shapes[input][axis]
        }
      }
      return body(inputs.indices.map { inputs[$0].values[sources[$0]] })
    }
    return Tensor(shape: shape, values: values)
  }

  /// Operators that give the same numbers in another order or shape; nil for another.
  func rearranged(_ node: ONNXFile.Node, _ inputs: [Tensor]) throws -> Tensor? {
    switch node.operation {
    case "Gather": return gather(inputs[0], inputs[1], axis: node.attributes["axis"]?.integer ?? 0)
    case "Transpose": return transpose(inputs[0], try #require(node.attributes["perm"]).integers)
    case "Squeeze":
      var shape = inputs[0].shape
      try #require(shape.remove(at: Int(inputs[1].values[0])) == 1)
      return Tensor(shape: shape, values: inputs[0].values)
    case "Unsqueeze":
      var shape = inputs[0].shape
      shape.insert(1, at: Int(inputs[1].values[0]))
      return Tensor(shape: shape, values: inputs[0].values)
    case "Reshape":
      let shape = zip(inputs[1].values, inputs[0].shape).map { $0 == 0 ? $1 : Int($0) }
      try #require(shape.reduce(1, *) == inputs[0].values.count)
      return Tensor(shape: shape, values: inputs[0].values)
    case "Shape": return Tensor(shape: [inputs[0].shape.count], values: inputs[0].shape.map(Double.init))
    case "Range":
      let values = Array(stride(from: inputs[0].values[0], to: inputs[1].values[0], by: inputs[2].values[0]))
      return Tensor(shape: [values.count], values: values)
    case "Concat": return concatenate(inputs, axis: try integer("axis", of: node))
    default: return nil
    }
  }

  private func gather(_ tensor: Tensor, _ indices: Tensor, axis: Int) -> Tensor {
    let (outer, length, inner) = tensor.extents(around: axis)
    let values = (0..<outer).flatMap { block in
      indices.values.flatMap { index -> ArraySlice<Double> in
        let row = block * length + (Int(index) + length) % length
        return tensor.values[row * inner..<(row + 1) * inner]
      }
    }
    return Tensor(
      shape: tensor.shape[..<axis] + indices.shape + tensor.shape[(axis + 1)...], values: values)
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

  /// The parts of these lengths along an axis.
  func split(_ tensor: Tensor, axis: Int, lengths: [Int]) -> [Tensor] {
    let (outer, length, inner) = tensor.extents(around: axis)
    var begin = 0
    return lengths.map { part in
      defer { begin += part }
      var shape = tensor.shape
      shape[tensor.index(ofAxis: axis)] = part
      var values: [Double] = []
      for block in 0..<outer {
        let first = (block * length + begin) * inner
        values += tensor.values[first..<first + part * inner]
      }
      return Tensor(shape: shape, values: values)
    }
  }

  private func concatenate(_ parts: [Tensor], axis: Int) -> Tensor {
    let outer = parts[0].extents(around: axis).outer
    var shape = parts[0].shape
    shape[parts[0].index(ofAxis: axis)] = parts.reduce(0) { $0 + $1.extents(around: axis).length }
    var values: [Double] = []
    for block in 0..<outer {
      for part in parts {
        let width = part.values.count / outer
        values += part.values[block * width..<(block + 1) * width]
      }
    }
    return Tensor(shape: shape, values: values)
  }
}

extension ONNXFile.Tensor {
  /// An axis that may be counted from the last, −1.
  func index(ofAxis axis: Int) -> Int { axis < 0 ? shape.count + axis : axis }

  /// How many numbers are before an axis, on it and after it.
  func extents(around axis: Int) -> (outer: Int, length: Int, inner: Int) {
    let axis = index(ofAxis: axis)
    return (shape[..<axis].reduce(1, *), shape[axis], shape[(axis + 1)...].reduce(1, *))
  }
}
