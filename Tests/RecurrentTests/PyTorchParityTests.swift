internal import Arithmetic
internal import Testing

@testable import Recurrent

/// Against PyTorch in double precision. A gradient is a sum of some hundred products of numbers that are each right to
/// about 1e-7, so that 1e-5 of a tensor's norm leaves a wide margin and no error in a formula passes.
@Suite struct PyTorchParityTests {
  @Test("Loss state and gradients agree", arguments: [1, 2, 3])
  func lossStateAndGradientsAgree(layerCount: Int) throws {
    let file = try Fixtures.file("gru-\(layerCount)")
    let model = try Fixtures.model(file)
    let first = try Fixtures.Batch(file, "0")
    let pass = LanguageModelPass(
      network: model, batchSize: first.streams, truncationLength: first.steps,
      team: ThreadTeam(threadCount: 2))
    var random = RandomStream(seed: 0, name: "dropout")
    for call in ["0", "1"] {
      let batch = try Fixtures.Batch(file, call)
      let loss = pass.train(
        inputs: batch.inputs, targets: batch.targets, resets: batch.resets, dropout: &random)
      let expected = Double(try file.floats(named: call + "/loss")[0])
      #expect(abs(loss.sum - expected) < 1e-6 * expected)
      #expect(loss.count == batch.targets.count { $0 >= 0 })
      #expect(relativeDistance(pass.carriedState, try file.floats(named: call + "/state")) < 1e-6)
    }
    for entry in model.parameters.entries {
      let distance = relativeDistance(
        pass.gradients.elements[entry.range], try file.floats(named: "gradients/" + entry.name))
      #expect(distance < 1e-5, "\(entry.name)")
    }
  }

  @Test("Ten steps of training agree") func tenStepsOfTrainingAgree() throws {
    let file = try Fixtures.file("trajectory")
    let model = try Fixtures.model(file)
    let first = try Fixtures.Batch(file, "0")
    let team = ThreadTeam(threadCount: 2)
    let pass = LanguageModelPass(
      network: model, batchSize: first.streams, truncationLength: first.steps, team: team)
    let optimizer = Optimizer(.adamw(weightDecay: 0.1), parameterCount: model.parameters.count)
    let clipping = GradientClipping(pass.gradients, team: team)
    let losses = try file.floats(named: "losses"), norms = try file.floats(named: "norms")
    var random = RandomStream(seed: 0, name: "dropout")
    for step in 0..<10 {
      let batch = try Fixtures.Batch(file, "\(step)")
      let loss = pass.train(
        inputs: batch.inputs, targets: batch.targets, resets: batch.resets, dropout: &random)
      let norm = clipping.clip(toGlobalNorm: 0.5)
      optimizer.update(model.parameters, gradients: pass.gradients, learningRate: 1e-2, team: team)
      pass.parametersDidChange()
      #expect(abs(Float(loss.mean) - losses[step]) < 2e-6 * losses[step], "loss of step \(step)")
      #expect(abs(norm - norms[step]) < 1e-5 * norms[step], "norm of step \(step)")
    }
    for entry in model.parameters.entries {
      let distance = relativeDistance(
        model.parameters.values.elements[entry.range], try file.floats(named: "final/" + entry.name))
      #expect(distance < 1e-5, "\(entry.name)")
    }
  }

  @Test(
    "The sampler gives the losses of the pass",
    arguments: [
      LanguageModelConfiguration(
        cell: .gru, vocabularySize: 23, embeddingSize: 12, hiddenSize: 21, layerCount: 2),
      LanguageModelConfiguration(
        cell: .gruResetBefore, vocabularySize: 23, embeddingSize: 12, hiddenSize: 21, layerCount: 2),
      LanguageModelConfiguration(
        cell: .lstm, vocabularySize: 23, embeddingSize: 21, hiddenSize: 21, layerCount: 3, dropout: 0.5,
        isResidual: true, normalizesLayers: true, tiesEmbedding: true),
      LanguageModelConfiguration(
        cell: .rnnTanh, vocabularySize: 23, embeddingSize: 12, hiddenSize: 21, layerCount: 2,
        isResidual: true),
      LanguageModelConfiguration(
        cell: .rnnReLU, vocabularySize: 23, embeddingSize: 12, hiddenSize: 21, layerCount: 1,
        normalizesLayers: true),
    ])
  func theSamplerGivesTheLossesOfThePass(configuration: LanguageModelConfiguration) throws {
    let model = Network(configuration: configuration, seed: 9)
    let ids: [Int32] = [1, 5, 2, 22, 7, 7, 0, 3]
    let pass = LanguageModelPass(
      network: model, batchSize: 1, truncationLength: ids.count - 1, team: ThreadTeam(threadCount: 1))
    let loss = pass.evaluate(
      inputs: Array(ids.dropLast()), targets: Array(ids.dropFirst()),
      resets: [Bool](repeating: false, count: ids.count - 1))
    let sampler = LanguageModelSampler(model: model)
    var sum = 0.0
    for (id, next) in zip(ids, ids.dropFirst()) {
      let logits = sampler.advance(id).map(Double.init)
      let largest = logits.max() ?? 0
      sum += largest + logarithm(logits.reduce(0) { $0 + exponential($1 - largest) }) - logits[Int(next)]
    }
    #expect(abs(sum - loss.sum) < 1e-5 * sum)
    #expect(relativeDistance(sampler.state, pass.carriedState) < 1e-6)
    let state = sampler.state
    let logits = Array(sampler.advance(4))
    sampler.reset()
    sampler.state = state
    #expect(Array(sampler.advance(4)) == logits)
  }
}

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

private func exponential(_ x: Double) -> Double { exp(x) }
private func logarithm(_ x: Double) -> Double { log(x) }
