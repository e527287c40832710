internal import Arithmetic
internal import Testing

@testable import Recurrent

/// A stack of the fixture `stacks`, which `Scripts/make-stack-fixtures.py` wrote.
struct StackFixture: CustomTestStringConvertible {
  let configuration: StackConfiguration
  let inputSize = 3
  let layout = StepLayout(lengths: [6, 4, 4, 1])
  var testDescription: String {
    "\(configuration.cell.rawValue)-\(configuration.layerCount)-\(configuration.directionCount)"
      + (configuration.normalizesLayers ? "-normed" : "")
  }

  static let all = Cell.allCases.flatMap { cell in
    (1...3).flatMap { layers in
      [false, true].map { isBidirectional in
        StackFixture(
          configuration: StackConfiguration(
            cell: cell, hiddenSize: 4, layerCount: layers, isBidirectional: isBidirectional))
      }
    } + [
      StackFixture(
        configuration: StackConfiguration(
          cell: cell, hiddenSize: 4, layerCount: 2, isResidual: true, normalizesLayers: true))
    ]
  }
  static let trained = all.filter {
    $0.configuration.layerCount == 2
      && ($0.configuration.isBidirectional || $0.configuration.normalizesLayers)
  }

  /// The problem that the fixture poses.
  func problem(_ file: SafetensorsFile) throws -> StackProblem {
    let problem = StackProblem(configuration, inputSize: inputSize, layout: layout, spareStreams: 0)
    for entry in problem.parameters.entries {
      for (index, value) in zip(entry.range, try floats(file, "weights/" + entry.name)) {
        problem.parameters.values[index] = value
      }
    }
    problem.input.update(from: try floats(file, "input"))
    problem.firstState.update(from: try floats(file, "state"))
    problem.outputGradient.update(from: try floats(file, "outputGradient"))
    problem.lastStateGradient.update(from: try floats(file, "lastStateGradient"))
    return problem
  }

  func floats(_ file: SafetensorsFile, _ name: String) throws -> [Float] {
    try file.floats(named: testDescription + "/" + name)
  }
}

/// Every cell, depth 1 to 3, in one and two directions, over streams of different lengths, against PyTorch in double
/// precision: the sums of some ten products that are each right to 1e-7 are right to 1e-6, gradients to 1e-5.
@Suite struct StackParityTests {
  @Test("Outputs states and gradients agree", arguments: StackFixture.all)
  func outputsStatesAndGradientsAgree(fixture: StackFixture) throws {
    let file = try Fixtures.file("stacks"), problem = try fixture.problem(file)
    problem.forward()
    let outputs = problem.stack.output.elements[0..<problem.outputGradient.count]
    #expect(relativeDistance(outputs, try fixture.floats(file, "output")) < 1e-6)
    #expect(relativeDistance(problem.stack.state.elements, try fixture.floats(file, "lastState")) < 1e-6)
    problem.backward()
    #expect(
      relativeDistance(problem.inputGradient.elements, try fixture.floats(file, "inputGradient")) < 1e-5)
    #expect(
      relativeDistance(problem.stack.stateGradient.elements, try fixture.floats(file, "stateGradient")) < 1e-5
    )
    for entry in problem.parameters.entries {
      let distance = relativeDistance(
        problem.gradients.elements[entry.range], try fixture.floats(file, "gradients/" + entry.name))
      #expect(distance < 1e-5, "\(entry.name)")
    }
  }

  /// Ten steps of AdamW on the mean squared error. Where a gradient is near 0 the first steps of Adam make much of its
  /// sign; the weights agree all the same.
  @Test("Ten steps of training agree", arguments: StackFixture.trained)
  func tenStepsOfTrainingAgree(fixture: StackFixture) throws {
    let file = try Fixtures.file("stacks"), problem = try fixture.problem(file)
    let optimizer = Optimizer(.adamw(), parameterCount: problem.parameters.count)
    let target = try fixture.floats(file, "steps/target"), losses = try fixture.floats(file, "steps/losses")
    problem.lastStateGradient.clear()
    for step in 0..<10 {
      problem.forward()
      var sum = 0.0
      for (index, value) in target.enumerated() {
        let error = problem.stack.output[index] - value
        sum += Double(error) * Double(error)
        problem.outputGradient[index] = 2 * error / Float(target.count)
      }
      #expect(
        abs(Float(sum) / Float(target.count) - losses[step]) < 1e-5 * losses[step], "loss of step \(step)")
      problem.backward()
      optimizer.update(
        problem.parameters, gradients: problem.gradients, learningRate: 1e-2, team: problem.team)
    }
    for entry in problem.parameters.entries {
      let distance = relativeDistance(
        problem.parameters.values.elements[entry.range], try fixture.floats(file, "steps/" + entry.name))
      #expect(distance < 1e-5, "\(entry.name)")
    }
  }
}
