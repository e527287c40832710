internal import Recurrent
public import Tokenization

extension MusicModel {
  /// How strong guidance can be.
  public static let guidanceScales = 0.0...20.0

  /// The model, guided toward what pieces are asked to say of themselves: what it finds more probable than where that is left open
  /// becomes more probable still (`Guidance`). It reads everything twice, and is slower by that. Surprisals are those of the guided
  /// distribution.
  /// - Parameters:
  ///   - kinds: What is asked for.
  ///   - scale: How strongly: 1 leaves the model as it is, 2 to 3 are usual, within `guidanceScales`.
  /// - Throws: `ComposingError.invalidOption`.
  public func guided(
    toward kinds: Set<PieceAttribute.Kind>, scale: Double
  ) throws(ComposingError) -> MusicModel {
    try requireOption(
      Self.guidanceScales.contains(scale), "guidance", scale, "a number from 0 to 20, 1 for none")
    let attributes = tokenizer.attributes.filter { kinds.contains($0.kind) }
    guard scale != 1, !attributes.isEmpty else { return self }
    var table = (0..<Int32(tokenizer.vocabulary.count)).map { $0 }
    for attribute in attributes {
      for value in attribute.values { table[Int(value.id)] = attribute.open }
    }
    let features = tokenizer.contextFeatures.enumerated().filter { _, feature in
      attributes.contains { $0.kind.rawValue == feature.name }
    }
    var model = self
    model.guidance = Guidance(
      openIDs: table, openFeatures: Set(features.map(\.offset)), scale: Float(scale))
    return model
  }
}
