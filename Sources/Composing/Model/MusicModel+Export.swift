internal import Groundwork
public import Recurrent
internal import Tokenization

extension MusicModel {
  /// What the vocabulary is called among the text that goes with exported weights.
  static let vocabularyKey = "gruppetto.vocabulary"

  /// Writes the network for another program, with the vocabulary (the content of `vocabulary.json`, in one line) as its
  /// metadata `gruppetto.vocabulary`, so that its user knows what its ids mean.
  /// - Throws: `ComposingError`: the format cannot express such a network, or the file cannot be written.
  public func export(as format: ExchangeFormat, to path: String) throws(ComposingError) {
    let vocabulary: [UInt8]
    do { vocabulary = try JSONFormat.encodeLine(tokenizer.vocabulary) } catch {
      preconditionFailure("strings and integers can always be written as JSON: \(error)")
    }
    let network: Network
    let interface: ExportInterface
    switch anyNetwork {
    case .network(let given):
      network = given
      interface = given.configuration.languageModel == nil ? .network : .languageModel
    case .encoderDecoder:
      throw .unsuitableNetwork(
        model: name, reason: "it has \(anyNetwork.summary), which no export format supports yet")
    }
    do {
      try network.export(
        as: format, to: path, interface: interface,
        metadata: [
          Self.vocabularyKey: String(decoding: vocabulary, as: UTF8.self),
          "gruppetto.program": description.program,
        ])
    } catch {
      throw .cause(error)
    }
  }
}
