package import Arithmetic

/// Recurrent layers stacked, over batches of up to N rows and B streams of any lengths.
///
/// All memory is taken when the stack is made. N rows, B streams, I inputs, H units, D directions, L layers, S blocks of
/// state (2 for the LSTM, else 1). The weights are those of a `ParameterStore`, under PyTorch's names.
package final class RecurrentStack {
  /// The configuration of the layers.
  package let configuration: StackConfiguration
  /// How many numbers the first layer takes at each step, I.
  package let inputSize: Int
  /// How many rows a batch may have, N.
  package let rowCapacity: Int
  /// How many streams a batch may have, B.
  package let streamCapacity: Int
  /// How many numbers a layer's state of a stream has in one direction, S·H: h, and then c.
  package let stateWidth: Int
  /// L × D × B × S·H: the states, before the streams' first steps and then after their last. B is the capacity, whatever
  /// the number of streams at the time.
  package let state: AlignedBuffer<Float>
  /// The gradient of the mean loss with respect to the states after the last steps, and then before the first; laid out as
  /// the state. It is used if the backward pass propagates the state.
  package let stateGradient: AlignedBuffer<Float>
  /// L × D × S·H: the state after a reset, and that of all streams where states are cleared; nil for zero.
  package private(set) var initialState: AlignedBuffer<Float>?
  /// Laid out as the state: the gradient of the states after resets, which the backward pass adds to; nil for none.
  package private(set) var initialGradient: AlignedBuffer<Float>?

  private let parameters: ParameterStore
  let layers: [RecurrentLayer]
  private let norms: [LayerNormalization]
  /// The dropouts of the current call, from the lowest layer upward; none where nothing is dropped.
  private var dropouts: [Dropout] = []
  /// N × D·H, where there are residual sums: the gradient that goes past a layer.
  private let bypassedGradient: AlignedBuffer<Float>

  /// A stack with zero states over the parameters `prefix.weight_ih_l0`, … of a store that has them.
  package init(
    configuration: StackConfiguration, inputSize: Int, rowCapacity: Int, streamCapacity: Int,
    parameters: ParameterStore, namePrefix: String
  ) {
    precondition(
      min(rowCapacity, streamCapacity) > 0,
      "a stack for \(rowCapacity) rows and \(streamCapacity) streams: none may be 0")
    self.configuration = configuration
    self.inputSize = inputSize
    self.rowCapacity = rowCapacity
    self.streamCapacity = streamCapacity
    self.parameters = parameters
    let cell = configuration.cell.implementation, width = configuration.outputSize
    stateWidth = cell.stateCount * configuration.hiddenSize
    layers = (0..<configuration.layerCount).map { layer in
      RecurrentLayer(
        cell: cell, parameters: parameters.values,
        offsets: (0..<configuration.directionCount).map {
          LayerOffsets(parameters, prefix: namePrefix, layer: layer, direction: $0)
        },
        inputSize: configuration.inputSize(ofLayer: layer, inputSize: inputSize),
        hiddenSize: configuration.hiddenSize, dropsWeights: configuration.weightDropout > 0,
        rowCapacity: rowCapacity, streamCapacity: streamCapacity)
    }
    norms =
      configuration.normalizesLayers
      ? (0..<configuration.layerCount).map { layer in
        LayerNormalization(
          width: width, rowCapacity: rowCapacity,
          weight: parameters.offset(of: "\(namePrefix).norm_l\(layer).weight"),
          bias: parameters.offset(of: "\(namePrefix).norm_l\(layer).bias"))
      } : []
    let stateCount =
      configuration.layerCount * configuration.directionCount * streamCapacity * stateWidth
    state = AlignedBuffer(count: stateCount)
    stateGradient = AlignedBuffer(count: stateCount)
    bypassedGradient = AlignedBuffer(count: configuration.isResidual ? rowCapacity * width : 0)
    dropouts.reserveCapacity(configuration.layerCount)
    parametersDidChange()
  }

  /// About how many floats the buffers of such a stack take, those of the weights aside.
  static func floatCount(
    _ configuration: StackConfiguration, inputSize: Int, rows: Double, streams: Double
  ) -> Double {
    let cell = configuration.cell.implementation
    let width = Double(configuration.outputSize), directions = Double(configuration.directionCount)
    func layer(_ index: Int) -> Double {
      let direction = LayerDirection.floatCount(
        cell: cell, inputSize: configuration.inputSize(ofLayer: index, inputSize: inputSize),
        hiddenSize: configuration.hiddenSize, dropsWeights: configuration.weightDropout > 0, rows: rows,
        streams: streams)
      let states = 2 * streams * Double(cell.stateCount) * width
      return directions * direction + rows * width + states
        + (configuration.normalizesLayers ? rows * (width + 2) : 0)
    }
    // All layers but the first are alike.
    return layer(0) + Double(configuration.layerCount - 1) * layer(1)
      + (configuration.isResidual ? rows * width : 0)
  }

  /// Takes the weights as they are now. To be called after every change of them.
  package func parametersDidChange() {
    for layer in layers { layer.pack() }
  }

  /// Where the state of a layer in a direction begins in `state`; stream b's is S·H · b after it.
  package func stateOffset(layer: Int, direction: Int) -> Int {
    (layer * configuration.directionCount + direction) * streamCapacity * stateWidth
  }

  /// Makes all states zero, or those of `initialState`.
  package func clearState() {
    guard let initialState else { return state.clear() }
    let blocks = configuration.layerCount * configuration.directionCount
    for block in 0..<blocks {
      for stream in 0..<streamCapacity {
        (state.baseAddress + (block * streamCapacity + stream) * stateWidth)
          .update(from: initialState.baseAddress + block * stateWidth, count: stateWidth)
      }
    }
  }

  /// Lets streams begin in another state than zero, L × D × S·H numbers.
  /// - Parameters:
  ///   - values: The state.
  ///   - isLearned: Whether `initialGradient` is wanted of it.
  package func setInitialState(_ values: [Float], isLearned: Bool) {
    let count = configuration.layerCount * configuration.directionCount * stateWidth
    precondition(values.count == count, "\(values.count) numbers for \(count) of state")
    if initialState == nil { initialState = AlignedBuffer(count: count) }
    initialState?.update(from: values)
    if isLearned, initialGradient == nil { initialGradient = AlignedBuffer(count: state.count) }
  }

  /// The sum of `initialGradient` over all streams, L × D × S·H.
  package var initialStateGradient: [Float] {
    guard let initialGradient else { return [] }
    let blocks = configuration.layerCount * configuration.directionCount
    return (0..<blocks).flatMap { block in
      var sums = [Float](repeating: 0, count: stateWidth)
      for stream in 0..<streamCapacity {
        let first = (block * streamCapacity + stream) * stateWidth
        for index in 0..<stateWidth { sums[index] += initialGradient.baseAddress[first + index] }
      }
      return sums
    }
  }

  /// Decides what is dropped from a batch of this layout, until this or `omitDropout` is called again.
  package func drawDropout(for layout: StepLayout, from random: inout RandomStream) {
    dropouts.removeAll(keepingCapacity: true)
    if configuration.dropout > 0 {
      for _ in layers {
        dropouts.append(
          Dropout(
            probability: configuration.dropout, kind: configuration.dropoutKind,
            width: configuration.outputSize,
            layout: layout, random: &random))
      }
    }
    guard configuration.weightDropout > 0 else { return }
    for layer in layers { layer.dropWeights(probability: configuration.weightDropout, from: &random) }
  }

  /// Lets nothing be dropped.
  package func omitDropout() {
    dropouts.removeAll(keepingCapacity: true)
    for layer in layers { layer.keepWeights() }
  }

  /// N × D·H: what the last layer gave.
  package var output: AlignedBuffer<Float> { output(ofLayer: layers.count - 1) }

  /// N × D·H: what a layer gave. The backward pass overwrites it, except for the last layer's.
  package func output(ofLayer layer: Int) -> AlignedBuffer<Float> {
    norms.isEmpty ? layers[layer].output : norms[layer].output
  }

  /// input N × I → `output`; the states continue from `state`.
  /// - Parameter resets: N flags, other than 0 if the stream's state is zero before the step; nil if there are none.
  package func forward(
    input: UnsafePointer<Float>, layout: StepLayout, resets: UnsafePointer<UInt8>? = nil, team: ThreadTeam
  ) {
    precondition(
      layout.rowCount <= rowCapacity && layout.streamCount <= streamCapacity,
      "\(layout.rowCount) rows of \(layout.streamCount) streams in a stack for \(rowCapacity) of \(streamCapacity)"
    )
    for (index, layer) in layers.enumerated() {
      let input = self.input(ofLayer: index, input)
      layer.forward(
        input: input, layout: layout, resets: resets,
        initial: initialState.map {
          UnsafePointer($0.baseAddress + index * configuration.directionCount * stateWidth)
        },
        state: state.baseAddress + stateOffset(layer: index, direction: 0), team: team)
      if !norms.isEmpty {
        norms[index].forward(
          input: layer.output.baseAddress, rowCount: layout.rowCount, parameters: parameters.values,
          team: team)
      }
      let output = output(ofLayer: index).baseAddress
      if !dropouts.isEmpty { dropouts[index].apply(to: output, layout: layout, team: team) }
      if isResidual(layer: index) { add(input, to: output, layout: layout, team: team) }
    }
  }

  /// outputGradient N × D·H, which is used up → inputGradient N × I, unless it is nil, and the weights' gradients, which are
  /// added to.
  /// - Parameters:
  ///   - input: what `forward` was given, with the same layout, resets and dropout.
  ///   - inputGradient: may be where `input` is.
  ///   - gradients: laid out as the parameters.
  ///   - propagatesState: whether `stateGradient` holds the gradient of the last states and is to become that of the first.
  ///     If not, no gradient enters after the last step or leaves before the first: backpropagation is truncated there.
  ///   - observe: called with the gradient of each state: layer, direction, stream, how many steps the direction has
  ///     yet to read then, and S·H numbers. Threads call it at the same time, each for streams of its own.
  package func backward(
    input: UnsafePointer<Float>, outputGradient: UnsafeMutablePointer<Float>,
    inputGradient: UnsafeMutablePointer<Float>?, gradients: AlignedBuffer<Float>, layout: StepLayout,
    resets: UnsafePointer<UInt8>? = nil, propagatesState: Bool = false, team: ThreadTeam,
    observe: (
      (_ layer: Int, _ direction: Int, _ stream: Int, _ lag: Int, _ gradient: UnsafePointer<Float>) -> Void
    )? = nil
  ) {
    var gradient = outputGradient
    for index in layers.indices.reversed() {
      // The output of the layer below is read for the last time here; its gradient takes its place.
      let below = index > 0 ? output(ofLayer: index - 1).baseAddress : inputGradient
      if isResidual(layer: index) {
        bypassedGradient.baseAddress.update(
          from: gradient, count: layout.rowCount * configuration.outputSize)
      }
      if !dropouts.isEmpty { dropouts[index].apply(to: gradient, layout: layout, team: team) }
      if !norms.isEmpty {
        norms[index].backward(
          input: layers[index].output.baseAddress, gradient: gradient, rowCount: layout.rowCount,
          parameters: parameters.values, gradients: gradients, team: team)
      }
      layers[index].backward(
        input: self.input(ofLayer: index, input), outputGradient: gradient, inputGradient: below,
        gradients: gradients, layout: layout, resets: resets,
        stateGradient: stateGradient.baseAddress + stateOffset(layer: index, direction: 0),
        propagatesState: propagatesState,
        initialGradient: initialGradient.map { $0.baseAddress + stateOffset(layer: index, direction: 0) },
        team: team,
        observe: observe.map { observe in { observe(index, $0, $1, $2, $3) } })
      guard let below else { return }
      if isResidual(layer: index) { add(bypassedGradient.baseAddress, to: below, layout: layout, team: team) }
      gradient = below
    }
  }

  private func input(ofLayer layer: Int, _ input: UnsafePointer<Float>) -> UnsafePointer<Float> {
    layer == 0 ? input : UnsafePointer(output(ofLayer: layer - 1).baseAddress)
  }

  private func isResidual(layer: Int) -> Bool {
    configuration.isResidual
      && configuration.inputSize(ofLayer: layer, inputSize: inputSize) == configuration.outputSize
  }

  private func add(
    _ values: UnsafePointer<Float>, to sums: UnsafeMutablePointer<Float>, layout: StepLayout, team: ThreadTeam
  ) {
    team.run { thread in
      let part = team.share(
        of: layout.rowCount * configuration.outputSize, unit: 16, threadIndex: thread)
      Kernels.current.add(values + part.lowerBound, to: sums + part.lowerBound, count: part.count)
    }
  }
}
