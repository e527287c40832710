extension Network.Configuration {
  /// The inputs of the network as an ONNX file, in their order; see `Network.export(as:to:metadata:)`.
  public var onnxInputs: [String] {
    (input.vocabularySizes.isEmpty ? [] : ["ids"]) + (input.frameSize > 0 ? ["frames"] : [])
      + (runsStepByStep ? stack.onnxStateInputs : ["lengths"])
  }

  /// The outputs, in their order.
  public var onnxOutputs: [String] { ["values"] + (runsStepByStep ? stack.onnxStateOutputs : []) }
}

extension LanguageModelConfiguration {
  /// The inputs of the network as an ONNX file with the interface of a language model: the ids, their contexts where there
  /// are any, and the state before the first step.
  public var onnxInputs: [String] {
    ["ids"] + (contextSizes.isEmpty ? [] : ["contexts"]) + stack.onnxStateInputs
  }
  /// The outputs: the logits, and the state after the last step.
  public var onnxOutputs: [String] { ["logits"] + stack.onnxStateOutputs }
}

extension Network {
  /// What the network computes, as ONNX describes it.
  func onnxGraph(_ interface: ExportInterface) throws(ExchangeError) -> ONNXGraph {
    var builder = NetworkGraphBuilder(self, interface)
    switch interface {
    case .network: try builder.build()
    case .languageModel: try builder.buildLanguageModel()
    }
    return builder.graph
  }
}

/// Puts a network together of ONNX's operators. T steps, B streams, K vocabularies, E numbers an embedded id, F a frame, W
/// numbers a step that the stack gives.
private struct NetworkGraphBuilder {
  private(set) var graph: ONNXGraph

  private let configuration: Network.Configuration
  private let normalization: FrameNormalization?
  private let weights: NamedTensors

  init(_ network: Network, _ interface: ExportInterface) {
    graph = ONNXGraph(name: interface == .languageModel ? "language_model" : "network")
    configuration = network.configuration
    normalization = network.normalization
    weights = NamedTensors(network.parameters.tensors())
  }

  mutating func build() throws(ExchangeError) {
    let input = configuration.input, stack = configuration.stack
    let ids = input.vocabularySizes.isEmpty ? nil : addInput("ids", .signed64, input.vocabularySizes.count)
    let frames = input.frameSize > 0 ? addInput("frames", .float32, input.frameSize) : nil
    var lengths: String?
    var steps: ONNXGraph.Steps?
    if !configuration.runsStepByStep {
      let given = graph.addInput("lengths", .signed64, [.named("batch")])
      // The recurrent operators require 32 bits.
      lengths = graph.addCast(given, to: .signed32, output: "lengths.short")
      steps = (ids ?? frames).map { graph.addSteps(of: $0, lengths: given) }
    }
    let states = configuration.runsStepByStep ? graph.addStateInputs(of: stack) : []
    var parts: [String] = []
    if let ids { parts.append(addEmbeddings(ids, of: input.vocabularySizes.indices)) }
    if let frames { parts.append(addNormalized(frames, steps: steps)) }
    let values = try graph.addStack(
      stack, input: graph.addJoin(parts, axis: -1, output: "input"), lengths: lengths, states: states,
      weights: weights, prefix: Network.Configuration.stackName)
    addHead(to: values.output, steps: steps)
    graph.addStateOutputs(values.finalStates, of: stack)
  }

  /// Ids without an axis of vocabularies, none of which is missing, and the logits: `Gather`, the recurrent layers, `MatMul`
  /// and `Add`. Contexts have that axis, and may be missing.
  mutating func buildLanguageModel() throws(ExchangeError) {
    let stack = configuration.stack, contexts = configuration.input.vocabularySizes.indices.dropFirst()
    let ids = graph.addInput("ids", .signed64, [.named("time"), .named("batch")])
    let told = contexts.isEmpty ? nil : addInput("contexts", .signed64, contexts.count)
    let states = graph.addStateInputs(of: stack)
    var embedded = graph.add(
      "Gather", [graph.addConstant(weights[configuration.embeddingName(0)]), ids], output: "embedding.output")
    if let told { embedded = addEmbeddings(told, of: contexts, to: embedded) }
    let values = try graph.addStack(
      stack, input: embedded, states: states, weights: weights, prefix: Network.Configuration.stackName)
    let logits = addOutputLayer(values.output, named: "logits")
    graph.addOutput(
      logits, .float32, [.named("time"), .named("batch"), .fixed(configuration.head.outputSize)])
    graph.addStateOutputs(values.finalStates, of: stack)
  }

