internal import Groundwork

extension Network {
  /// Writes what modules of PyTorch load by name, atomically.
  /// - Throws: `ExchangeError`: PyTorch cannot express such a network, or the file cannot be written.
  func writeStateDictionary(to path: String, metadata: [String: String]) throws(ExchangeError) {
    let stack = configuration.stack
    try stack.requirePyTorch()
    let metadata = metadata.merging(["format": "pt", PyTorchWeights.cellKey: stack.cell.rawValue]) { $1 }
    do throws(SafetensorsError) {
      try Safetensors.write(pytorchTensors(), metadata: metadata, to: path)
    } catch {
      throw .weights(error)
    }
  }

  /// The weights as a module's `state_dict` has them.
  private func pytorchTensors() -> [SafetensorsTensor] {
    var tensors = tensors()
    if configuration.tiesEmbedding {
      var output = NamedTensors(tensors)[configuration.outputWeightName]
      output.name = "output.weight"
      tensors.append(output)
    }
    return tensors
  }
}

extension StackConfiguration {
  /// The module of PyTorch that the layers are, as one writes it in Python; nil where `torch.nn` has none.
  func pytorchModule(inputSize: Int) -> String? {
    guard let exchange = cell.implementation.exchange, let module = exchange.pytorchModule else { return nil }
    return "torch.nn.\(module)(\(inputSize), \(hiddenSize), num_layers=\(layerCount)"
      + (exchange.pytorchOption.map { ", " + $0 } ?? "") + (isBidirectional ? ", bidirectional=True" : "")
      + ")"
  }

  /// Throws unless `torch.nn.RNN`, `LSTM` and `GRU` have what the recurrent layers need.
  fileprivate func requirePyTorch() throws(ExchangeError) {
    func refuse(_ feature: String) -> ExchangeError {
      .notExpressible(format: .pytorch, feature: feature, remedy: "export it to ONNX")
    }
    if pytorchModule(inputSize: 1) == nil { throw refuse("the cell \(cell.rawValue)") }
    if normalizesLayers { throw refuse("layer normalization between recurrent layers") }
    if isResidual { throw refuse("residual connections between recurrent layers") }
  }
}
