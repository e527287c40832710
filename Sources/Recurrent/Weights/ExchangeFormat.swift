internal import Groundwork

/// A form in which other programs take a network.
public enum ExchangeFormat: String, Sendable, CaseIterable {
  /// A safetensors file whose tensors a PyTorch module with the members `embedding` (`torch.nn.Embedding`), `rnn`
  /// (`torch.nn.RNN`, `LSTM` or `GRU`) and `output` (`torch.nn.Linear`) loads by name.
  case pytorch
  /// A file that ONNX Runtime and other readers of ONNX run.
  case onnx

  /// The format that the ending of `path` names; nil for another ending.
  public init?(endingOf path: String) {
    if path.hasSuffix(".safetensors") {
      self = .pytorch
    } else if path.hasSuffix(".onnx") {
      self = .onnx
    } else {
      return nil
    }
  }
}

extension LanguageModel {
  /// Writes the network for another program, atomically.
  ///
  /// - PyTorch: `embedding.weight` V × E, `rnn.weight_ih_l0` and so on, `output.weight` V × H, `output.bias` V.
  /// - ONNX: inputs `ids` (T × B, 64-bit integers), `h_0` and, for an LSTM, `c_0` (L · D × B × H, the state before the
  ///   first step, zero at the beginning); outputs `logits` (T × B × V), `h_n` and `c_n` (the state after the last step).
  ///   T and B are free at each call.
  /// - Parameters:
  ///   - format: for which program.
  ///   - path: where to write.
  ///   - metadata: text to go with the network, such as its vocabulary.
  /// - Throws: `ExchangeError`: the format has no words for such a network, or the file cannot be written.
  public func export(
    as format: ExchangeFormat, to path: String, metadata: [String: String] = [:]
  ) throws(ExchangeError) {
    switch format {
    case .pytorch:
      try configuration.requirePyTorch()
      var metadata = metadata
      metadata["format"] = "pt"
      do throws(SafetensorsError) {
        try Safetensors.write(pytorchTensors(), metadata: metadata, to: path)
      } catch {
        throw .weights(error)
      }
    case .onnx: try writeONNX(to: path, metadata: metadata)
    }
  }

  /// The weights as a module's `state_dict` has them, in which tied weights stand twice.
  private func pytorchTensors() -> [SafetensorsTensor] {
    var tensors = tensors()
    if configuration.tiesEmbedding {
      var output = NamedTensors(tensors)[configuration.outputWeightName]
      output.name = "output.weight"
      tensors.append(output)
    }
    return tensors
  }

  private func writeONNX(to path: String, metadata: [String: String]) throws(ExchangeError) {
    let content = onnxGraph().model(metadata: metadata)
    guard content.byteCount <= Int(Int32.max) else {
      throw .tooLarge(path: path, byteCount: content.byteCount, limit: Int(Int32.max))
    }
    do throws(FileError) {
      let file = try AtomicReplacement(path: path)
      try content.write(to: file)
      try file.commit()
    } catch {
      throw .file(error)
    }
  }
}

extension LanguageModelConfiguration {
  /// Throws unless `torch.nn.RNN`, `LSTM` and `GRU` have what the recurrent layers need.
  fileprivate func requirePyTorch() throws(ExchangeError) {
    func refuse(_ feature: String) -> ExchangeError {
      .notExpressible(format: .pytorch, feature: feature, remedy: "export it with --format onnx")
    }
    if stack.cell == .gruResetBefore { throw refuse("a GRU that resets before its product") }
    if stack.normalizesLayers { throw refuse("layer normalisation between recurrent layers") }
    if stack.isResidual { throw refuse("residual connections between recurrent layers") }
  }
}