  private mutating func addOutputLayer(_ input: String, named name: String) -> String {
    graph.addLinear(
      input, weight: weights[configuration.outputWeightName], bias: weights["output.bias"], output: name)
  }

  private mutating func addInput(_ name: String, _ type: SafetensorsType, _ width: Int) -> String {
    graph.addInput(name, type, [.named("time"), .named("batch"), .fixed(width)])
  }

  /// The sum of the embedded ids of some vocabularies, and of what there is already, T × B × E. Each table has one more row of
  /// zeros, which the id −1 stands for: ONNX counts rows below 0 from the last.
  private mutating func addEmbeddings(
    _ ids: String, of vocabularies: Range<Int>, to start: String? = nil
  ) -> String {
    var sum = start
    for index in vocabularies {
      let size = configuration.input.vocabularySizes[index], width = configuration.input.embeddingSize
      let table = SafetensorsTensor(
        name: "embedding.\(index).rows", shape: [size + 1, width],
        values: weights.floats(configuration.embeddingName(index)) + [Float](repeating: 0, count: width))
      let id = graph.add(
        "Gather", [ids, graph.addConstant("embedding.\(index).place", index - vocabularies.lowerBound)],
        attributes: [("axis", .integer(2))], output: "embedding.\(index).ids")
      let embedded = graph.add("Gather", [graph.addConstant(table), id], output: "embedding.\(index).output")
      sum = sum.map { graph.add("Add", [$0, embedded], output: "embedding.\(index).sum") } ?? embedded
    }
    return sum ?? ids
  }

  /// (frame − mean) · factor, and 0 for what is missing, T × B × F.
  private mutating func addNormalized(_ frames: String, steps: ONNXGraph.Steps?) -> String {
    let isPresent = graph.add(
      "Not", [graph.add("IsNaN", [frames], output: "frames.missing")], output: "frames.present")
    var value = frames, isCounted = isPresent
    if configuration.input.normalization == .sequence, let steps {
      isCounted = graph.add("And", [isPresent, steps.isPresent], output: "frames.counted")
      value = addSequenceNormalization(of: frames, isCounted: isCounted)
    } else if let normalization {
      let shape = [normalization.mean.count]
      value = addNormalization(
        of: frames,
        mean: graph.addConstant(
          SafetensorsTensor(name: "normalization.mean", shape: shape, values: normalization.mean)),
        factor: graph.addConstant(
          SafetensorsTensor(
            name: "normalization.factor", shape: shape,
            values: normalization.variance.map { FrameNormalization.factor(variance: $0) })))
    }
    return graph.add("Where", [isCounted, value, graph.zero], output: "frames.output")
  }

  private mutating func addNormalization(of frames: String, mean: String, factor: String) -> String {
    graph.add(
      "Mul", [graph.add("Sub", [frames, mean], output: "frames.centered"), factor],
      output: "frames.normalized")
  }

  /// Mean and variance over the steps of each stream, as `InputLayer` measures them, in double precision.
  private mutating func addSequenceNormalization(of frames: String, isCounted: String) -> String {
    func name(_ part: String) -> String { "frames.statistics.\(part)" }
    let present = graph.add("Where", [isCounted, frames, graph.zero], output: name("present"))
    let values = graph.addCast(present, to: .float64, output: name("values"))
    let counted = graph.addCast(isCounted, to: .float64, output: name("counted"))
    let count = graph.addSumOverSteps(counted, keepsAxis: true, output: name("count"))
    let sum = graph.addSumOverSteps(values, keepsAxis: true, output: name("sum"))
    let mean = graph.add("Div", [sum, count], output: name("mean"))
    let difference = graph.add(
      "Mul", [graph.add("Sub", [values, mean], output: name("difference")), counted],
      output: name("deviation"))
    let squares = graph.addSumOverSteps(
      graph.add("Mul", [difference, difference], output: name("square")), keepsAxis: true,
      output: name("squares"))
    let variance = graph.addCast(
      graph.add("Div", [squares, count], output: name("variance")), to: .float32,
      output: name("variance.single"))
    let inverse = graph.add(
      "Reciprocal", [graph.add("Sqrt", [variance], output: name("deviation.mean"))], output: name("inverse"))
    // What never changes, and what is always missing, where the variance is no number.
    let factor = graph.add(
      "Where",
      [
        graph.add("Greater", [variance, graph.zero], output: name("varies")), inverse,
        graph.addConstant("one.single", 1 as Float),
      ], output: name("factor"))
    return addNormalization(
      of: frames, mean: graph.addCast(mean, to: .float32, output: name("mean.single")), factor: factor)
  }

