internal import Arithmetic

/// Runs a head: pooling where there is any, the linear layer, and the loss or the prediction. N rows of W numbers come from
/// the stack; R rows of O outputs are made of them, one for each row or, where the head pools, for each stream.
final class HeadLayer {
  private let head: Head
  private let width: Int
  private let parameters: ParameterStore
  private let linear: LinearLayer
  private let pooling: SequencePooling?
  private let loss: Loss
  private let weight: Int
  private let bias: Int
  private let query: Int

  /// R × O: outputs, then their gradients.
  private let outputs: AlignedBuffer<Float>
  private let losses: AlignedBuffer<Float>
  /// Labels: R, or for CTC at least as many as there are.
  private var labels: AlignedBuffer<Int32>
  /// B + 1: where each stream's labels begin; for CTC.
  private let labelOffsets: AlignedBuffer<Int>
  /// R × F.
  private let frames: AlignedBuffer<Float>
  /// B × W: the pooled sequences, and their gradients.
  private let pooled: AlignedBuffer<Float>
  private let pooledGradient: AlignedBuffer<Float>

  private enum Loss {
    case labels(SoftmaxCrossEntropy)
    case frames(any FrameLoss)
    case labelSequences(CTCLoss)
  }

  init(network: Network, rowCapacity: Int, streamCapacity: Int, threadCount: Int) {
    let head = network.configuration.head, stack = network.configuration.stack
    self.head = head
    width = stack.outputSize
    parameters = network.parameters
    linear = LinearLayer(inputSize: width, outputSize: head.outputSize)
    pooling = head.pooling.map {
      SequencePooling(
        kind: $0, hiddenSize: stack.hiddenSize, directionCount: stack.directionCount, rowCapacity: rowCapacity
      )
    }
    loss =
      switch head.kind {
      case .softmax:
        .labels(
          SoftmaxCrossEntropy(
            classCount: head.size, labelSmoothing: head.labelSmoothing, classWeights: head.classWeights))
      case .bernoulli: .frames(BernoulliLikelihood(frameSize: head.size))
      case .squaredError: .frames(SquaredError(frameSize: head.size))
      case .gaussian: .frames(GaussianLikelihood(frameSize: head.size))
      case .ctc: .labelSequences(CTCLoss(classCount: head.size, threadCount: threadCount))
      }
    weight = parameters.offset(of: "output.weight")
    bias = parameters.offset(of: "output.bias")
    query = head.pooling == .attention ? parameters.offset(of: Network.Configuration.queryName) : 0
    let rows = head.pooling == nil ? rowCapacity : streamCapacity
    let isOfLabels = head.kind == .softmax || head.kind == .ctc
    outputs = AlignedBuffer(count: rows * head.outputSize)
    losses = AlignedBuffer(count: rows)
    labels = AlignedBuffer(count: isOfLabels ? rows : 0)
    labelOffsets = AlignedBuffer(count: head.kind == .ctc ? streamCapacity + 1 : 0)
    frames = AlignedBuffer(count: isOfLabels ? 0 : rows * head.size)
    pooled = AlignedBuffer(count: head.pooling == nil ? 0 : streamCapacity * width)
    pooledGradient = AlignedBuffer(count: pooled.count)
    parametersDidChange()
  }

  func parametersDidChange() { linear.pack(parameters.values.baseAddress + weight) }

  /// How many output rows a batch has.
  private func rowCount(_ layout: StepLayout) -> Int {
    head.pooling == nil ? layout.rowCount : layout.streamCount
  }

  /// Copies the targets in and checks them.
  /// - Returns: how many count and what they weigh, with a sum of 0.
  func take(_ targets: SequenceBatch.Targets, layout: StepLayout) -> LossSum {
    let rows = rowCount(layout)
    switch (loss, targets) {
    case (.labels(let loss), .labels(let given)):
      precondition(given.count == rows, "\(given.count) labels for \(rows) rows")
      for (row, label) in given.enumerated() {
        precondition(
          label >= -1 && Int(label) < head.size, "label \(label) is none of \(head.size) classes")
        labels.baseAddress[row] = label
      }
      return loss.counted(labels.baseAddress, rows: rows)
    case (.frames(let loss), .frames(let given)):
      precondition(
        given.count == rows * head.size, "\(given.count) numbers for \(rows) frames of \(head.size)")
      _ = frames.elements.update(fromContentsOf: given)
      return loss.counted(frames.baseAddress, rows: rows)
    case (.labelSequences(let loss), .labelSequences(let given, let offsets)):
      takeLabelSequences(given, offsets, layout)
      return loss.counted(labels.baseAddress, offsets: labelOffsets.baseAddress, layout: layout)
    default:
      preconditionFailure("the batch's targets are not those of a \(head.kind.rawValue) head")
    }
  }

