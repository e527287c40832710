/// What an exported network takes and gives.
public enum ExportInterface: Sendable {
  /// What every network does: ids and frames in, `values` out.
  case network
  /// What a language model does: in an ONNX file the inputs are `ids` (T × B, 64-bit integers), where it has a context of C
  /// features `contexts` (T × B × C, 64-bit integers, −1 for none), `h_0` and, for an LSTM, `c_0` (L × B × H, the state before the first step, zero at the beginning), the outputs `logits` (T × B × V), `h_n` and
  /// `c_n` (the state after the last step). T and B are free at each call.
  case languageModel
}

extension Network {
  /// Writes the network for another program, atomically.
  ///
  /// T steps, B streams, K vocabularies of V_k ids, embeddings of E numbers, frames of F, D directions, L layers of H
  /// units, O outputs.
  ///
  /// - PyTorch: a safetensors file whose tensors a module loads by name that has the members `embedding`
  ///   (`torch.nn.Embedding`, or a `ModuleList` of K of them where there are several vocabularies), `rnn` (`torch.nn.RNN`,
  ///   `LSTM` or `GRU`), `output` (`torch.nn.Linear`), for attention pooling `pooling` with the parameter `query` (D · H),
  ///   and, for frames that are normalized by the training set, `normalization` with the buffers `mean` and `variance` (F).
  ///   The `forward` of the module uses them: sums of embeddings, the frame after them, the pooling,
  ///   and what `NetworkOutput` makes of the outputs. `Network(path:)` reads the file back, and
  ///   `Network(configuration:tensors:)` what PyTorch has written of the same names.
  /// - ONNX: the whole of it. Inputs are `ids` (T × B × K, 64-bit integers, −1 for none) and `frames` (T × B × F, NaN for
  ///   what is missing), as the network reads them; the output `values` is what `NetworkOutput.values` documents for the
  ///   head: T × B × O, or B × O where it pools. T and B are free at each call.
  ///
  ///   A network that can run step by step (see `Configuration.runsStepByStep`) takes `h_0` and, for an LSTM, `c_0`
  ///   (L × B × H, the state before the first step, zero at the beginning), and gives `h_n` and `c_n`, the state after the
  ///   last step. Every other takes `lengths` (B 64-bit integers from 1 to T): how many steps each stream has. What is
  ///   given after a stream's end is not read. What `values` has there means nothing.
  ///
  /// Tied weights occur twice in a `state_dict`, as `embedding.weight` and as `output.weight`.
  /// - Parameters:
  ///   - format: for which program.
  ///   - path: where to write.
  ///   - interface: what the network takes and gives in an ONNX file, if it is to be another than the above.
  ///   - metadata: text to go with the network, such as the names of its classes. The architecture is added to it, as JSON
  ///     under `network`, unless the interface is that of a language model.
  /// - Throws: `ExchangeError`: the format cannot express such a network, or the file cannot be written.
  public func export(
    as format: ExchangeFormat, to path: String, interface: ExportInterface = .network,
    metadata: [String: String] = [:]
  ) throws(ExchangeError) {
    var metadata = metadata
    switch interface {
    case .network: metadata.merge(configuration.metadata) { _, ours in ours }
    case .languageModel:
      guard configuration.languageModel != nil else {
        throw .notExpressible(
          format: format, feature: "this network as a language model", remedy: "export it as a network")
      }
    }
    switch format {
    case .pytorch: try writeStateDictionary(to: path, metadata: metadata)
    case .onnx: try onnxGraph(interface).write(to: path, metadata: metadata)
    }
  }
}
