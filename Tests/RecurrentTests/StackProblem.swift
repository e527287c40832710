internal import Arithmetic

@testable import Recurrent

/// A stack with random weights, an input, first states and the gradients of what it gives: all that one forward and one
/// backward pass need. The loss is Σ output ⊙ outputGradient + Σ last states ⊙ stateGradient.
final class StackProblem {
  let configuration: StackConfiguration
  let layout: StepLayout
  let resets: AlignedBuffer<UInt8>?
  let parameters: ParameterStore
  let stack: RecurrentStack
  let team: ThreadTeam
  let input: AlignedBuffer<Float>
  let firstState: AlignedBuffer<Float>
  let outputGradient: AlignedBuffer<Float>
  let lastStateGradient: AlignedBuffer<Float>
  let inputGradient: AlignedBuffer<Float>
  let gradients: AlignedBuffer<Float>
  /// The backward pass uses its gradient up: this is a copy.
  private let above: AlignedBuffer<Float>

  init(
    _ configuration: StackConfiguration, inputSize: Int, layout: StepLayout, resets: [UInt8]? = nil,
    spareStreams: Int = 1, threadCount: Int = 2, seed: UInt64 = 1
  ) {
    self.configuration = configuration
    self.layout = layout
    self.resets = resets.map { AlignedBuffer($0) }
    parameters = ParameterStore(
      shapes: RecurrentStack.parameterShapes(
        configuration: configuration, inputSize: inputSize, namePrefix: "rnn"))
    RecurrentStack.initialize(parameters, configuration: configuration, namePrefix: "rnn", seed: seed)
    team = ThreadTeam(threadCount: threadCount)
    for entry in parameters.entries where configuration.cell == .rnnReLU && entry.name.contains("bias_ih") {
      // Away from the rectifier's edge, which no difference may cross.
      for index in entry.range { parameters.values[index] += index.isMultiple(of: 3) ? -2 : 2 }
    }
    for entry in parameters.entries where entry.name.contains("norm") {
      for (index, value) in zip(entry.range, randomBuffer(entry.range.count, seed + 7).array) {
        parameters.values[index] += value
      }
    }
    // More room than the batch takes, for nothing may depend on it.
    stack = RecurrentStack(
      configuration: configuration, inputSize: inputSize, rowCapacity: layout.rowCount + 2,
      streamCapacity: layout.streamCount + spareStreams, parameters: parameters, namePrefix: "rnn")
    input = randomBuffer(layout.rowCount * inputSize, seed + 1)
    firstState = randomBuffer(stack.state.count, seed + 2)
    outputGradient = randomBuffer(layout.rowCount * configuration.outputSize, seed + 3)
    lastStateGradient = randomBuffer(stack.state.count, seed + 4)
    inputGradient = AlignedBuffer(count: input.count)
    gradients = AlignedBuffer(count: parameters.count)
    above = AlignedBuffer(count: outputGradient.count)
  }

  func forward() {
    if configuration.dropout > 0 {
      var random = RandomStream(seed: 4, name: "dropout")
      stack.drawDropout(for: layout, from: &random)
    }
    stack.state.update(from: firstState.elements)
    stack.parametersDidChange()
    stack.forward(
      input: input.baseAddress, layout: layout, resets: resets.map { UnsafePointer($0.baseAddress) },
      team: team)
  }

  var loss: Double {
    let output = AlignedBuffer(stack.output.elements[0..<outputGradient.count])
    return weightedSum(output, outputGradient) + weightedSum(stack.state, lastStateGradient)
  }

  func backward(propagatesState: Bool = true) {
    above.update(from: outputGradient.elements)
    gradients.clear()
    stack.stateGradient.update(from: lastStateGradient.elements)
    stack.backward(
      input: input.baseAddress, outputGradient: above.baseAddress, inputGradient: inputGradient.baseAddress,
      gradients: gradients, layout: layout, resets: resets.map { UnsafePointer($0.baseAddress) },
      propagatesState: propagatesState, team: team)
  }
}