  /// Pooling if there is any, the linear layer, and what `NetworkOutput` documents.
  private mutating func addHead(to stackOutput: String, steps: ONNXGraph.Steps?) {
    let head = configuration.head
    var input = stackOutput
    var axes: [ONNXGraph.Axis] = [.named("time"), .named("batch"), .fixed(head.outputSize)]
    if let pooling = head.pooling, let steps {
      input = addPooled(stackOutput, by: pooling, steps: steps)
      axes.removeFirst()
    }
    let outputs = addOutputLayer(input, named: head.kind == .squaredError ? "values" : "output.sum")
    let last: [(name: String, value: ONNXGraph.Attribute)] = [("axis", .integer(-1))]
    switch head.kind {
    case .softmax: _ = graph.add("Softmax", [outputs], attributes: last, output: "values")
    case .bernoulli: _ = graph.add("Sigmoid", [outputs], output: "values")
    case .squaredError: break
    case .gaussian:
      let parts = graph.addSplit(outputs, lengths: [head.size, head.size], axis: -1)
      let least = graph.addConstant("least_log_variance", GaussianLikelihood.leastLogVariance)
      let variances = graph.add(
        "Exp", [graph.add("Max", [parts[1], least], output: "output.log_variance")],
        output: "output.variance")
      _ = graph.addJoin([parts[0], variances], axis: -1, output: "values")
    case .ctc: _ = graph.add("LogSoftmax", [outputs], attributes: last, output: "values")
    }
    graph.addOutput("values", .float32, axes)
  }

  /// T × B × W → B × W.
  private mutating func addPooled(_ values: String, by pooling: Pooling, steps: ONNXGraph.Steps) -> String {
    let stack = configuration.stack
    switch pooling {
    case .last:
      let directions = graph.addSplit(
        values, lengths: [Int](repeating: stack.hiddenSize, count: stack.directionCount), axis: -1)
      let states = zip(directions, [steps.isLast, steps.isFirst]).map { part, isWanted in
        graph.addSumOverSteps(
          graph.add("Where", [isWanted, part, graph.zero], output: "\(part).last"), keepsAxis: false,
          output: "\(part).pooled")
      }
      return graph.addJoin(states, axis: -1, output: "pooled")
    case .mean:
      let sum = addSum(of: values, steps: steps)
      return graph.add("Div", [sum, steps.count], output: "pooled")
    case .attention:
      var query = weights[Network.Configuration.queryName]
      query.shape.append(1)
      let scores = graph.add("MatMul", [values, graph.addConstant(query)], output: "pooling.scores")
      let nothing = graph.addConstant("pooling.nothing", -Float.infinity)
      let shares = graph.add(
        "Softmax",
        [graph.add("Where", [steps.isPresent, scores, nothing], output: "pooling.present_scores")],
        attributes: [("axis", .integer(0))], output: "pooling.weights")
      return addSum(of: graph.add("Mul", [values, shares], output: "pooling.shares"), steps: steps)
    }
  }

  /// The sum over the steps that a stream has.
  private mutating func addSum(of values: String, steps: ONNXGraph.Steps) -> String {
    graph.addSumOverSteps(
      graph.add("Where", [steps.isPresent, values, graph.zero], output: "pooling.present"),
      keepsAxis: false, output: "pooling.sum")
  }
}
