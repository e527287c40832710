internal import Arithmetic
internal import Testing

@testable import Recurrent

/// The gradients of losses and poolings against central differences; see `CentralDifferenceTests` for the bound.
@Suite struct HeadDifferenceTests {
  private let team = ThreadTeam(threadCount: 2)

  private func randomBuffer(_ count: Int, _ seed: UInt64, scale: Float = 1) -> AlignedBuffer<Float> {
    var random = RandomStream(seed: seed, name: "values")
    return AlignedBuffer((0..<count).map { _ in scale * (2 * random.uniformFloat() - 1) })
  }

  /// The gradient that `run` leaves in a copy of `outputs` for a scale of ½, and the numeric one of half the losses' sum.
  private func expectGradient(
    _ outputs: AlignedBuffer<Float>, step: Float = 1e-2, _ what: String,
    run: (_ outputs: UnsafeMutablePointer<Float>, _ scale: Float) -> Double
  ) {
    let gradient = AlignedBuffer(outputs.elements), work = AlignedBuffer(outputs.elements)
    let trained = run(gradient.baseAddress, 0.5), evaluated = run(work.baseAddress, 0)
    #expect(abs(trained - evaluated) < 1e-6 * abs(evaluated), "\(what)")
    let numeric = centralDifferences(outputs, step: step) {
      work.update(from: outputs.elements)
      return 0.5 * run(work.baseAddress, 0)
    }
    #expect(relativeDistance(gradient.elements, numeric) < 2e-3, "\(what)")
  }

  private func sum(_ values: AlignedBuffer<Float>) -> Double { values.elements.reduce(0) { $0 + Double($1) } }

  @Test("Softmax cross entropy", arguments: [0, 0.3], [nil, [0.5, 2, 0, 1, 1, 3, 0.25]])
  func softmaxCrossEntropy(smoothing: Double, weights: [Double]?) {
    let loss = SoftmaxCrossEntropy(classCount: 7, labelSmoothing: smoothing, classWeights: weights)
    let bias = randomBuffer(7, 1), targets: [Int32] = [3, -1, 2, 6], losses = AlignedBuffer<Float>(count: 4)
    expectGradient(randomBuffer(28, 2, scale: 2), "smoothing \(smoothing)") { logits, scale in
      loss.run(
        logits: logits, bias: bias.baseAddress, targets: targets, count: 4, scale: scale,
        losses: losses.baseAddress, team: team)
      return sum(losses)
    }
  }

  private func expectGradient(_ loss: some FrameLoss, targets: AlignedBuffer<Float>, _ what: String) {
    let rows = targets.count / loss.frameSize
    let bias = randomBuffer(loss.outputSize, 3), losses = AlignedBuffer<Float>(count: rows)
    expectGradient(randomBuffer(rows * loss.outputSize, 4, scale: 2), what) { outputs, scale in
      loss.run(
        outputs: outputs, bias: bias.baseAddress, targets: targets.baseAddress, rows: rows, scale: scale,
        losses: losses.baseAddress, team: team)
      return sum(losses)
    }
  }

  @Test("Frame losses") func frameLosses() {
    let keys = AlignedBuffer<Float>((0..<3 * 21).map { $0 % 4 == 0 ? 1 : $0 == 25 ? .nan : 0 })
    expectGradient(BernoulliLikelihood(frameSize: 21), targets: keys, "Bernoulli")
    let values = randomBuffer(12, 5)
    values[3] = .nan
    expectGradient(SquaredError(frameSize: 4), targets: values, "squared error")
    expectGradient(GaussianLikelihood(frameSize: 4), targets: values, "Gaussian")
  }

  @Test("Connectionist temporal classification") func connectionistTemporalClassification() {
    let layout = StepLayout(lengths: [6, 5, 5, 2]), classes = 4
    let labels: [Int32] = [1, 1, 3, 2, 3, 3], offsets = [0, 3, 4, 4, 6]
    let loss = CTCLoss(classCount: classes, threadCount: 2)
    let bias = randomBuffer(classes, 6), losses = AlignedBuffer<Float>(count: 4)
    // The last stream's labels do not fit: its gradient is zero.
    let outputs = randomBuffer(layout.rowCount * classes, 7)
    expectGradient(outputs, "CTC") { logits, scale in
      loss.run(
        logits: logits, bias: bias.baseAddress, labels: labels, offsets: offsets, layout: layout,
        scale: scale, losses: losses.baseAddress, team: team)
      #expect(losses[3] == 0)
      return sum(losses)
    }
  }

  @Test("Pooling", arguments: Pooling.allCases)
  func pooling(kind: Pooling) {
    let layout = StepLayout(lengths: [5, 3, 1]), width = 8
    let pooling = SequencePooling(kind: kind, hiddenSize: 4, directionCount: 2, rowCapacity: layout.rowCount)
    let input = randomBuffer(layout.rowCount * width, 8), query = randomBuffer(width, 9)
    let above = randomBuffer(3 * width, 10), output = AlignedBuffer<Float>(count: 3 * width)
    let loss = {
      pooling.forward(
        input: input.baseAddress, query: query.baseAddress, layout: layout, output: output.baseAddress,
        team: team)
      return zip(output.elements, above.elements).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    _ = loss()
    let gradient = AlignedBuffer<Float>(count: input.count),
      queryGradient = AlignedBuffer<Float>(count: width)
    pooling.backward(
      input: input.baseAddress, query: query.baseAddress, layout: layout, outputGradient: above.baseAddress,
      inputGradient: gradient.baseAddress, queryGradient: queryGradient.baseAddress, team: team)
    #expect(relativeDistance(gradient.elements, centralDifferences(input, loss)) < 2e-3)
    if kind == .attention {
      #expect(relativeDistance(queryGradient.elements, centralDifferences(query, loss)) < 2e-3)
    }
  }
}
