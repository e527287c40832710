extension Network.Configuration {
  /// What the network is as a language model; nil if it is not one. A language model reads one id at each step and tells,
  /// knowing none of the steps after it, a softmax over the ids of the same vocabulary for the next. Where it reads ids of
  /// several vocabularies, the first is that one, and the others are its context. How its loss weighs and smooths labels is
  /// no part of that.
  public var languageModel: LanguageModelConfiguration? {
    guard runsStepByStep, head.kind == .softmax, input.frameSize == 0,
      input.vocabularySizes.first == head.size
    else { return nil }
    return LanguageModelConfiguration(
      cell: stack.cell, vocabularySize: head.size, contextSizes: Array(input.vocabularySizes.dropFirst()),
      embeddingSize: input.embeddingSize, hiddenSize: stack.hiddenSize, layerCount: stack.layerCount,
      dropout: stack.dropout, embeddingDropout: input.dropout == stack.dropout ? nil : input.dropout,
      dropoutKind: stack.dropoutKind, weightDropout: stack.weightDropout, isResidual: stack.isResidual,
      normalizesLayers: stack.normalizesLayers, tiesEmbedding: tiesEmbedding)
  }
}

extension Network {
  /// A language model with random weights; see `init(configuration:normalization:seed:)`. The tables of its context are
  /// drawn with a variance of 1 / C of that of the ids' for C features, so that all of them together are as large as the id
  /// at first.
  public convenience init(configuration: LanguageModelConfiguration, seed: UInt64) {
    self.init(configuration: configuration.network, seed: seed)
    let scale = 1 / Float(max(1, configuration.contextSizes.count)).squareRoot()
    guard scale < 1 else { return }
    for feature in configuration.contextSizes.indices {
      let name = self.configuration.embeddingName(feature + 1)
      guard let entry = parameters.entry(named: name) else { preconditionFailure("there is no \(name)") }
      let values = parameters.elements(of: entry)
      for index in values.indices { values[index] *= scale }
    }
  }

  /// A language model with the weights of a file.
  /// - Throws: as `init(configuration:tensors:)` of any network.
  public convenience init(
    configuration: LanguageModelConfiguration, tensors: SafetensorsFile
  ) throws(SafetensorsError) {
    try self.init(configuration: configuration.network, tensors: tensors)
  }
}
