/// A stack of recurrent layers in ONNX's operators `RNN`, `GRU` and `LSTM`.
///
/// T steps, B streams, H units, D directions, L layers, G gates. ONNX stacks the directions of a layer along a first axis
/// and has an order of gates of its own; else its layers compute what PyTorch's do.
extension ONNXGraph {
  /// The names of a stack's values.
  struct StackValues {
    /// T × B × (D · H), what the last layer gives.
    var output: String
    /// L · D × B × H each: the hidden state after the last step, and the cell state of an LSTM; none where none went in.
    var finalStates: [String]
  }

  /// Adds a stack.
  /// - Parameters:
  ///   - stack: what it is.
  ///   - input: T × B × I.
  ///   - lengths: B 32-bit integers, how many steps each stream has; nil if all have all.
  ///   - states: L · D × B × H each: the hidden state before the first step, and the cell state of an LSTM; none where
  ///     they are zero.
  ///   - weights: the network's tensors.
  ///   - prefix: what the names of the stack's tensors begin with, without the dot.
  /// - Throws: `ExchangeError.notExpressible`: ONNX has no operator for the cell.
  mutating func addStack(
    _ stack: StackConfiguration, input: String, lengths: String? = nil, states: [String] = [],
    weights: NamedTensors, prefix: String
  ) throws(ExchangeError) -> StackValues {
    guard let exchange = stack.cell.implementation.exchange else {
      throw .notExpressible(
        format: .onnx, feature: "the cell \(stack.cell.rawValue)",
        remedy: "train the network with one of the cells that ONNX supports, such as gru")
    }
    let layerStates = states.map {
      addSplit(
        $0, lengths: [Int](repeating: stack.directionCount, count: stack.layerCount), axis: 0)
    }
    var value = input
    var finals = states.map { _ in [String]() }
    for layer in 0..<stack.layerCount {
      let results = addLayer(
        layer, of: stack, exchange: exchange, input: value, lengths: lengths,
        states: layerStates.map { $0[layer] }, weights: weights, prefix: prefix)
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
    let finalStates = zip(states, finals).map { addJoin($1, axis: 0, output: "\($0).final") }
    return StackValues(output: value, finalStates: finalStates)
  }

  private mutating func addLayer(
    _ layer: Int, of stack: StackConfiguration, exchange: CellExchange, input: String, lengths: String?,
    states: [String], weights: NamedTensors, prefix: String
  ) -> StackValues {
    let suffixes = stack.isBidirectional ? ["l\(layer)", "l\(layer)_reverse"] : ["l\(layer)"]
    let name = "\(prefix).l\(layer)"
    let order = exchange.onnxGateOrder
    let tensors = [("W", "weight_ih"), ("R", "weight_hh")].map { letter, kind in
      addConstant(
        weights.joined(suffixes.map { "\(prefix).\(kind)_\($0)" }, blocks: order, named: "\(name).\(letter)"))
    }
    let biases = suffixes.flatMap { ["\(prefix).bias_ih_\($0)", "\(prefix).bias_hh_\($0)"] }
    var bias = weights.joined(biases, blocks: order, named: "\(name).B")
    bias.shape = [stack.directionCount, bias.elements.count / stack.directionCount]
    let inputs = [input] + tensors + [addConstant(bias), lengths ?? ""] + states
    let finalStates = states.indices.map { "\(name).\($0 == 0 ? "h" : "c")_n" }
    add(
      Node(
        operation: exchange.onnxOperator, inputs: inputs, outputs: ["\(name).steps"] + finalStates,
        attributes: stack.onnxAttributes(exchange)))
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
  /// The settings of a layer's operator.
  fileprivate func onnxAttributes(
    _ exchange: CellExchange
  ) -> [(name: String, value: ONNXGraph.Attribute)] {
    var attributes: [(name: String, value: ONNXGraph.Attribute)] = [
      ("hidden_size", .integer(hiddenSize)),
      ("direction", .string(isBidirectional ? "bidirectional" : "forward")),
    ]
    if let activation = exchange.onnxActivation {
      attributes.append(("activations", .strings(.init(repeating: activation, count: directionCount))))
    }
    if let resetsAfterProduct = exchange.onnxResetsAfterProduct {
      attributes.append(("linear_before_reset", .integer(resetsAfterProduct ? 1 : 0)))
    }
    return attributes
  }
}

extension ONNXGraph {
  /// Layer normalization of what a layer gives (Ba et al. 2016).
  private mutating func addNormalization(
    of output: String, layer: Int, weights: NamedTensors, prefix: String
  ) -> String {
    let scale = addConstant(weights["\(prefix).norm_l\(layer).weight"])
    let shift = addConstant(weights["\(prefix).norm_l\(layer).bias"])
    return add(
      "LayerNormalization", [output, scale, shift],
      attributes: [("axis", .integer(-1)), ("epsilon", .float(LayerNormalization.epsilon))],
      output: "\(prefix).l\(layer).normalized")
  }
}
