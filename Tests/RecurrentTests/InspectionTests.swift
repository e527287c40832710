internal import Arithmetic
internal import Testing

@testable import Recurrent

@Suite struct InspectionTests {
  /// A stack of a cell with random weights, times `scale`.
  func stack(
    _ cell: Cell, layers: Int, scale: Float, isBidirectional: Bool = false
  ) -> (
    stack: RecurrentStack, parameters: ParameterStore
  ) {
    var configuration = StackConfiguration(cell: cell, hiddenSize: 5, layerCount: layers)
    configuration.isBidirectional = isBidirectional
    let parameters = ParameterStore(
      shapes: RecurrentStack.parameterShapes(
        configuration: configuration, inputSize: 3, namePrefix: "rnn"))
    var random = RandomStream(seed: 1, name: "weights")
    for index in 0..<parameters.count { parameters.values[index] = scale * Float(random.normal()) }
    let stack = RecurrentStack(
      configuration: configuration, inputSize: 3, rowCapacity: 2 * 9, streamCapacity: 2,
      parameters: parameters, namePrefix: "rnn")
    return (stack, parameters)
  }

  /// The gradient of the sum of the last outputs with respect to a number of a state some steps before, by differences.
  @Test("Lags are the gradients of states", arguments: Cell.allCases)
  func lagsAreTheGradientsOfStates(cell: Cell) throws {
    let (stack, parameters) = stack(cell, layers: 2, scale: 0.5)
    let team = ThreadTeam(threadCount: 2), streams = 2, steps = 9
    var random = RandomStream(seed: 2, name: "input")
    let input = AlignedBuffer<Float>((0..<steps * streams * 3).map { _ in Float(random.normal()) })
    let gradient = AlignedBuffer<Float>((0..<steps * streams * 5).map { _ in Float(random.normal()) })
    // What does not are at the last step is not followed.
    let lastGradient = Array(gradient.elements.suffix(streams * 5))
    let layout = StepLayout(streamCount: streams, stepCount: steps)
    stack.forward(input: input.baseAddress, layout: layout, team: team)
    let found = try #require(
      stack.gradientLags(
        input: input.baseAddress, layout: layout, outputGradient: gradient.baseAddress,
        gradients: AlignedBuffer(count: parameters.count), team: team))
    #expect(found.lags == [1, 2, 4, 8])
    for (index, lag) in found.lags.enumerated() {
      stack.clearState()
      stack.forward(
        input: input.baseAddress, layout: StepLayout(streamCount: streams, stepCount: steps - lag), team: team
      )
      let start = stack.state.array
      let rest = StepLayout(streamCount: streams, stepCount: lag)
      func value(_ state: [Float]) -> Double {
        stack.state.update(from: state)
        stack.forward(
          input: input.baseAddress + (steps - lag) * streams * 3, layout: rest, team: team)
        let last = stack.output.baseAddress + (lag - 1) * streams * 5
        return lastGradient.indices.reduce(0) { $0 + Double(lastGradient[$1]) * Double(last[$1]) }
      }
      for layer in 0..<2 {
        var squares = 0.0
        let first = stack.stateOffset(layer: layer, direction: 0)
        for place in first..<first + streams * stack.stateWidth {
          var (above, below) = (start, start)
          above[place] += 5e-3
          below[place] -= 5e-3
          let slope = (value(above) - value(below)) / Double(above[place] - below[place])
          squares += slope * slope
        }
        let norm = Double(found.norms[layer][index])
        #expect(
          abs(norm - squares.squareRoot()) < 5e-3 * norm + 1e-5, "\(cell), layer \(layer), lag \(lag)")
      }
    }
  }

  /// The gradient of a state that is handed on to a step is that of numbers of the input by which the step could be given as
  /// much: numbers whose weights W_i are W_h. In two layers, of which the lower has such numbers for each direction, this
  /// holds for ragged streams that are read both ways.
  @Test("Lags of both directions are those of inputs that do as much")
  func lagsOfBothDirectionsAreThoseOfInputsThatDoAsMuch() throws {
    let h = 4, width = 3 + 2 * h, layout = StepLayout(lengths: [7, 4, 4, 1]), rows = layout.rowCount
    let team = ThreadTeam(threadCount: 2)
    let configuration = StackConfiguration(
      cell: .rnnTanh, hiddenSize: h, layerCount: 2, isBidirectional: true)
    let parameters = ParameterStore(
      shapes: RecurrentStack.parameterShapes(
        configuration: configuration, inputSize: width, namePrefix: "rnn"))
    var random = RandomStream(seed: 3, name: "weights")
    for index in 0..<parameters.count { parameters.values[index] = 0.6 * Float(random.normal()) }
    for (direction, suffix) in ["_l0", "_l0_reverse"].enumerated() {
      let input = parameters.offset(of: "rnn.weight_ih" + suffix)
      let recurrent = parameters.offset(of: "rnn.weight_hh" + suffix)
      for row in 0..<h {
        for column in 0..<2 * h {
          let isOwn = column / h == direction
          parameters.values[input + row * width + 3 + column] =
            isOwn ? parameters.values[recurrent + row * h + column % h] : 0
        }
      }
    }
    let stack = RecurrentStack(
      configuration: configuration, inputSize: width, rowCapacity: rows, streamCapacity: 4,
      parameters: parameters, namePrefix: "rnn")
    let input = AlignedBuffer<Float>(
      (0..<rows * width).map { $0 % width < 3 ? Float(random.normal()) : 0 })
    let gradient = AlignedBuffer<Float>((0..<rows * 2 * h).map { _ in Float(random.normal()) })
    stack.forward(input: input.baseAddress, layout: layout, team: team)
    let gradients = AlignedBuffer<Float>(count: parameters.count)
    let found = try #require(
      stack.gradientLags(
        input: input.baseAddress, layout: layout, outputGradient: gradient.baseAddress, gradients: gradients,
        team: team))
    #expect(found.lags == [1, 2, 4])

    // What the lags have left of the gradient is what entered; it is followed to the input now.
    stack.clearState()
    stack.forward(input: input.baseAddress, layout: layout, team: team)
    let inputGradient = AlignedBuffer<Float>(count: rows * width)
    stack.backward(
      input: input.baseAddress, outputGradient: gradient.baseAddress,
      inputGradient: inputGradient.baseAddress, gradients: gradients, layout: layout, team: team)
    for (index, lag) in found.lags.enumerated() {
      var squares = 0.0
      for (stream, length) in layout.lengths.enumerated() where length >= lag {
        for (direction, step) in [length - lag, lag - 1].enumerated() {
          let first = layout.row(step: step, stream: stream) * width + 3 + direction * h
          for place in first..<first + h {
            squares += Double(inputGradient[place]) * Double(inputGradient[place])
          }
        }
      }
      #expect(squares > 0)
      #expect(abs(Double(found.norms[0][index]) - squares.squareRoot()) < 1e-5 * squares.squareRoot())
    }
  }

  /// A language model and a network of the same weights see the same.
  @Test("A network sees what a language model sees") func aNetworkSeesWhatALanguageModelSees() throws {
    let (streams, steps, team) = (3, 10, ThreadTeam(threadCount: 1))
    let model = Network(
      configuration: LanguageModelConfiguration(
        cell: .lstm, vocabularySize: 11, embeddingSize: 4, hiddenSize: 6, layerCount: 2), seed: 1)
    let network = Network(
      configuration: .init(
        input: .ids(11, embeddingSize: 4), stack: model.configuration.stack, head: .softmax(classCount: 11)),
      seed: 2)
    network.parameters.values.update(from: model.parameters.values.array)
    var batch = TokenBatch(batchSize: streams, truncationLength: steps)
    for index in batch.targets.indices {
      batch.inputs[index] = Int32(index * 7 % 11)
      batch.targets[index] = Int32(index % 11)
      batch.resets[index] = index % 8 == 0
    }
    let window = SequenceBatch(
      layout: StepLayout(streamCount: streams, stepCount: steps), ids: batch.inputs,
      targets: .labels(batch.targets), resets: batch.resets)
    let seen = try #require(
      LanguageModelPass(network: model, batchSize: streams, truncationLength: steps, team: team).inspect(
        batch))
    for carriesState in [false, true] {
      let pass = NetworkPass(
        network: network, rowCapacity: streams * steps, streamCapacity: streams, carriesState: carriesState,
        team: team)
      _ = pass.evaluate(window)
      let inside = try #require(pass.inspect(window))
      #expect(inside.gates == seen.gates)
      let (ours, theirs) = (try #require(inside.lags), try #require(seen.lags))
      #expect(ours.lags == theirs.lags)
      for (a, b) in zip(ours.norms, theirs.norms) { #expect(relativeDistance(a, b) < 1e-6) }
    }
  }

  @Test(
    "A network of any head is looked into",
    arguments: [
      Head.softmax(classCount: 4, pooling: .last), .softmax(classCount: 4, pooling: .attention),
      .bernoulli(size: 2), .ctc(classCount: 4),
    ])
  func aNetworkOfAnyHeadIsLookedInto(head: Head) throws {
    let network = Network(
      configuration: .init(
        input: .init(vocabularySizes: [5], embeddingSize: 3, frameSize: 2, dropout: 0.2),
        stack: StackConfiguration(
          hiddenSize: 4, layerCount: 2, isBidirectional: true, dropout: 0.3, isResidual: true,
          normalizesLayers: true),
        head: head),
      seed: 1)
    let pass = NetworkPass(
      network: network, rowCapacity: 40, streamCapacity: 4, team: ThreadTeam(threadCount: 2))
    let weights = network.parameters.values.array
    let sequences = randomSequences([9, 4, 16, 2], network.configuration, seed: 1)
    let batch = SequenceBatch(sequences, head: head)
    let inside = try #require(pass.inspect(batch))
    #expect(
      inside.gates.map { "\($0.layer) \($0.gate)" } == [
        "0 reset", "0 update", "0 reverse reset", "0 reverse update", "1 reset", "1 update",
        "1 reverse reset", "1 reverse update",
      ])
    let lags = try #require(inside.lags)
    #expect(lags.lags == [1, 2, 4, 8, 16])
    #expect(lags.norms.count == 2 && lags.norms.allSatisfy { $0.allSatisfy { $0 > 0 && $0.isFinite } })
    #expect(network.parameters.values.array == weights)
    #expect(pass.inspect(batch) == inside)
    var unlabeled = batch
    unlabeled.targets = .none
    #expect(pass.inspect(unlabeled) == PassInspection(lags: nil, gates: inside.gates))
  }

  @Test("Both stacks of an encoder decoder show their gates")
  func bothStacksOfAnEncoderDecoderShowTheirGates() throws {
    let model = EncoderDecoder(configuration: EncoderDecoderTests.configurations[1], seed: 1)
    let pass = EncoderDecoderPass(
      model: model, capacity: .init(pairs: 5, sourceLength: 6, targetLength: 5),
      team: ThreadTeam(threadCount: 1))
    let inside = try #require(pass.inspect(EncoderDecoderTests.batch))
    #expect(
      inside.gates.map { "\($0.layer) \($0.gate)" } == [
        "0 encoder input", "0 encoder forget", "0 encoder output", "0 encoder reverse input",
        "0 encoder reverse forget", "0 encoder reverse output", "0 decoder reset", "0 decoder update",
        "1 decoder reset", "1 decoder update",
      ])
    #expect(inside.lags == nil && inside.gates.allSatisfy { $0.shut == 0 && $0.open == 0 })
  }

  @Test("Saturated gates are counted") func saturatedGatesAreCounted() {
    let team = ThreadTeam(threadCount: 1)
    let names: [Cell: [String]] = [
      .gru: ["reset", "update"], .gruResetBefore: ["reset", "update"], .lstm: ["input", "forget", "output"],
      .rnnTanh: [], .rnnReLU: [],
    ]
    let input = AlignedBuffer<Float>([Float](repeating: 1, count: 9 * 2 * 3))
    for cell in Cell.allCases {
      for (scale, isSaturated) in [(Float(1e-3), false), (1e3, true)] {
        let (stack, _) = stack(cell, layers: 1, scale: scale, isBidirectional: true)
        stack.forward(
          input: input.baseAddress, layout: StepLayout(streamCount: 2, stepCount: 9), team: team)
        let gates = stack.gateSaturations(rowCount: 18)
        let expected = names[cell] ?? []
        #expect(gates.map(\.gate) == expected + expected.map { "reverse " + $0 })
        #expect(gates.allSatisfy { ($0.shut + $0.open > 0.9) == isSaturated }, "\(cell) \(scale)")
      }
    }
  }

  @Test("Looking inside a pass changes no weight") func lookingInsideAPassChangesNoWeight() throws {
    let pass = LanguageModelPass(
      network: Network(
        configuration: LanguageModelConfiguration(
          vocabularySize: 11, embeddingSize: 4, hiddenSize: 6, layerCount: 2, dropout: 0.5), seed: 1),
      batchSize: 3, truncationLength: 10, team: ThreadTeam(threadCount: 1))
    var batch = TokenBatch(batchSize: 3, truncationLength: 10)
    for index in batch.targets.indices { batch.targets[index] = Int32(index % 11) }
    let weights = pass.parameters.values.array
    let inside = try #require(pass.inspect(batch))
    #expect(pass.parameters.values.array == weights)
    #expect(inside.gates.map(\.layer) == [0, 0, 1, 1])
    let lags = try #require(inside.lags)
    #expect(lags.lags == [1, 2, 4, 8] && lags.norms.count == 2)
    #expect(lags.norms.allSatisfy { $0.allSatisfy { $0 > 0 } })
    // Small random weights: gradients vanish.
    #expect(lags.norms.allSatisfy { $0[3] < 0.2 * $0[0] })
    #expect(pass.inspect(batch) == inside)
  }
}
