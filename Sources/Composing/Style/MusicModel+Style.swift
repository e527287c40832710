internal import Arithmetic
internal import Recurrent

extension MusicModel {
  /// The checksum of the model's weights, by which a style knows whether it belongs to them: 16 hexadecimal digits. It depends on
  /// the weights alone, and not on the file that they come from.
  /// - Throws: `StyleError.cause` for a model that does not compose.
  public func weightsChecksum() throws(StyleError) -> String {
    do { return try network.checksum } catch { throw .cause(error) }
  }

  /// The model in a style, or in a mixture of several: what each changes is added as often as its weight says.
  ///
  /// The styles stay apart from the model's files: the result is to be composed with, and cannot be written.
  /// - Parameter styles: The styles, each with its weight, 1 being as it was learned.
  /// - Throws: `StyleError.otherModel` for a style of other weights, `.malformed` for one whose numbers do not fit, `.invalidWeight`,
  ///   `.cause` for a model that does not compose.
  public func styled(by styles: [(style: Style, weight: Double)]) throws(StyleError) -> MusicModel {
    guard !styles.isEmpty else { return self }
    let original: Network
    do { original = try network } catch { throw .cause(error) }
    let checksum = original.checksum, changed = original.copy()
    var state = initialState
    for (style, weight) in styles {
      guard Style.weights.contains(weight) else {
        throw .invalidWeight(style: style.name, weight: weight)
      }
      guard style.modelChecksum == checksum else {
        throw .otherModel(path: style.name, learnedFor: style.modelName, model: name)
      }
      let change = try StyleChange(style, of: original, weight: weight)
      // Each is added to what the others made of the weights.
      change.apply(to: changed.parameters, into: changed.parameters)
      state = state.isEmpty ? change.state : zip(state, change.state).map { $0 + $1 }
    }
    var model = MusicModel(
      tokenizer: tokenizer, network: .network(changed), folder: folder, description: description)
    model.initialState = state
    model.guidance = guidance
    return model
  }
}

extension StyleChange {
  /// The change of a style, as often as `weight` says.
  /// - Throws: `StyleError.malformed` if the numbers are not those of such a style of the network.
  init(_ style: Style, of network: Network, weight: Double) throws(StyleError) {
    let shapes = StyleChange.shapes(style.depth, of: network)
    let given = style.tensors.map { ($0.name, $0.shape) }
    let isWhole =
      given.count == shapes.count
      && shapes.allSatisfy { shape in
        given.contains { $0.0 == shape.name && Self.fits($0.1, shape.shape, name: shape.name) }
      }
    guard isWhole else {
      throw .malformed(
        path: style.name, reason: "its numbers are not those of a style of this network")
    }
    self.init(style.tensors.map { ($0.name, $0.shape) }, of: network, seed: nil)
    for tensor in style.tensors {
      guard let entry = store.entry(named: tensor.name) else { continue }
      // Of two factors one alone takes the weight.
      let factor = tensor.name.hasPrefix("columns.") ? 1 : Float(weight)
      let values = tensor.floats
      for index in values.indices {
        store.values.baseAddress[entry.range.lowerBound + index] = factor * values[index]
      }
    }
  }

  /// Whether a tensor has the shape that is expected; factors may have another rank.
  private static func fits(_ shape: [Int], _ expected: [Int], name: String) -> Bool {
    name.hasPrefix("rows.") || name.hasPrefix("columns.")
      ? shape.count == 2 && shape[0] == expected[0] && shape[1] == rank : shape == expected
  }
}
