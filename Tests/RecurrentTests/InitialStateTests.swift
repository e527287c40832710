import Arithmetic
import Foundation
import Testing

@testable import Recurrent

/// Networks whose sequences begin in another state than zero.
@Suite struct InitialStateTests {
  static let configurations: [LanguageModelConfiguration] = [
    LanguageModelConfiguration(vocabularySize: 11, embeddingSize: 5, hiddenSize: 6, layerCount: 2),
    LanguageModelConfiguration(
      cell: .lstm, vocabularySize: 11, embeddingSize: 5, hiddenSize: 6, layerCount: 2, isResidual: true),
    LanguageModelConfiguration(
      cell: .gruResetBefore, vocabularySize: 11, embeddingSize: 5, hiddenSize: 6, layerCount: 1,
      dropout: 0.3, dropoutKind: .locked, weightDropout: 0.3),
  ]

  private func state(of configuration: LanguageModelConfiguration) -> [Float] {
    randomBuffer(configuration.carriedStateSize, 9).array
  }

  @Test("The gradient of the initial state is that of central differences", arguments: configurations)
  func theGradientOfTheInitialState(configuration: LanguageModelConfiguration) {
    let network = Network(configuration: configuration, seed: 2)
    let pass = LanguageModelPass(
      network: network, batchSize: 4, truncationLength: 7, team: ThreadTeam(threadCount: 2))
    var batch = randomBatch(vocabulary: 11, steps: 7, streams: 4, seed: 3)
    // Two streams begin a piece with the window, the others go on; some begin another one in it.
    for stream in 0..<4 { batch.resets[stream] = stream < 2 }
    let values = AlignedBuffer<Float>(state(of: configuration))
    let loss = {
      var random = RandomStream(seed: 4, name: "dropout")
      pass.setInitialState(values.array, isLearned: true)
      pass.carriedState = Array(repeating: 0.1, count: pass.carriedState.count)
      return pass.train(
        inputs: batch.inputs, targets: batch.targets, resets: batch.resets, dropout: &random
      ).mean
    }
    _ = loss()
    let gradient = pass.initialStateGradient, weights = pass.gradients.array
    #expect(relativeDistance(gradient, centralDifferences(values, step: 3e-2, loss)) < 2e-3)
    // The weights' gradients know of it too.
    for entry in network.parameters.entries {
      let numeric = centralDifferences(
        network.parameters.values.baseAddress, Array(entry.range), step: 1e-2
      ) {
        pass.parametersDidChange()
        return loss()
      }
      #expect(relativeDistance(weights[entry.range], numeric) < 2e-3, "\(entry.name)")
    }
  }

  @Test("Without an initial state gradients are bit for bit those of before")
  func withoutAnInitialStateNothingChanges() {
    let configuration = Self.configurations[0]
    let network = Network(configuration: configuration, seed: 2)
    let batch = randomBatch(vocabulary: 11, steps: 7, streams: 4, seed: 3)
    func gradients(_ prepare: (LanguageModelPass) -> Void) -> [Float] {
      let pass = LanguageModelPass(
        network: network, batchSize: 4, truncationLength: 7, team: ThreadTeam(threadCount: 1))
      prepare(pass)
      var random = RandomStream(seed: 4, name: "dropout")
      _ = pass.train(
        inputs: batch.inputs, targets: batch.targets, resets: batch.resets, dropout: &random)
      return pass.gradients.array
    }
    let zero = [Float](repeating: 0, count: configuration.carriedStateSize)
    #expect(gradients { _ in } == gradients { $0.setInitialState(zero) })
  }

  @Test("Sampling begins in the state that windows begin in", arguments: configurations[..<2])
  func samplingBeginsInIt(configuration: LanguageModelConfiguration) {
    let network = Network(configuration: configuration, seed: 2), initial = state(of: configuration)
    let sampler = LanguageModelSampler(
      weights: SamplerWeights(model: network, initialState: initial), streamCount: 2)
    let ids: [Int32] = [3, 1, 4, 1, 5]
    func expectBeginning() {
      for stream in 0..<2 { #expect(sampler.state(ofStream: stream) == initial) }
    }
    expectBeginning()
    let pass = NetworkPass(
      network: network, rowCapacity: 10, streamCapacity: 1, carriesState: true,
      team: ThreadTeam(threadCount: 1))
    pass.setInitialState(initial)
    let output = pass.predict(
      SequenceBatch(
        layout: StepLayout(streamCount: 1, stepCount: 10), ids: ids + ids,
        resets: (0..<10).map { $0 % 5 == 0 })
    ).values[0]
    for (step, id) in (ids + ids).enumerated() {
      if step == 5 { sampler.reset() }
      let logits = Array(sampler.advance(id))
      let top = logits.max() ?? 0
      let sum = logits.reduce(0) { $0 + expf($1 - top) }
      for (index, logit) in logits.enumerated() {
        #expect(abs(expf(logit - top) / sum - output[step * 11 + index]) < 1e-5)
      }
    }
    sampler.reset(stream: 1)
    sampler.reset(stream: 0)
    expectBeginning()
  }
}
