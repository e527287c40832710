extension LanguageModelConfiguration {
  /// The inputs of the network as an ONNX file: the ids, and the state before the first step.
  public var onnxInputs: [String] { ["ids"] + stack.onnxStateInputs }
  /// The outputs: the logits, and the state after the last step.
  public var onnxOutputs: [String] { ["logits"] + stack.onnxStateOutputs }
}

extension LanguageModel {
  /// The network as a graph: `Gather`, the recurrent layers, `MatMul` and `Add`.
  func onnxGraph() throws(ExchangeError) -> ONNXGraph {
    let weights = NamedTensors(tensors())
    var graph = ONNXGraph(name: "language_model")
    let ids = graph.addInput("ids", .signed64, [.named("time"), .named("batch")])
    let states = graph.addStateInputs(of: stack)
    let embedded = graph.add(
      "Gather", [graph.addConstant(weights["embedding.weight"]), ids], output: "embedding.output")
    let values = try graph.addStack(
      stack, input: embedded, states: states, weights: weights, prefix: "rnn")
    let logits = graph.addLinear(
      values.output, weight: weights[configuration.outputWeightName], bias: weights["output.bias"],
      output: "logits")
    graph.addOutput(
      logits, .float32, [.named("time"), .named("batch"), .fixed(configuration.vocabularySize)])
    graph.addStateOutputs(values.finalStates, of: stack)
    return graph
  }
}
