package import Arithmetic

/// One recurrent layer in one direction or in both, over batches of up to N rows and B streams.
///
/// N rows, B streams, I inputs, H units, D directions, S blocks of state. The outputs of both directions are side by side.
package final class RecurrentLayer {
  /// N × D·H: what the layer gave. Its readers may also change it: the backward pass does not need it.
  package let output: AlignedBuffer<Float>
  /// How many numbers one direction's state of a stream has, S·H.
  package let stateWidth: Int

  let directions: [LayerDirection]
  private let hiddenSize: Int
  private let streamCapacity: Int
  private var outputWidth: Int { directions.count * hiddenSize }

  /// A layer over weights in `parameters`, in as many directions as there are offsets.
  init(
    cell: any RecurrentCell, parameters: AlignedBuffer<Float>, offsets: [LayerOffsets], inputSize: Int,
    hiddenSize: Int, dropsWeights: Bool = false, rowCapacity: Int, streamCapacity: Int
  ) {
    precondition((1...2).contains(offsets.count), "\(offsets.count) directions; a layer has one or two")
    self.hiddenSize = hiddenSize
    self.streamCapacity = streamCapacity
    directions = offsets.enumerated().map { index, offsets in
      LayerDirection(
        cell: cell, parameters: parameters, offsets: offsets, inputSize: inputSize, hiddenSize: hiddenSize,
        isReverse: index == 1, dropsWeights: dropsWeights, rowCapacity: rowCapacity,
        streamCapacity: streamCapacity)
    }
    stateWidth = cell.stateCount * hiddenSize
    output = AlignedBuffer(count: rowCapacity * offsets.count * hiddenSize)
  }

  /// Takes the weights as they are now.
  package func pack() {
    for direction in directions { direction.pack() }
  }

  /// Decides what is dropped from the recurrent weights until this, `keepWeights` or `pack` is called again.
  func dropWeights(probability: Double, from random: inout RandomStream) {
    for direction in directions { direction.dropWeights(probability: probability, from: &random) }
  }

  /// Lets no weight be dropped.
  func keepWeights() {
    for direction in directions { direction.keepWeights() }
  }

  /// input N × I → `output`.
  /// - Parameters:
  ///   - resets: N flags, other than 0 if the stream's state is zero before the step; nil if there are none.
  ///   - initial: D × S·H, the state after a reset; nil for zero.
  ///   - state: D × capacity for streams × S·H, before the streams' first steps and then after their last. In the second
  ///     direction a stream's last step comes first.
  package func forward(
    input: UnsafePointer<Float>, layout: StepLayout, resets: UnsafePointer<UInt8>?,
    initial: UnsafePointer<Float>? = nil, state: UnsafeMutablePointer<Float>, team: ThreadTeam
  ) {
    for direction in directions {
      direction.multiplyInput(input, rowCount: layout.rowCount, team: team)
    }
    team.run { thread in
      for (index, direction) in directions.enumerated() {
        let streams = layout.streams(
          ofThread: thread, of: team.threadCount, direction: index, directionCount: directions.count)
        guard !streams.isEmpty else { continue }
        direction.forward(
          streams, layout: layout, resets: resets, initial: initial.map { $0 + index * stateWidth },
          output: output.baseAddress + index * hiddenSize, outputStride: outputWidth,
          state: state + index * streamCapacity * stateWidth,
          scratch: team.scratch(threadIndex: thread))
      }
    }
  }

  /// outputGradient N × D·H → the weights' gradients, which are added to, and inputGradient N × I, unless it is nil.
  /// - Parameters:
  ///   - input: what `forward` was given.
  ///   - inputGradient: may be where `input` is.
  ///   - gradients: laid out as the parameters.
  ///   - stateGradient: laid out as the state: the gradient of the states after the last steps, and then that of those
  ///     before the first.
  ///   - propagatesState: whether it is; if not, backpropagation is truncated at both ends, and `stateGradient` is only
  ///     room to work in.
  ///   - initialGradient: laid out as the state, to which the gradient of the states after resets is added; nil where it is not
  ///     wanted.
  ///   - observe: called with the gradient of each state: the direction, the stream, how many steps the direction has
  ///     yet to read then, and S·H numbers. Threads call it at the same time, each for streams of its own.
  package func backward(
    input: UnsafePointer<Float>, outputGradient: UnsafePointer<Float>,
    inputGradient: UnsafeMutablePointer<Float>?, gradients: AlignedBuffer<Float>, layout: StepLayout,
    resets: UnsafePointer<UInt8>?, stateGradient: UnsafeMutablePointer<Float>, propagatesState: Bool,
    initialGradient: UnsafeMutablePointer<Float>? = nil, team: ThreadTeam,
    observe: ((_ direction: Int, _ stream: Int, _ lag: Int, _ gradient: UnsafePointer<Float>) -> Void)? = nil
  ) {
    team.run { thread in
      for (index, direction) in directions.enumerated() {
        let streams = layout.streams(
          ofThread: thread, of: team.threadCount, direction: index, directionCount: directions.count)
        guard !streams.isEmpty else { continue }
        let carry = stateGradient + index * streamCapacity * stateWidth
        if !propagatesState {
          (carry + streams.lowerBound * stateWidth)
            .update(repeating: 0, count: streams.count * stateWidth)
        }
        direction.backward(
          streams, layout: layout, resets: resets, outputGradient: outputGradient + index * hiddenSize,
          stride: outputWidth, carry: carry, reachesStart: propagatesState,
          initialGradient: initialGradient.map { $0 + index * streamCapacity * stateWidth },
          scratch: team.scratch(threadIndex: thread),
          observe: observe.map { observe in { observe(index, $0, $1, $2) } })
      }
    }
    for direction in directions {
      direction.addWeightGradients(input: input, rowCount: layout.rowCount, to: gradients, team: team)
    }
    guard let inputGradient else { return }
    for (index, direction) in directions.enumerated() {
      direction.multiplyGradient(
        into: inputGradient, rowCount: layout.rowCount, accumulate: index > 0, team: team)
    }
  }
}

extension StepLayout {
  /// The streams of one direction that a thread follows. All directions' streams are laid end to end and cut so that the
  /// threads get about the same number of rows, in whole tiles of the products where there are enough.
  func streams(
    ofThread index: Int, of threadCount: Int, direction: Int, directionCount: Int
  ) -> Range<Int> {
    let tile = Kernels.current.tileRows
    let unit = streamCount >= tile * threadCount ? tile : 1
    func cut(_ thread: Int) -> Int {
      let target = directionCount * rowCount * thread - direction * rowCount * threadCount
      guard target > 0 else { return 0 }
      var rows = 0
      for stream in 0..<streamCount where stream % unit == 0 {
        // The cut is where the share is reached with at most half a unit more.
        let next = lengths[stream..<min(streamCount, stream + unit)].reduce(0, +)
        guard (2 * rows + next) * threadCount <= 2 * target else { return stream }
        rows += next
      }
      return streamCount
    }
    return cut(index)..<max(cut(index), cut(index + 1))
  }
}
