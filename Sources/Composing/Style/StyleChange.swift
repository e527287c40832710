internal import Arithmetic
internal import Recurrent

/// The numbers of a style while they are learned or used: named tensors, and what they make of a network's state and weights.
///
/// `state` is L × S·H; `change.NAME` is added to the tensor NAME; `rows.NAME` (R × K) and `columns.NAME` (C × K) add their
/// product, rows · columnsᵀ, to the matrix NAME (R × C).
struct StyleChange {
  /// The numbers.
  let store: ParameterStore
  private let configuration: LanguageModelConfiguration
  /// How much of the state one of its numbers makes, and of a change of a matrix the product of two.
  private let stateFactor: Float
  private let productFactor: Float

  /// What these factors are while a style is learned, so that one rate suits all its numbers: Adam moves each as far, a state has room for
  /// large steps, and of a matrix very many numbers change at once.
  private static let learningFactors: (state: Float, product: Float) = (10, 0.02)
  /// K, how many directions a change of low rank has.
  static let rank = 4

  /// What a style of a depth has numbers for.
  static func shapes(_ depth: StyleDepth, of network: Network) -> [(name: String, shape: [Int])] {
    guard let configuration = network.configuration.languageModel else { return [] }
    let layers = configuration.layerCount
    var shapes = [(Style.stateName, [layers, configuration.carriedStateSize / layers])]
    guard depth != .state else { return shapes }
    let entries = network.parameters.entries.filter { !$0.name.hasPrefix("embedding.") }
    for entry in entries where entry.shape.count == 1 { shapes.append(("change." + entry.name, entry.shape)) }
    guard depth == .lowRank else { return shapes }
    for entry in entries where entry.shape.count == 2 {
      shapes.append(("rows." + entry.name, [entry.shape[0], rank]))
      shapes.append(("columns." + entry.name, [entry.shape[1], rank]))
    }
    return shapes
  }

  /// A change that changes nothing yet.
  /// - Parameters:
  ///   - shapes: Which numbers it has.
  ///   - network: The network that it changes.
  ///   - seed: Decides the directions from which a change of low rank begins, where the change is to be learned; nil where it
  ///     is to be used.
  init(_ shapes: [(name: String, shape: [Int])], of network: Network, seed: UInt64?) {
    guard let configuration = network.configuration.languageModel else {
      preconditionFailure("a style is one of a language model")
    }
    self.configuration = configuration
    store = ParameterStore(shapes: shapes)
    (stateFactor, productFactor) = seed == nil ? (1, 1) : Self.learningFactors
    guard let seed else { return }
    for entry in store.entries where entry.name.hasPrefix("columns.") {
      // One factor is zero and the other is not, so that the first step goes somewhere.
      store.initialize(entry, .uniform(bound: 1 / Float(entry.shape[0]).squareRoot()), seed: seed)
    }
  }

  /// The state in which pieces begin.
  var state: [Float] {
    guard let entry = store.entry(named: Style.stateName) else { return [] }
    return store.values.elements[entry.range].map { stateFactor * $0 }
  }

  /// Puts a network's weights, plus this change `weight` times, into `target`; tensors that it does not change stay as they are there.
  func apply(to source: ParameterStore, into target: ParameterStore) {
    for entry in source.entries {
      if let change = store.entry(named: "change." + entry.name) {
        copy(entry, from: source, to: target)
        let values = target.values.baseAddress + entry.range.lowerBound
        let added = store.values.baseAddress + change.range.lowerBound
        for index in 0..<entry.range.count { values[index] += added[index] }
      } else if let factors = factors(of: entry) {
        copy(entry, from: source, to: target)
        add(factors, to: target.values.baseAddress + entry.range.lowerBound)
      }
    }
  }

  private func copy(_ entry: ParameterStore.Entry, from source: ParameterStore, to target: ParameterStore) {
    (target.values.baseAddress + entry.range.lowerBound)
      .update(from: source.values.baseAddress + entry.range.lowerBound, count: entry.range.count)
  }

  /// The factors of a change of low rank, R × K and C × K.
  private struct Factors {
    var rows: UnsafeMutablePointer<Float>
    var columns: UnsafeMutablePointer<Float>
    var rowRange: Range<Int>
    var columnRange: Range<Int>
    var shape: [Int]
    var rank: Int
  }

  private func factors(of entry: ParameterStore.Entry) -> Factors? {
    guard let rows = store.entry(named: "rows." + entry.name),
      let columns = store.entry(named: "columns." + entry.name)
    else { return nil }
    return Factors(
      rows: store.values.baseAddress + rows.range.lowerBound,
      columns: store.values.baseAddress + columns.range.lowerBound, rowRange: rows.range,
      columnRange: columns.range, shape: entry.shape, rank: rows.shape[1])
  }

  private func add(_ factors: Factors, to matrix: UnsafeMutablePointer<Float>) {
    let (rows, columns, rank) = (factors.shape[0], factors.shape[1], factors.rank)
    for row in 0..<rows {
      for column in 0..<columns {
        var sum: Float = 0
        for k in 0..<rank {
          sum += factors.rows[row * rank + k] * factors.columns[column * rank + k]
        }
        matrix[row * columns + column] += productFactor * sum
      }
    }
  }

  /// The gradient of the style's numbers.
  /// - Parameters:
  ///   - gradients: Those of the weights, laid out as `parameters`.
  ///   - parameters: The network's weights.
  ///   - state: That of the state.
  ///   - result: Where it goes, laid out as `store`.
  func takeGradient(
    from gradients: AlignedBuffer<Float>, of parameters: ParameterStore, state: [Float],
    into result: AlignedBuffer<Float>
  ) {
    result.clear()
    if let entry = store.entry(named: Style.stateName) {
      for (index, value) in zip(entry.range, state) { result.baseAddress[index] = stateFactor * value }
    }
    for entry in parameters.entries {
      let gradient = gradients.baseAddress + entry.range.lowerBound
      if let change = store.entry(named: "change." + entry.name) {
        (result.baseAddress + change.range.lowerBound).update(from: gradient, count: entry.range.count)
      } else if let factors = factors(of: entry) {
        let (columns, rank) = (factors.shape[1], factors.rank)
        let rowGradient = result.baseAddress + factors.rowRange.lowerBound
        let columnGradient = result.baseAddress + factors.columnRange.lowerBound
        for row in 0..<factors.shape[0] {
          for column in 0..<columns {
            let value = productFactor * gradient[row * columns + column]
            for k in 0..<rank {
              rowGradient[row * rank + k] += value * factors.columns[column * rank + k]
              columnGradient[column * rank + k] += value * factors.rows[row * rank + k]
            }
          }
        }
      }
    }
  }

  /// The numbers as tensors of a style.
  func tensors() -> [SafetensorsTensor] {
    store.entries.map { entry in
      let factor =
        entry.name == Style.stateName ? stateFactor : entry.name.hasPrefix("rows.") ? productFactor : 1
      return SafetensorsTensor(
        name: entry.name, shape: entry.shape,
        values: store.values.elements[entry.range].map { factor * $0 })
    }
  }
}
