internal import Analysis
internal import Groundwork
internal import Recurrent
internal import Tokenization

extension MusicModel {
  /// Sixteen hexadecimal digits that differ between models that may compose differently.
  ///
  /// It is the `Fingerprint` (XXH64, part by part) of what decides the output: of the network the kind of its cells and its
  /// head, and name, shape and numbers of every tensor; of the tokenizer its settings and the tokens by id, as `vocabulary.json` has
  /// them, and the features that it tells the network; and how music is prepared before the model reads it. The folder's name,
  /// the training's settings and its history do not count, so that a copy of a model has the fingerprint of the original, and a model that was
  /// trained further has another. It takes as long as memory takes to be read: 4 ms for ten million weights.
  public var fingerprint: String {
    var fingerprint = Fingerprint()
    switch anyNetwork {
    case .network(let network): network.add(to: &fingerprint)
    case .encoderDecoder(let network): network.add(to: &fingerprint)
    }
    do { fingerprint.add(try JSONFormat.encodeLine(tokenizer.vocabulary)) } catch {
      preconditionFailure("strings and integers can always be written as JSON: \(error)")
    }
    for feature in tokenizer.contextFeatures { fingerprint.add("\(feature.name) \(feature.count)") }
    if let critic { fingerprint.add(critic.text) }
    // A request that cannot be read prepares nothing: a primer is refused with the reason.
    if let preparation = try? preparation() {
      if !preparation.aligns { fingerprint.add("beats as they are") }
      if !preparation.statesKey { fingerprint.add("keys as they are") }
      if let signature = preparation.timeSignature { fingerprint.add("bars of \(signature)") }
    }
    return fingerprint.text
  }
}
