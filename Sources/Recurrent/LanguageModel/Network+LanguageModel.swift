extension Network.Configuration {
  /// What the network is as a language model; nil if it is not one. A language model reads one id at each step and tells,
  /// knowing none of the steps after it, a softmax over the ids of the same vocabulary for the next. How its loss weighs
  /// and smooths labels is no part of that.
  public var languageModel: LanguageModelConfiguration? {
    guard runsStepByStep, head.kind == .softmax, input.frameSize == 0, input.vocabularySizes == [head.size]
    else { return nil }
    return LanguageModelConfiguration(
      cell: stack.cell, vocabularySize: head.size, embeddingSize: input.embeddingSize,
      hiddenSize: stack.hiddenSize, layerCount: stack.layerCount, dropout: stack.dropout,
      embeddingDropout: input.dropout == stack.dropout ? nil : input.dropout, dropoutKind: stack.dropoutKind,
      isResidual: stack.isResidual, normalizesLayers: stack.normalizesLayers, tiesEmbedding: tiesEmbedding)
  }
}

extension Network {
  /// A language model with random weights; see `init(configuration:normalization:seed:)`.
  public convenience init(configuration: LanguageModelConfiguration, seed: UInt64) {
    self.init(configuration: configuration.network, seed: seed)
  }

  /// A language model with the weights of a file.
  /// - Throws: as `init(configuration:tensors:)` of any network.
  public convenience init(
    configuration: LanguageModelConfiguration, tensors: SafetensorsFile
  ) throws(SafetensorsError) {
    try self.init(configuration: configuration.network, tensors: tensors)
  }
}
