internal import Arithmetic
internal import Testing

@testable import Recurrent

/// Gradients of the layers around the recurrent ones, and of the whole network, against central differences.
@Suite struct CentralDifferenceTests {
  @Test("Linear layer") func linearLayer() {
    let (rows, inputs, outputs) = (5, 7, 9)
    let layer = LinearLayer(inputSize: inputs, outputSize: outputs)
    let team = ThreadTeam(threadCount: 2)
    let x = randomBuffer(rows * inputs, 1), w = randomBuffer(outputs * inputs, 2),
      y = AlignedBuffer<Float>(count: rows * outputs)
    let dy = randomBuffer(rows * outputs, 3)
    let loss = {
      layer.pack(w.baseAddress)
      layer.forward(input: x.baseAddress, rows: rows, output: y.baseAddress, team: team)
      return weightedSum(y, dy)
    }
    _ = loss()
    let dx = AlignedBuffer<Float>(count: x.count), dw = AlignedBuffer<Float>(count: w.count)
    let db = AlignedBuffer<Float>(count: outputs)
    layer.backward(
      input: x.baseAddress, outputGradient: dy.baseAddress, rows: rows, inputGradient: dx.baseAddress,
      weightGradient: dw.baseAddress, biasGradient: db.baseAddress, team: team)
    #expect(relativeDistance(dx.elements, centralDifferences(x.baseAddress, Array(0..<x.count), loss)) < 2e-3)
    #expect(relativeDistance(dw.elements, centralDifferences(w.baseAddress, Array(0..<w.count), loss)) < 2e-3)
    let columnSums = (0..<outputs).map { j in (0..<rows).reduce(Float(0)) { $0 + dy[$1 * outputs + j] } }
    #expect(relativeDistance(db.elements, columnSums) < 1e-6)
  }

  @Test("Embedding layer") func embeddingLayer() {
    let layer = EmbeddingLayer(embeddingSize: 5)
    let team = ThreadTeam(threadCount: 2)
    let ids = AlignedBuffer<Int32>([2, 0, 2, 3]), table = randomBuffer(4 * 5, 4),
      y = AlignedBuffer<Float>(count: 20)
    let dy = randomBuffer(20, 5), gradient = AlignedBuffer<Float>(count: table.count)
    let loss = {
      layer.forward(
        ids: ids.baseAddress, count: 4, weight: table.baseAddress, output: y.baseAddress, team: team)
      return weightedSum(y, dy)
    }
    layer.backward(
      ids: ids.baseAddress, count: 4, outputGradient: dy.baseAddress, weightGradient: gradient.baseAddress,
      team: team)
    #expect(
      relativeDistance(gradient.elements, centralDifferences(table.baseAddress, Array(0..<20), loss)) < 2e-3)
  }

  @Test("Softmax cross entropy") func softmaxCrossEntropy() {
    let (positions, classes) = (4, 11)
    let layer = SoftmaxCrossEntropy(classCount: classes)
    let team = ThreadTeam(threadCount: 2)
    let logits = randomBuffer(positions * classes, 6, scale: 2), bias = randomBuffer(classes, 7)
    let targets = AlignedBuffer<Int32>([3, -1, 0, 10]), losses = AlignedBuffer<Float>(count: positions)
    let run = { (scale: Float) in
      let work = AlignedBuffer(logits.elements)
      layer.run(
        logits: work.baseAddress, bias: bias.baseAddress, targets: targets.baseAddress, count: positions,
        scale: scale,
        losses: losses.baseAddress, team: team)
      return work
    }
    let gradient = run(0.5)
    #expect(losses[1] == 0)
    let numeric = centralDifferences(logits.baseAddress, Array(0..<logits.count)) {
      _ = run(0)
      return 0.5 * losses.elements.reduce(0) { $0 + Double($1) }
    }
    #expect(relativeDistance(gradient.elements, numeric) < 2e-3)
  }

  /// With dropout too: the same place in the random stream drops the same numbers. The gradient of the mean loss is
  /// smaller than the layers', and the step is larger for it; less so where several embeddings, whose sum saturates the gates
  /// sooner, are added.
  @Test(
    "Whole network",
    arguments: [
      LanguageModelConfiguration(vocabularySize: 13, embeddingSize: 6, hiddenSize: 9, layerCount: 2),
      LanguageModelConfiguration(
        vocabularySize: 13, embeddingSize: 6, hiddenSize: 9, layerCount: 2, dropout: 0.3),
      LanguageModelConfiguration(
        cell: .lstm, vocabularySize: 13, embeddingSize: 9, hiddenSize: 9, layerCount: 2, dropout: 0.2,
        embeddingDropout: 0.4, dropoutKind: .locked, isResidual: true, normalizesLayers: true,
        tiesEmbedding: true),
      LanguageModelConfiguration(
        vocabularySize: 13, contextSizes: [4, 7], embeddingSize: 6, hiddenSize: 9, layerCount: 2, dropout: 0.3
      ),
      LanguageModelConfiguration(
        vocabularySize: 13, embeddingSize: 6, hiddenSize: 9, layerCount: 2, dropout: 0.2, weightDropout: 0.4),
      LanguageModelConfiguration(
        cell: .gruResetBefore, vocabularySize: 13, embeddingSize: 6, hiddenSize: 9, layerCount: 1,
        dropoutKind: .locked, weightDropout: 0.5),
      LanguageModelConfiguration(
        cell: .lstm, vocabularySize: 13, embeddingSize: 9, hiddenSize: 9, layerCount: 2, weightDropout: 0.3,
        isResidual: true),
      LanguageModelConfiguration(
        vocabularySize: 13, contextSizes: [4, 1, 3], embeddingSize: 9, hiddenSize: 9, layerCount: 1,
        tiesEmbedding: true),
    ])
  func wholeNetwork(configuration: LanguageModelConfiguration) {
    let model = Network(configuration: configuration, seed: 2)
    let pass = LanguageModelPass(
      network: model, batchSize: 3, truncationLength: 5, team: ThreadTeam(threadCount: 2))
    let batch = randomBatch(vocabulary: 13, steps: 5, streams: 3, seed: 3)
    var places = RandomStream(seed: 5, name: "contexts")
    let contexts = batch.inputs.flatMap { _ in
      configuration.contextSizes.map { Int32(places.integer(below: $0 + 1)) - 1 }
    }
    let loss = {
      var random = RandomStream(seed: 4, name: "dropout")
      pass.clearCarriedState()
      pass.parametersDidChange()
      return pass.train(
        inputs: batch.inputs, contexts: contexts, targets: batch.targets, resets: batch.resets,
        dropout: &random
      ).mean
    }
    _ = loss()
    let gradients = pass.gradients.array
    for entry in model.parameters.entries {
      let numeric = centralDifferences(
        model.parameters.values.baseAddress, Array(entry.range),
        step: configuration.contextSizes.isEmpty ? 3e-2 : 2e-2, loss)
      #expect(relativeDistance(gradients[entry.range], numeric) < 2e-3, "\(entry.name)")
    }
  }
}
