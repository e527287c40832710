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
  @Test(arguments: Cell.allCases)
  func lagsAreTheGradientsOfStates(cell: Cell) throws {
    let (stack, parameters) = stack(cell, layers: 2, scale: 0.5)
    let team = ThreadTeam(threadCount: 2), streams = 2, steps = 9
    var random = RandomStream(seed: 2, name: "input")
    let input = AlignedBuffer<Float>((0..<steps * streams * 3).map { _ in Float(random.normal()) })
    let lastGradient = (0..<streams * 5).map { _ in Float(random.normal()) }
    let scratch = AlignedBuffer<Float>(count: steps * streams * 5)
    let found = try #require(
      stack.gradientLags(
        input: input.baseAddress, layout: StepLayout(streamCount: streams, stepCount: steps),
        lastGradient: lastGradient, outputGradient: scratch.baseAddress,
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

  @Test func saturatedGatesAreCounted() {
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

  @Test func lookingInsideAPassChangesNoWeight() throws {
    let pass = LanguageModelPass(
      model: LanguageModel(
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
