internal import Arithmetic
internal import Testing

@testable import Recurrent

/// Losses and poolings against PyTorch in double precision, from the file that `Scripts/make-head-fixtures.py` wrote.
@Suite struct HeadFixtureTests {
  private let team = ThreadTeam(threadCount: 2)

  private func buffer(_ file: SafetensorsFile, _ name: String) throws -> AlignedBuffer<Float> {
    AlignedBuffer(try file.floats(named: name))
  }

  private func layout(_ file: SafetensorsFile, _ name: String) throws -> StepLayout {
    StepLayout(lengths: try file.integers(named: name).map { Int($0) })
  }

  @Test("Softmax cross entropy", arguments: ["plain", "smoothed", "weighted", "both"])
  func softmaxCrossEntropy(kind: String) throws {
    let file = try Fixtures.file("heads"), name = "softmax-" + kind + "/"
    let logits = try buffer(file, name + "logits"), bias = try buffer(file, name + "bias")
    let targets = AlignedBuffer(try file.integers(named: name + "targets").map { Int32($0) })
    let smoothing = Double(try file.floats(named: name + "smoothing")[0])
    let weights =
      file.entry(named: name + "weights") == nil
      ? nil : try file.floats(named: name + "weights").map(Double.init)
    let loss = SoftmaxCrossEntropy(
      classCount: bias.count, labelSmoothing: smoothing, classWeights: weights)
    var sum = loss.counted(targets.baseAddress, rows: targets.count)
    #expect(sum.count == 5)
    let evaluated = AlignedBuffer(logits.elements), losses = AlignedBuffer<Float>(count: targets.count)
    for (values, scale) in [(evaluated, 0), (logits, Float(1 / sum.weight))] {
      loss.run(
        logits: values.baseAddress, bias: bias.baseAddress, targets: targets.baseAddress,
        count: targets.count, scale: scale, losses: losses.baseAddress, team: team)
      sum.sum = losses.elements.reduce(0) { $0 + Double($1) }
      let expected = Double(try file.floats(named: name + "loss")[0])
      #expect(abs(sum.mean - expected) < 1e-6 * expected)
    }
    #expect(relativeDistance(logits.elements, try file.floats(named: name + "gradient")) < 1e-6)
  }

  private func expectAgreement(_ loss: some FrameLoss, _ kind: String) throws {
    let file = try Fixtures.file("heads")
    let outputs = try buffer(file, kind + "/outputs"), bias = try buffer(file, kind + "/bias")
    let targets = try buffer(file, kind + "/targets"), rows = targets.count / loss.frameSize
    var sum = loss.counted(targets.baseAddress, rows: rows)
    #expect(sum.count == rows - 1)
    let evaluated = AlignedBuffer(outputs.elements), losses = AlignedBuffer<Float>(count: rows)
    for (values, scale) in [(evaluated, 0), (outputs, Float(1 / sum.weight))] {
      loss.run(
        outputs: values.baseAddress, bias: bias.baseAddress, targets: targets.baseAddress, rows: rows,
        scale: scale, losses: losses.baseAddress, team: team)
      sum.sum = losses.elements.reduce(0) { $0 + Double($1) }
      let expected = Double(try file.floats(named: kind + "/loss")[0])
      #expect(abs(sum.mean - expected) < 1e-6 * expected)
    }
    // A variance of 1e-6 makes one gradient of the Gaussian's a million times as large as it would be, and its error.
    #expect(relativeDistance(outputs.elements, try file.floats(named: kind + "/gradient")) < 5e-6)
  }

  @Test("Bernoulli likelihood") func bernoulliLikelihood() throws {
    try expectAgreement(BernoulliLikelihood(frameSize: 88), "bernoulli")
  }

  @Test("Squared error") func squaredError() throws {
    try expectAgreement(SquaredError(frameSize: 3), "squared-error")
  }

  @Test("Gaussian likelihood") func gaussianLikelihood() throws {
    try expectAgreement(GaussianLikelihood(frameSize: 3), "gaussian")
  }

  @Test("Pooling", arguments: Pooling.allCases)
  func pooling(kind: Pooling) throws {
    let file = try Fixtures.file("heads"), name = "pooling-\(kind.rawValue)/"
    let layout = try layout(file, name + "lengths")
    let input = try buffer(file, name + "input"), query = try buffer(file, name + "query")
    let pooling = SequencePooling(
      kind: kind, hiddenSize: query.count / 2, directionCount: 2, rowCapacity: layout.rowCount)
    let output = AlignedBuffer<Float>(count: layout.streamCount * query.count)
    pooling.forward(
      input: input.baseAddress, query: query.baseAddress, layout: layout, output: output.baseAddress,
      team: team)
    #expect(relativeDistance(output.elements, try file.floats(named: name + "output")) < 1e-6)
    let gradient = AlignedBuffer<Float>(count: input.count), queryGradient = AlignedBuffer<Float>(count: 6)
    gradient.elements.update(repeating: .nan)
    let above = try buffer(file, name + "above")
    pooling.backward(
      input: input.baseAddress, query: query.baseAddress, layout: layout,
      outputGradient: above.baseAddress, inputGradient: gradient.baseAddress,
      queryGradient: queryGradient.baseAddress, team: team)
    #expect(relativeDistance(gradient.elements, try file.floats(named: name + "gradient")) < 1e-6)
    if kind == .attention {
      let expected = try file.floats(named: name + "queryGradient")
      #expect(relativeDistance(queryGradient.elements, expected) < 1e-6)
    }
  }

  @Test("Connectionist temporal classification", arguments: [1, 2, 4])
  func connectionistTemporalClassification(threadCount: Int) throws {
    let file = try Fixtures.file("heads"), team = ThreadTeam(threadCount: threadCount)
    let layout = try layout(file, "ctc/lengths")
    let logits = try buffer(file, "ctc/logits"), bias = try buffer(file, "ctc/bias")
    let labels = AlignedBuffer(try file.integers(named: "ctc/labels").map { Int32($0) })
    let offsets = AlignedBuffer(
      try file.integers(named: "ctc/labelLengths").reduce(into: [0]) { $0.append($0[$0.count - 1] + Int($1)) }
    )
    let loss = CTCLoss(classCount: bias.count, threadCount: threadCount)
    let sum = loss.counted(labels.baseAddress, offsets: offsets.baseAddress, layout: layout)
    #expect(sum.count == 4, "one stream's labels do not fit its steps")
    let losses = AlignedBuffer<Float>(count: layout.streamCount)
    loss.run(
      logits: logits.baseAddress, bias: bias.baseAddress, labels: labels.baseAddress,
      offsets: offsets.baseAddress, layout: layout, scale: 1, losses: losses.baseAddress, team: team)
    #expect(relativeDistance(losses.elements, try file.floats(named: "ctc/losses")) < 1e-6)
    #expect(relativeDistance(logits.elements, try file.floats(named: "ctc/gradient")) < 1e-6)
  }
}
