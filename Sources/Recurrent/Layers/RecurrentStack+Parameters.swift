extension RecurrentStack {
  /// The names and shapes of a stack's weights, in PyTorch's order: those of `torch.nn.RNN`, `LSTM` and `GRU`, and, where
  /// layers are normalised, `norm_l0.weight` and `norm_l0.bias` behind each layer's.
  package static func parameterShapes(
    configuration: StackConfiguration, inputSize: Int, namePrefix prefix: String
  ) -> [(name: String, shape: [Int])] {
    let h = configuration.hiddenSize, rows = configuration.cell.implementation.gateCount * h
    return (0..<configuration.layerCount).flatMap { layer in
      let columns = configuration.inputSize(ofLayer: layer, inputSize: inputSize)
      var shapes = (0..<configuration.directionCount).flatMap { direction in
        let suffix = LayerOffsets.suffix(layer: layer, direction: direction)
        return [
          ("\(prefix).weight_ih\(suffix)", [rows, columns]), ("\(prefix).weight_hh\(suffix)", [rows, h]),
          ("\(prefix).bias_ih\(suffix)", [rows]), ("\(prefix).bias_hh\(suffix)", [rows]),
        ]
      }
      if configuration.normalizesLayers {
        shapes += [
          ("\(prefix).norm_l\(layer).weight", [configuration.outputSize]),
          ("\(prefix).norm_l\(layer).bias", [configuration.outputSize]),
        ]
      }
      return shapes
    }
  }

  /// Draws a stack's first weights as PyTorch does by default: all uniformly within ±1 / √H, but for a normalisation's,
  /// which begin at scale 1 and shift 0.
  package static func initialize(
    _ parameters: ParameterStore, configuration: StackConfiguration, namePrefix prefix: String, seed: UInt64
  ) {
    let bound = 1 / Float(configuration.hiddenSize).squareRoot()
    for entry in parameters.entries where entry.name.hasPrefix(prefix + ".") {
      if entry.name.hasPrefix(prefix + ".norm_l") {
        parameters.initialize(entry, .constant(entry.name.hasSuffix(".weight") ? 1 : 0), seed: seed)
      } else {
        parameters.initialize(entry, .uniform(bound: bound), seed: seed)
      }
    }
  }
}
