/// A stack of recurrent layers in ONNX's operators `RNN`, `GRU` and `LSTM`.
///
/// T steps, B streams, H units, D directions, L layers, G gates. ONNX stacks the directions of a layer along a first axis
/// and has an order of gates of its own; else its layers compute what PyTorch's do.
extension ONNXGraph {
  /// The names of a stack's values.
  struct StackValues {
    /// T × B × (D · H), what the last layer gives.
    var output: String
    /// L · D × B × H each: the hidden state after the last step, and the cell state of an LSTM.
    var finalStates: [String]
  }

  /// Adds a stack.
  /// - Parameters:
  ///   - stack: what it is.
  ///   - input: T × B × I.
  ///   - states: L · D × B × H each: the hidden state before the first step, and the cell state of an LSTM.
  ///   - weights: the network's tensors.
  ///   - prefix: what the names of the stack's tensors begin with, without the dot.
  mutating func addStack(
    _ stack: StackConfiguration, input: String, states: [String], weights: NamedTensors, prefix: String
  ) -> StackValues {
    let layerStates = states.map { split($0, into: stack.layerCount, of: stack.directionCount) }
    var value = input
    var finals = states.map { _ in [String]() }
    for layer in 0..<stack.layerCount {
      let results = addLayer(
        layer, of: stack, input: value, states: layerStates.map { $0[layer] }, weights: weights,
        prefix: prefix)
      for (index, final) in results.finalStates.enumerated() { finals[index].append(final) }
      var output = results.output
      if stack.normalizesLayers {
        output = addNormalization(of: output, layer: layer, weights: weights, prefix: prefix)
      }
      if stack.isResidual, weights.inputSize(ofLayer: layer, prefix: prefix) == stack.outputSize {
        output = add("Add", [output, value], output: "\(prefix).sum_l\(layer)")
      }
      value = output
    }
    let finalStates = zip(states, finals).map { state, parts in
      parts.count == 1
        ? parts[0]
        : add("Concat", parts, attributes: [("axis", .integer(0))], output: "\(state).final")
    }
    return StackValues(output: value, finalStates: finalStates)
  }

  /// The parts of a state that belong to each layer.
  private mutating func split(_ state: String, into count: Int, of directions: Int) -> [String] {
    guard count > 1 else { return [state] }
    let lengths = addConstant(
      SafetensorsTensor(
        name: "layer_lengths", shape: [count],
        integers: [Int64](repeating: Int64(directions), count: count)))
    let parts = (0..<count).map { "\(state).l\($0)" }
    add(
      Node(
        operation: "Split", inputs: [state, lengths], outputs: parts, attributes: [("axis", .integer(0))]))
    return parts
  }

  private mutating func addLayer(
    _ layer: Int, of stack: StackConfiguration, input: String, states: [String], weights: NamedTensors,
    prefix: String
  ) -> StackValues {
    let suffixes = stack.isBidirectional ? ["l\(layer)", "l\(layer)_reverse"] : ["l\(layer)"]
    let name = "\(prefix).l\(layer)"
    let order = stack.cell.onnxGateOrder
    let tensors = [("W", "weight_ih"), ("R", "weight_hh")].map { letter, kind in
      addConstant(
        weights.joined(suffixes.map { "\(prefix).\(kind)_\($0)" }, blocks: order, named: "\(name).\(letter)"))
    }
    let biases = suffixes.flatMap { ["\(prefix).bias_ih_\($0)", "\(prefix).bias_hh_\($0)"] }
    var bias = weights.joined(biases, blocks: order, named: "\(name).B")
    bias.shape = [stack.directionCount, bias.elements.count / stack.directionCount]
    // Behind the bias there may be the streams' lengths, which are left out.
    let inputs = [input] + tensors + [addConstant(bias), ""] + states
    let finalStates = states.indices.map { "\(name).\($0 == 0 ? "h" : "c")_n" }
    add(
      Node(
        operation: stack.cell.onnxOperation, inputs: inputs, outputs: ["\(name).steps"] + finalStates,
        attributes: stack.onnxAttributes))
    return StackValues(output: flatten("\(name).steps", of: stack, layer: name), finalStates: finalStates)
  }

  /// T × D × B × H as T × B × (D · H).
  private mutating func flatten(_ steps: String, of stack: StackConfiguration, layer: String) -> String {
    guard stack.isBidirectional else {
      let axis = addConstant(SafetensorsTensor(name: "direction_axis", shape: [1], integers: [1]))
      return add("Squeeze", [steps, axis], output: "\(layer).output")
    }
    let transposed = add(
      "Transpose", [steps], attributes: [("perm", .integers([0, 2, 1, 3]))], output: "\(layer).transposed")
    // A length of 0 is that of the input's axis.
    let shape = addConstant(
      SafetensorsTensor(name: "joined_directions", shape: [3], integers: [0, 0, Int64(stack.outputSize)]))
    return add("Reshape", [transposed, shape], output: "\(layer).output")
  }
}

extension StackConfiguration {
  fileprivate var onnxAttributes: [(name: String, value: ONNXGraph.Attribute)] {
    var attributes: [(name: String, value: ONNXGraph.Attribute)] = [
      ("hidden_size", .integer(hiddenSize)),
      ("direction", .string(isBidirectional ? "bidirectional" : "forward")),
    ]
    switch cell {
    case .rnnTanh:
      attributes.append(("activations", .strings(.init(repeating: "Tanh", count: directionCount))))
    case .rnnReLU:
      attributes.append(("activations", .strings(.init(repeating: "Relu", count: directionCount))))
    case .gru: attributes.append(("linear_before_reset", .integer(1)))
    case .gruResetBefore: attributes.append(("linear_before_reset", .integer(0)))
    case .lstm: break
    }
    return attributes
  }
}

extension Cell {
  fileprivate var onnxOperation: String {
    switch self {
    case .rnnTanh, .rnnReLU: "RNN"
    case .lstm: "LSTM"
    case .gru, .gruResetBefore: "GRU"
    }
  }

  /// For each of ONNX's gates in turn the place of the same in our order, which is PyTorch's: an LSTM's i, o, f, c among
  /// i, f, g, o; a GRU's z, r, h among r, z, n.
  var onnxGateOrder: [Int] {
    switch self {
    case .rnnTanh, .rnnReLU: [0]
    case .lstm: [0, 3, 1, 2]
    case .gru, .gruResetBefore: [1, 0, 2]
    }
  }
}

extension ONNXGraph {
  /// Layer normalisation of what a layer gives (Ba et al. 2016).
  private mutating func addNormalization(
    of output: String, layer: Int, weights: NamedTensors, prefix: String
  ) -> String {
    let scale = addConstant(weights["\(prefix).norm_l\(layer).weight"])
    let shift = addConstant(weights["\(prefix).norm_l\(layer).bias"])
    return add(
      "LayerNormalization", [output, scale, shift],
      attributes: [("axis", .integer(-1)), ("epsilon", .float(1e-5))],
      output: "\(prefix).l\(layer).normalized")
  }
}