  private func takeLabelSequences(_ given: [Int32], _ offsets: [Int], _ layout: StepLayout) {
    precondition(
      offsets.count == layout.streamCount + 1 && offsets[0] == 0 && offsets[layout.streamCount] == given.count
        && zip(offsets, offsets.dropFirst()).allSatisfy { $0 <= $1 },
      "\(offsets.count) offsets of \(given.count) labels for \(layout.streamCount) streams")
    if labels.count < given.count { labels = AlignedBuffer(count: given.count * 3 / 2) }
    for (index, label) in given.enumerated() {
      precondition(
        label > 0 && Int(label) < head.size,
        "label \(label) is none of the \(head.size) classes, of which class 0 is the blank")
      labels.baseAddress[index] = label
    }
    for (index, offset) in offsets.enumerated() { labelOffsets.baseAddress[index] = offset }
  }

  /// The stack's output N × W → outputs.
  func forward(input: UnsafePointer<Float>, layout: StepLayout, team: ThreadTeam) {
    if let pooling {
      pooling.forward(
        input: input, query: parameters.values.baseAddress + query, layout: layout,
        output: pooled.baseAddress, team: team)
    }
    linear.forward(
      input: pooling == nil ? input : UnsafePointer(pooled.baseAddress), rows: rowCount(layout),
      output: outputs.baseAddress, team: team)
  }

  /// The losses of the targets that were taken; with a `scale` other than 0 the outputs become the gradient of scale · loss.
  func addLosses(to sum: inout LossSum, scale: Float, layout: StepLayout, team: ThreadTeam) {
    let bias = UnsafePointer(parameters.values.baseAddress + bias)
    var count = rowCount(layout)
    switch loss {
    case .labels(let loss):
      loss.run(
        logits: outputs.baseAddress, bias: bias, targets: labels.baseAddress, count: count, scale: scale,
        losses: losses.baseAddress, team: team)
    case .frames(let loss):
      loss.run(
        outputs: outputs.baseAddress, bias: bias, targets: frames.baseAddress, rows: count, scale: scale,
        losses: losses.baseAddress, team: team)
    case .labelSequences(let loss):
      count = layout.streamCount
      loss.run(
        logits: outputs.baseAddress, bias: bias, labels: labels.baseAddress,
        offsets: labelOffsets.baseAddress, layout: layout, scale: scale, losses: losses.baseAddress,
        team: team)
    }
    for index in 0..<count { sum.sum += Double(losses.baseAddress[index]) }
  }

  /// Outputs' gradients → inputGradient N × W, and the weights' gradients, which are added to.
  func backward(
    input: UnsafePointer<Float>, inputGradient: UnsafeMutablePointer<Float>, layout: StepLayout,
    gradients: AlignedBuffer<Float>, team: ThreadTeam
  ) {
    let base = gradients.baseAddress
    linear.backward(
      input: pooling == nil ? input : UnsafePointer(pooled.baseAddress), outputGradient: outputs.baseAddress,
      rows: rowCount(layout), inputGradient: pooling == nil ? inputGradient : pooledGradient.baseAddress,
      weightGradient: base + weight, biasGradient: base + bias, team: team)
    if let pooling {
      pooling.backward(
        input: input, query: parameters.values.baseAddress + query, layout: layout,
        outputGradient: pooledGradient.baseAddress, inputGradient: inputGradient,
        queryGradient: base + query, team: team)
    }
  }

  /// Makes what the head says of the outputs.
  /// - Returns: R × O; see `NetworkOutput.values`.
  func predict(layout: StepLayout, team: ThreadTeam) -> UnsafeBufferPointer<Float> {
    let size = head.outputSize, rows = rowCount(layout)
    let bias = UnsafePointer(parameters.values.baseAddress + bias)
    team.run { thread in
      for row in team.share(of: rows, threadIndex: thread) {
        head.finish(outputs.baseAddress + row * size, bias: bias)
      }
    }
    return UnsafeBufferPointer(start: outputs.baseAddress, count: rows * size)
  }
}

extension Head {
  /// A row of outputs without their bias becomes what the head says: probabilities of labels or keys, numbers, means and
  /// variances, or the logarithms of CTC's probabilities.
  func finish(_ row: UnsafeMutablePointer<Float>, bias: UnsafePointer<Float>) {
    let kernels = Kernels.current
    kernels.add(bias, to: row, count: outputSize)
    switch kind {
    case .softmax: kernels.softmax(row, count: size)
    case .bernoulli: for i in 0..<size { row[i] = 1 / (1 + exponential(-row[i])) }
    case .squaredError: break
    case .gaussian:
      for i in size..<2 * size {
        row[i] = exponential(
          row[i] < GaussianLikelihood.leastLogVariance ? GaussianLikelihood.leastLogVariance : row[i])
      }
    case .ctc:
      let logSum = kernels.softmax(count: size, logits: row, probabilities: nil)
      for i in 0..<size { row[i] -= logSum }
    }
  }
}
