package import Groundwork

extension Network {
  /// Adds all that decides what the network gives: its weights, and of its architecture what their names and shapes do not tell.
  /// Dropout and other settings of training are left out.
  package func add(to fingerprint: inout Fingerprint) {
    let stack = configuration.stack
    // What is not so says nothing, so that settings of later versions do not change the fingerprints of networks without them.
    let traits = [
      stack.cell.rawValue, configuration.head.kind.rawValue,
      configuration.head.pooling.map { "pooling: \($0.rawValue)" },
      configuration.input.normalization == .none
        ? nil : "normalization: \(configuration.input.normalization.rawValue)",
      stack.isBidirectional ? "bidirectional" : nil, stack.isResidual ? "residual" : nil,
      stack.normalizesLayers ? "normalizing" : nil, configuration.tiesEmbedding ? "tied" : nil,
    ]
    for trait in traits.compactMap(\.self) { fingerprint.add(trait) }
    parameters.add(to: &fingerprint)
  }
}

extension EncoderDecoder {
  /// Adds its weights and its architecture.
  package func add(to fingerprint: inout Fingerprint) {
    for (key, value) in configuration.metadata.sorted(by: { $0.key < $1.key }) {
      fingerprint.add(key)
      fingerprint.add(value)
    }
    parameters.add(to: &fingerprint)
  }
}

extension ParameterStore {
  /// Adds each tensor's name, shape and numbers, in the order of the names.
  fileprivate func add(to fingerprint: inout Fingerprint) {
    for entry in entries.sorted(by: { $0.name < $1.name }) {
      fingerprint.add(entry.name)
      fingerprint.add("\(entry.shape)")
      fingerprint.add(UnsafeRawBufferPointer(elements(of: entry)))
    }
  }
}
