internal import Arithmetic

/// Runs a head: pooling if there is any, the linear layer, and the loss or the prediction. N rows of W numbers come from
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

  /// Which output rows are worked on at once: all where they are few.
  private let slices: RowSlices
  /// The rows of a slice × O: outputs, then their gradients.
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

  init(network: Network, rowCapacity: Int, streamCapacity: Int, outputLimit: Int, threadCount: Int) {
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
    weight = parameters.offset(of: network.configuration.outputWeightName)
    bias = parameters.offset(of: "output.bias")
    query = head.pooling == .attention ? parameters.offset(of: Network.Configuration.queryName) : 0
    let rows = head.pooling == nil ? rowCapacity : streamCapacity
    let isOfLabels = head.kind == .softmax || head.kind == .ctc
    slices = Self.slices(of: head, rows: rows, outputLimit: outputLimit)
    outputs = AlignedBuffer(count: slices.rowCapacity * head.outputSize)
    losses = AlignedBuffer(count: rows)
    labels = AlignedBuffer(count: isOfLabels ? rows : 0)
    labelOffsets = AlignedBuffer(count: head.kind == .ctc ? streamCapacity + 1 : 0)
    frames = AlignedBuffer(count: isOfLabels ? 0 : rows * head.size)
    pooled = AlignedBuffer(count: head.pooling == nil ? 0 : streamCapacity * width)
    pooledGradient = AlignedBuffer(count: pooled.count)
    parametersDidChange()
  }

  /// The output of CTC at a step depends on all steps.
  private static func slices(of head: Head, rows: Int, outputLimit: Int) -> RowSlices {
    RowSlices(
      rowCapacity: rows, width: head.outputSize, outputLimit: head.kind == .ctc ? .max : outputLimit)
  }

  /// About how many floats the buffers of a network's head take.
  static func floatCount(_ configuration: Network.Configuration, rows: Double, streams: Double) -> Double {
    let head = configuration.head, width = Double(configuration.stack.outputSize)
    let outputRows = head.pooling == nil ? rows : streams
    let slice = slices(
      of: head, rows: Int(min(outputRows, 0x1p61)), outputLimit: RowSlices.outputLimit
    ).rowCapacity
    let targetSize = head.kind == .softmax || head.kind == .ctc ? 1 : head.size
    return PackedMatrix.floatCount(configuration.stack.outputSize, head.outputSize)
      + Double(slice) * Double(head.outputSize) + outputRows * Double(1 + targetSize)
      + (head.pooling == nil ? 0 : 2 * streams * width) + (head.pooling == .attention ? 2 * rows : 0)
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
    case (.labels, .labels(let given)): return take(labels: given.span, layout: layout)
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

  /// Copies labels in and checks them, one for each output row; for a softmax.
  /// - Returns: how many count and what they weigh, with a sum of 0.
  func take(labels given: Span<Int32>, layout: StepLayout) -> LossSum {
    guard case .labels(let loss) = loss else {
      preconditionFailure("a \(head.kind.rawValue) head takes no labels of rows")
    }
    let rows = rowCount(layout)
    precondition(given.count == rows, "\(given.count) labels for \(rows) rows")
    for row in 0..<rows {
      let label = given[row]
      precondition(label >= -1 && Int(label) < head.size, "label \(label) is none of \(head.size) classes")
      labels.baseAddress[row] = label
    }
    return loss.counted(labels.baseAddress, rows: rows)
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

  /// The losses of the targets that were taken, in what the stack gives, N × W.
  /// - Parameter taken: what `take` has counted.
  func measure(
    _ taken: LossSum, input: UnsafePointer<Float>, layout: StepLayout, team: ThreadTeam
  ) -> LossSum {
    let input = pooled(input, layout: layout, team: team)
    slices.forEach(of: rowCount(layout)) { rows in
      forward(input, rows: rows, team: team)
      runLoss(scale: 0, rows: rows, layout: layout, team: team)
    }
    return added(to: taken, layout: layout)
  }

  /// The same, and the gradient of scale · Σ losses: inputGradient N × W, and the weights' gradients, which are added to.
  func learn(
    _ taken: LossSum, scale: Float, input: UnsafePointer<Float>, inputGradient: UnsafeMutablePointer<Float>,
    layout: StepLayout, gradients: AlignedBuffer<Float>, team: ThreadTeam
  ) -> LossSum {
    let base = gradients.baseAddress, read = pooled(input, layout: layout, team: team)
    let readGradient = pooling == nil ? inputGradient : pooledGradient.baseAddress
    slices.forEach(of: rowCount(layout)) { rows in
      forward(read, rows: rows, team: team)
      runLoss(scale: scale, rows: rows, layout: layout, team: team)
      linear.backward(
        input: read + rows.lowerBound * width, outputGradient: outputs.baseAddress, rows: rows.count,
        inputGradient: readGradient + rows.lowerBound * width, weightGradient: base + weight,
        biasGradient: base + bias, team: team)
    }
    if let pooling {
      pooling.backward(
        input: input, query: parameters.values.baseAddress + query, layout: layout,
        outputGradient: pooledGradient.baseAddress, inputGradient: inputGradient,
        queryGradient: base + query, team: team)
    }
    return added(to: taken, layout: layout)
  }

  /// Computes the output of the head from the output of the stack, N × W.
  /// - Parameter take: is given each row and its O numbers, in the rows' order; see `NetworkOutput.values`.
  func predict(
    input: UnsafePointer<Float>, layout: StepLayout, team: ThreadTeam,
    take: (_ row: Int, _ values: UnsafeBufferPointer<Float>) -> Void
  ) {
    let size = head.outputSize, bias = UnsafePointer(parameters.values.baseAddress + bias)
    let input = pooled(input, layout: layout, team: team)
    slices.forEach(of: rowCount(layout)) { rows in
      forward(input, rows: rows, team: team)
      team.run { thread in
        for row in team.share(of: rows.count, threadIndex: thread) {
          head.finish(outputs.baseAddress + row * size, bias: bias)
        }
      }
      for row in rows {
        take(
          row, UnsafeBufferPointer(start: outputs.baseAddress + (row - rows.lowerBound) * size, count: size))
      }
    }
  }

  /// How many streams have a label at their last step, or of their whole sequence; all of them where targets are no labels.
  func streamsWithLastTarget(_ layout: StepLayout) -> Int {
    guard head.kind == .softmax else { return layout.streamCount }
    return (0..<layout.streamCount).count {
      labels[head.pooling == nil ? layout.lastRow(ofStream: $0, direction: 0) : $0] >= 0
    }
  }

  /// What the linear layer reads: the stack's output, or a vector for each stream.
  private func pooled(
    _ input: UnsafePointer<Float>, layout: StepLayout, team: ThreadTeam
  ) -> UnsafePointer<Float> {
    guard let pooling else { return input }
    pooling.forward(
      input: input, query: parameters.values.baseAddress + query, layout: layout,
      output: pooled.baseAddress, team: team)
    return UnsafePointer(pooled.baseAddress)
  }

  private func forward(_ input: UnsafePointer<Float>, rows: Range<Int>, team: ThreadTeam) {
    linear.forward(
      input: input + rows.lowerBound * width, rows: rows.count, output: outputs.baseAddress, team: team)
  }

  /// The losses of these rows; with a `scale` other than 0 the outputs become the gradient of scale · loss.
  private func runLoss(scale: Float, rows: Range<Int>, layout: StepLayout, team: ThreadTeam) {
    let bias = UnsafePointer(parameters.values.baseAddress + bias), first = rows.lowerBound
    switch loss {
    case .labels(let loss):
      loss.run(
        logits: outputs.baseAddress, bias: bias, targets: labels.baseAddress + first, count: rows.count,
        scale: scale, losses: losses.baseAddress + first, team: team)
    case .frames(let loss):
      loss.run(
        outputs: outputs.baseAddress, bias: bias, targets: frames.baseAddress + first * head.size,
        rows: rows.count, scale: scale, losses: losses.baseAddress + first, team: team)
    case .labelSequences(let loss):
      loss.run(
        logits: outputs.baseAddress, bias: bias, labels: labels.baseAddress,
        offsets: labelOffsets.baseAddress, layout: layout, scale: scale, losses: losses.baseAddress,
        team: team)
    }
  }

  /// The losses' sum, in the rows' order.
  private func added(to taken: LossSum, layout: StepLayout) -> LossSum {
    var result = taken
    let count = head.kind == .ctc ? layout.streamCount : rowCount(layout)
    for index in 0..<count { result.sum += Double(losses.baseAddress[index]) }
    return result
  }
}

extension Head {
  /// A row of outputs without their bias becomes the output of the head: probabilities of labels or keys, numbers, means and
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
