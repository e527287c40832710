extension LanguageModelConfiguration {
  /// The inputs of the network as an ONNX file: the ids, and the state before the first step.
  public var onnxInputs: [String] { ["ids"] + stack.cell.stateNames.map { "\($0)_0" } }
  /// The outputs: the logits, and the state after the last step.
  public var onnxOutputs: [String] { ["logits"] + stack.cell.stateNames.map { "\($0)_n" } }
}

extension Cell {
  /// What PyTorch calls the parts of the state.
  fileprivate var stateNames: [String] { self == .lstm ? ["h", "c"] : ["h"] }
}

extension LanguageModel {
  /// The network as a graph: `Gather`, the recurrent layers, `MatMul` and `Add`.
  func onnxGraph() -> ONNXGraph {
    let stack = configuration.stack
    let weights = NamedTensors(tensors())
    var graph = ONNXGraph(name: "language_model")
    let ids = graph.addInput(configuration.onnxInputs[0], .signed64, [.named("time"), .named("batch")])
    let stateAxes: [ONNXGraph.Axis] = [
      .fixed(stack.layerCount * stack.directionCount), .named("batch"), .fixed(stack.hiddenSize),
    ]
    let states = configuration.onnxInputs.dropFirst().map { graph.addInput($0, .float32, stateAxes) }
    let embedded = graph.add(
      "Gather", [graph.addConstant(weights["embedding.weight"]), ids], output: "embedding.output")
    let values = graph.addStack(stack, input: embedded, states: states, weights: weights, prefix: "rnn")
    let outputWeight = graph.add(
      "Transpose", [graph.addConstant(weights[configuration.outputWeightName])],
      attributes: [("perm", .integers([1, 0]))], output: "output.weight.transposed")
    let product = graph.add("MatMul", [values.output, outputWeight], output: "output.product")
    let logits = graph.add(
      "Add", [product, graph.addConstant(weights["output.bias"])], output: configuration.onnxOutputs[0])
    graph.addOutput(
      logits, .float32, [.named("time"), .named("batch"), .fixed(configuration.vocabularySize)])
    for (name, final) in zip(configuration.onnxOutputs.dropFirst(), values.finalStates) {
      graph.addOutput(graph.add("Identity", [final], output: name), .float32, stateAxes)
    }
    return graph
  }
}
