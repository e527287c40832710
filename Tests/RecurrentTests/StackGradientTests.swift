internal import Arithmetic
internal import Testing

@testable import Recurrent

/// The stack's gradients against central differences: of the input, every tensor and the first states, where outputs and
/// last states are both weighed.
@Suite struct StackGradientTests {
  private func expectGradients(
    of problem: StackProblem, _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    problem.forward()
    problem.backward()
    let loss = {
      problem.forward()
      return problem.loss
    }
    func compare(_ gradient: some Collection<Float>, _ values: AlignedBuffer<Float>, _ name: String) {
      let range = gradient.indices
      let numeric = centralDifferences(values.baseAddress, Array(0..<range.count), loss)
      #expect(relativeDistance(gradient, numeric) < 2e-3, "\(name)", sourceLocation: sourceLocation)
    }
    let gradients = problem.gradients.array, inputGradient = problem.inputGradient.array
    let stateGradient = problem.stack.stateGradient.array
    compare(inputGradient, problem.input, "input")
    for entry in problem.parameters.entries {
      let numeric = centralDifferences(problem.parameters.values.baseAddress, Array(entry.range), loss)
      #expect(
        relativeDistance(gradients[entry.range], numeric) < 2e-3, "\(entry.name)",
        sourceLocation: sourceLocation)
    }
    // Streams that are not there have a state all the same, which goes through untouched.
    compare(stateGradient, problem.firstState, "first states")
  }

  @Test("Every cell in every direction over ragged streams", arguments: Cell.allCases, [false, true])
  func everyCellInEveryDirectionOverRaggedStreams(cell: Cell, isBidirectional: Bool) {
    let configuration = StackConfiguration(
      cell: cell, hiddenSize: 5, layerCount: 2, isBidirectional: isBidirectional)
    expectGradients(
      of: StackProblem(configuration, inputSize: 4, layout: StepLayout(lengths: [5, 3, 3, 1])))
  }

  @Test("Resets cut every cells state", arguments: Cell.allCases, [false, true])
  func resetsCutEveryCellsState(cell: Cell, isBidirectional: Bool) {
    let configuration = StackConfiguration(
      cell: cell, hiddenSize: 5, layerCount: 1, isBidirectional: isBidirectional)
    let resets: [UInt8] = [0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
    expectGradients(
      of: StackProblem(
        configuration, inputSize: 4, layout: StepLayout(streamCount: 3, stepCount: 4), resets: resets))
  }

  @Test("The connections between layers", arguments: [Cell.lstm, .gru], [DropoutKind.independent, .locked])
  func theConnectionsBetweenLayers(cell: Cell, dropoutKind: DropoutKind) {
    let configuration = StackConfiguration(
      cell: cell, hiddenSize: 3, layerCount: 2, isBidirectional: true, dropout: 0.3, dropoutKind: dropoutKind,
      isResidual: true, normalizesLayers: true)
    // As wide as the layers, so that the first has a residual sum too.
    expectGradients(
      of: StackProblem(configuration, inputSize: 6, layout: StepLayout(lengths: [4, 3, 1])))
  }

  @Test("Truncation lets no gradient through") func truncationLetsNoGradientThrough() {
    let problem = StackProblem(
      StackConfiguration(cell: .lstm, hiddenSize: 4, layerCount: 2), inputSize: 3,
      layout: StepLayout(streamCount: 2, stepCount: 3))
    problem.forward()
    problem.backward()
    let whole = problem.gradients.array
    problem.lastStateGradient.clear()
    problem.forward()
    problem.backward()
    let truncated = problem.gradients.array
    #expect(whole != truncated)
    problem.lastStateGradient.elements.update(repeating: .nan)
    problem.forward()
    problem.backward(propagatesState: false)
    #expect(problem.gradients.array == truncated)
  }
}
