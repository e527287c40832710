internal import Arithmetic

/// The way from the encoder's final states to the decoder's initial ones; see `EncoderDecoderConfiguration.Bridge`.
///
/// Q sequences; K numbers of the encoder's top layer, S of a layer of the decoder, L layers of it.
final class StateBridge {
  private let configuration: EncoderDecoderConfiguration
  private let linear: LinearLayer?
  /// Q × K.
  private let finals: AlignedBuffer<Float>
  private let finalGradients: AlignedBuffer<Float>
  /// Q × (L · S).
  private let initials: AlignedBuffer<Float>
  private let initialGradients: AlignedBuffer<Float>

  init(configuration: EncoderDecoderConfiguration, sequenceCapacity: Int) {
    self.configuration = configuration
    guard configuration.bridge == .learned else {
      linear = nil
      (finals, finalGradients) = (AlignedBuffer(count: 0), AlignedBuffer(count: 0))
      (initials, initialGradients) = (AlignedBuffer(count: 0), AlignedBuffer(count: 0))
      return
    }
    let inputSize = configuration.encoder.outputSize
    let outputSize = configuration.decoder.layerCount * configuration.decoderStateSize
    linear = LinearLayer(inputSize: inputSize, outputSize: outputSize)
    finals = AlignedBuffer(count: sequenceCapacity * inputSize)
    finalGradients = AlignedBuffer(count: sequenceCapacity * inputSize)
    initials = AlignedBuffer(count: sequenceCapacity * outputSize)
    initialGradients = AlignedBuffer(count: sequenceCapacity * outputSize)
  }

  /// The bridge's tensors or their gradients.
  struct Tensors {
    /// (L · S) × K.
    var weight: UnsafeMutablePointer<Float>
    /// L · S.
    var bias: UnsafeMutablePointer<Float>
  }

  /// Takes new weights.
  func pack(_ tensors: Tensors?) {
    if let linear, let tensors { linear.pack(tensors.weight) }
  }

  /// Makes the initial states of `decoder` from the final ones of `encoder`. Sequence q is stream `encoderStreams[q]` of the
  /// one and `decoderStreams[q]` of the other.
  func forward(
    from encoder: RecurrentStack, _ encoderStreams: [Int], to decoder: RecurrentStack,
    _ decoderStreams: [Int],
    tensors: Tensors?, team: ThreadTeam
  ) {
    let size = configuration.decoderStateSize, layers = configuration.decoder.layerCount
    guard let linear, let tensors else {
      visitPairs(encoderStreams, decoderStreams) { layer, from, to in
        decoder.state(layer: layer, direction: 0, stream: to)
          .update(from: encoder.state(layer: layer, direction: 0, stream: from), count: size)
      }
      return
    }
    visitFinals(of: encoderStreams) { layer, direction, stream, place, count in
      (finals.baseAddress + place)
        .update(from: encoder.state(layer: layer, direction: direction, stream: stream), count: count)
    }
    linear.forward(
      input: finals.baseAddress, rows: encoderStreams.count, output: initials.baseAddress, team: team)
    let width = layers * size, kernels = Kernels.current
    for (sequence, stream) in decoderStreams.enumerated() {
      let row = initials.baseAddress + sequence * width
      kernels.add(tensors.bias, to: row, count: width)
      kernels.tanh(row, count: width)
      for layer in 0..<layers {
        decoder.state(layer: layer, direction: 0, stream: stream).update(
          from: row + layer * size, count: size)
      }
    }
  }

  /// Makes the gradients of the final states of `encoder` from those of the initial ones of `decoder`, and adds to those of
  /// the tensors.
  func backward(
    from encoder: RecurrentStack, _ encoderStreams: [Int], to decoder: RecurrentStack,
    _ decoderStreams: [Int],
    gradients: Tensors?, team: ThreadTeam
  ) {
    let size = configuration.decoderStateSize, layers = configuration.decoder.layerCount
    encoder.stateGradient.clear()
    guard let linear, let gradients else {
      visitPairs(encoderStreams, decoderStreams) { layer, from, to in
        encoder.stateGradient(layer: layer, direction: 0, stream: from)
          .update(from: decoder.stateGradient(layer: layer, direction: 0, stream: to), count: size)
      }
      return
    }
    let width = layers * size
    for (sequence, stream) in decoderStreams.enumerated() {
      let row = initialGradients.baseAddress + sequence * width
      for layer in 0..<layers {
        (row + layer * size)
          .update(from: decoder.stateGradient(layer: layer, direction: 0, stream: stream), count: size)
      }
      Kernels.current.tanhBackward(y: initials.baseAddress + sequence * width, gradient: row, count: width)
    }
    linear.backward(
      input: finals.baseAddress, outputGradient: initialGradients.baseAddress, rows: encoderStreams.count,
      inputGradient: finalGradients.baseAddress, weightGradient: gradients.weight,
      biasGradient: gradients.bias, team: team)
    visitFinals(of: encoderStreams) { layer, direction, stream, place, count in
      encoder.stateGradient(layer: layer, direction: direction, stream: stream)
        .update(from: finalGradients.baseAddress + place, count: count)
    }
  }

  /// Each layer with each sequence's streams in encoder and decoder.
  private func visitPairs(
    _ encoderStreams: [Int], _ decoderStreams: [Int], _ body: (Int, Int, Int) -> Void
  ) {
    for layer in 0..<configuration.decoder.layerCount {
      for (from, to) in zip(encoderStreams, decoderStreams) { body(layer, from, to) }
    }
  }

  /// The outputs among the final states of the top layer: for each the place that it takes in a Q × K matrix.
  private func visitFinals(of streams: [Int], _ body: (Int, Int, Int, Int, Int) -> Void) {
    let stack = configuration.encoder
    for (sequence, stream) in streams.enumerated() {
      for direction in 0..<stack.directionCount {
        let place = sequence * stack.outputSize + direction * stack.hiddenSize
        body(stack.layerCount - 1, direction, stream, place, stack.hiddenSize)
      }
    }
  }
}

extension RecurrentStack {
  /// The state of a layer in a direction of a stream.
  func state(layer: Int, direction: Int, stream: Int) -> UnsafeMutablePointer<Float> {
    state.baseAddress + stateOffset(layer: layer, direction: direction) + stream * stateWidth
  }

  /// Its gradient.
  func stateGradient(layer: Int, direction: Int, stream: Int) -> UnsafeMutablePointer<Float> {
    stateGradient.baseAddress + stateOffset(layer: layer, direction: direction) + stream * stateWidth
  }
}
