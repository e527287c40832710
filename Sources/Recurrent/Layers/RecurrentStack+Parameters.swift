extension RecurrentStack {
  /// The names and shapes of a stack's weights, in PyTorch's order: those of `torch.nn.RNN`, `LSTM` and `GRU`, and, where
  /// layers are normalized, `norm_l0.weight` and `norm_l0.bias` after each layer's.
  package static func parameterShapes(
    configuration: StackConfiguration, inputSize: Int, namePrefix prefix: String
  ) -> [(name: String, shape: [Int])] {
    (0..<configuration.layerCount).flatMap {
      parameterShapes(ofLayer: $0, configuration: configuration, inputSize: inputSize, namePrefix: prefix)
    }
  }

  private static func parameterShapes(
    ofLayer layer: Int, configuration: StackConfiguration, inputSize: Int, namePrefix prefix: String
  ) -> [(name: String, shape: [Int])] {
    let h = configuration.hiddenSize, rows = configuration.cell.implementation.gateCount * h
    let columns = configuration.inputSize(ofLayer: layer, inputSize: inputSize)
    var shapes = (0..<configuration.directionCount).flatMap { direction in
      let suffix = LayerOffsets.suffix(layer: layer, direction: direction)
      return [
        (name: "\(prefix).weight_ih\(suffix)", shape: [rows, columns]),
        (name: "\(prefix).weight_hh\(suffix)", shape: [rows, h]),
        (name: "\(prefix).bias_ih\(suffix)", shape: [rows]),
        (name: "\(prefix).bias_hh\(suffix)", shape: [rows]),
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

  /// Throws unless a file has a stack's weights. It goes layer by layer, so that a file that claims a thousand layers, but has
  /// not, costs no more than what it has.
  static func requireTensors(
    configuration: StackConfiguration, inputSize: Int, namePrefix prefix: String, in file: SafetensorsFile
  ) throws(SafetensorsError) {
    for layer in 0..<configuration.layerCount {
      for (name, shape) in parameterShapes(
        ofLayer: layer, configuration: configuration, inputSize: inputSize, namePrefix: prefix)
      {
        try file.requireTensor(named: name, shape: shape)
      }
    }
  }

  /// Draws a stack's first weights as PyTorch does by default: all uniformly within ±1 / √H, except for a normalization's,
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
