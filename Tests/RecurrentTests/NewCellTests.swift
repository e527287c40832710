internal import Arithmetic
internal import Testing

@testable import Recurrent

/// What a reader has to write for a cell of their own: the minimal gated unit (Zhou et al. 2016),
///
///     f = σ(W_if x + b_if + W_hf h + b_hf)
///     n = tanh(W_in x + b_in + W_hn (f ⊙ h) + b_hn)
///     h' = (1 − f) ⊙ h + f ⊙ n
///
/// A step keeps f, n, f ⊙ h and the gradient of f that does not come through f ⊙ h.
private struct MinimalGatedUnit: RecurrentCell {
  let gateCount = 2
  let savedCount = 4
  let stateCount = 1
  var phases: [CellPhase] {
    [CellPhase(gates: 0..<1, gradientBlock: 0), CellPhase(gates: 1..<2, operandBlock: 2, gradientBlock: 1)]
  }

  func forward(_ step: CellForwardStep, phase: Int) {
    let h = step.hiddenSize, kept = step.saved
    let gate = phase * h
    for i in gate..<gate + h {
      kept[i] += step.inputBias[i] + step.recurrent[i] + step.recurrentBias[i]
    }
    if phase == 0 {
      for i in 0..<h {
        kept[i] = 1 / (1 + exponential(-kept[i]))
        kept[2 * h + i] = kept[i] * step.previous[i]
      }
    } else {
      for i in 0..<h {
        kept[h + i] = hyperbolicTangent(kept[h + i])
        step.next[i] = step.previous[i] + kept[i] * (kept[h + i] - step.previous[i])
      }
    }
  }

  func backward(_ step: CellBackwardStep, phase: Int) {
    let h = step.hiddenSize, kept = step.saved
    for i in 0..<h {
      let f = kept[i], n = kept[h + i]
      if phase == 1 {
        let gradient = step.above[i] + step.carry[i]
        kept[3 * h + i] = gradient * (n - step.previous[i])
        kept[h + i] = gradient * f * (1 - n * n)
        step.carry[i] = gradient * (1 - f)
      } else {
        let through = step.operandGradient[i]
        kept[i] = (kept[3 * h + i] + through * step.previous[i]) * f * (1 - f)
        step.carry[i] += through * f
      }
    }
  }
}

@Suite struct NewCellTests {
  /// Direction, ragged batches and backpropagation through time come with the protocol.
  @Test("A cell of the readers own is trained") func aCellOfTheReadersOwnIsTrained() {
    let (inputs, hidden) = (3, 4), layout = StepLayout(lengths: [5, 3, 1]), team = ThreadTeam(threadCount: 2)
    let cell = MinimalGatedUnit(), rows = cell.gateCount * hidden
    let parameters = ParameterStore(
      shapes: ["", "_reverse"].flatMap {
        [
          ("rnn.weight_ih_l0" + $0, [rows, inputs]), ("rnn.weight_hh_l0" + $0, [rows, hidden]),
          ("rnn.bias_ih_l0" + $0, [rows]), ("rnn.bias_hh_l0" + $0, [rows]),
        ]
      })
    parameters.values.update(from: randomBuffer(parameters.count, 1).array)
    let layer = RecurrentLayer(
      cell: cell, parameters: parameters.values,
      offsets: (0..<2).map { LayerOffsets(parameters, prefix: "rnn", layer: 0, direction: $0) },
      inputSize: inputs, hiddenSize: hidden, rowCapacity: layout.rowCount, streamCapacity: layout.streamCount)
    let input = randomBuffer(layout.rowCount * inputs, 2), above = randomBuffer(layer.output.count, 3)
    let state = AlignedBuffer<Float>(count: 2 * layout.streamCount * hidden)
    let loss = {
      state.clear()
      layer.pack()
      layer.forward(
        input: input.baseAddress, layout: layout, resets: nil, state: state.baseAddress, team: team)
      return weightedSum(layer.output, above)
    }
    _ = loss()
    let gradients = AlignedBuffer<Float>(count: parameters.count)
    let inputGradient = AlignedBuffer<Float>(count: input.count)
    let stateGradient = AlignedBuffer<Float>(count: state.count)
    layer.backward(
      input: input.baseAddress, outputGradient: above.baseAddress, inputGradient: inputGradient.baseAddress,
      gradients: gradients, layout: layout, resets: nil, stateGradient: stateGradient.baseAddress,
      propagatesState: false, team: team)
    #expect(
      relativeDistance(
        gradients.elements,
        centralDifferences(parameters.values.baseAddress, Array(0..<parameters.count), loss))
        < 2e-3)
    #expect(
      relativeDistance(
        inputGradient.elements, centralDifferences(input.baseAddress, Array(0..<input.count), loss)) < 2e-3)
  }
}

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

private func exponential(_ x: Float) -> Float { exp(x) }
private func hyperbolicTangent(_ x: Float) -> Float { tanh(x) }
