internal import Arithmetic

/// Where a tensor's first weights come from.
package enum Initialization: Sendable, Hashable {
  /// The normal distribution of mean 0 and variance 1.
  case normal
  /// Uniformly within ±`bound`.
  case uniform(bound: Float)
  /// The same number everywhere.
  case constant(Float)
}

extension ParameterStore {
  /// Gives a tensor its first weights. Each has a random stream of its own, named after it, so that a change of one
  /// shape leaves the other tensors as they were.
  package func initialize(_ entry: Entry, _ initialization: Initialization, seed: UInt64) {
    var random = RandomStream(seed: seed, name: "initialisation/" + entry.name)
    let values = values.baseAddress
    for index in entry.range {
      values[index] =
        switch initialization {
        case .normal: Float(random.normal())
        case .uniform(let bound): bound * (2 * random.uniformFloat() - 1)
        case .constant(let value): value
        }
    }
  }

  /// Where the tensor of this name, which must be there, begins.
  package func offset(of name: String) -> Int {
    guard let entry = entry(named: name) else { preconditionFailure("there is no tensor \(name)") }
    return entry.range.lowerBound
  }
}
