internal import Arithmetic

/// A stack that reads one stream forward, one step at a time, on the calling thread: what sampling does. It reads the
/// weights where they are and takes no memory after it is made.
final class StreamStepper {
  /// L × S·H: the states of all layers.
  let state: AlignedBuffer<Float>
  /// G·H numbers: where the caller puts what the first layer's input weights make of the next input.
  var firstGates: UnsafeMutablePointer<Float> { kept.baseAddress }
  /// G·H, how many they are.
  let gatesWidth: Int

  private let configuration: StackConfiguration
  private let inputSize: Int
  private let cell: any RecurrentCell
  private let phases: [CellPhase]
  private let parameters: ParameterStore
  private let tensors: [LayerTensors]
  /// The weight and bias of each layer's normalisation.
  private let norms: [(weight: UnsafePointer<Float>, bias: UnsafePointer<Float>)]
  private let kept: AlignedBuffer<Float>
  private let recurrent: AlignedBuffer<Float>
  /// What the layer below gave, and what the current one gives.
  private var below: AlignedBuffer<Float>
  private var current: AlignedBuffer<Float>
  private let statistics: AlignedBuffer<Float>

  init(configuration: StackConfiguration, inputSize: Int, parameters: ParameterStore, namePrefix: String) {
    precondition(!configuration.isBidirectional, "a stream that is read step by step has no end to begin at")
    let cell = configuration.cell.implementation, h = configuration.hiddenSize
    self.configuration = configuration
    self.inputSize = inputSize
    self.cell = cell
    self.parameters = parameters
    phases = cell.phases
    gatesWidth = cell.gateCount * h
    tensors = (0..<configuration.layerCount).map {
      LayerOffsets(parameters, prefix: namePrefix, layer: $0, direction: 0).tensors(in: parameters.values)
    }
    let base = parameters.values.baseAddress
    norms =
      configuration.normalizesLayers
      ? (0..<configuration.layerCount).map {
        (
          UnsafePointer(base + parameters.offset(of: "\(namePrefix).norm_l\($0).weight")),
          UnsafePointer(base + parameters.offset(of: "\(namePrefix).norm_l\($0).bias"))
        )
      } : []
    state = AlignedBuffer(count: configuration.layerCount * cell.stateCount * h)
    kept = AlignedBuffer(count: cell.keptCount * h)
    recurrent = AlignedBuffer(count: gatesWidth)
    below = AlignedBuffer(count: max(h, inputSize))
    current = AlignedBuffer(count: max(h, inputSize))
    statistics = AlignedBuffer(count: 2)
  }

  /// W_i x of the first layer, for an x of I numbers, into G·H numbers.
  func multiplyInput(_ input: UnsafePointer<Float>, into gates: UnsafeMutablePointer<Float>) {
    Kernels.current.multiply(
      rows: gatesWidth, columns: inputSize, tensors[0].inputWeight, input, bias: nil, into: gates)
  }

  /// Goes one step on, once `firstGates` are filled.
  /// - Parameter input: the I numbers themselves, which a residual sum needs.
  /// - Returns: what the last layer gives, H numbers; valid until the next call.
  func advance(input: UnsafePointer<Float>) -> UnsafePointer<Float> {
    let h = configuration.hiddenSize, kernels = Kernels.current
    for layer in tensors.indices {
      let source = layer == 0 ? input : UnsafePointer(below.baseAddress)
      let width = layer == 0 ? inputSize : h
      if layer > 0 {
        kernels.multiply(
          rows: gatesWidth, columns: h, tensors[layer].inputWeight, source, bias: nil,
          into: kept.baseAddress)
      }
      step(layer)
      let hidden = state.baseAddress + layer * cell.stateCount * h
      let output = current.baseAddress
      if norms.isEmpty {
        output.update(from: hidden, count: h)
      } else {
        kernels.normalize(
          hidden, count: h, weight: norms[layer].weight, bias: norms[layer].bias,
          epsilon: LayerNormalization.epsilon, into: output, statistics: statistics.baseAddress)
      }
      if configuration.isResidual, width == h { kernels.add(source, to: output, count: h) }
      swap(&below, &current)
    }
    return UnsafePointer(below.baseAddress)
  }

  private func step(_ layer: Int) {
    let h = configuration.hiddenSize, tensors = tensors[layer]
    let hidden = state.baseAddress + layer * cell.stateCount * h
    for p in phases.indices {
      let gates = phases[p].gates
      let operand = phases[p].operandBlock.map { kept.baseAddress + $0 * h } ?? hidden
      Kernels.current.multiply(
        rows: gates.count * h, columns: h, tensors.recurrentWeight + gates.lowerBound * h * h, operand,
        bias: nil, into: recurrent.baseAddress + gates.lowerBound * h)
      let step = CellForwardStep(
        hiddenSize: h, kept: kept.baseAddress, recurrent: recurrent.baseAddress, inputBias: tensors.inputBias,
        recurrentBias: tensors.recurrentBias, previous: hidden, memory: hidden + h, next: hidden)
      cell.forward(step, phase: p)
    }
  }
}
