internal import Arithmetic

/// A partition of examples into folds by the pieces that they are from: all excerpts of a piece are in one fold, so that nothing
/// is ever judged by what was learned from the same piece. Each fold has about as many pieces of each class.
struct GroupedFolds: Sendable, Hashable {
  /// How many folds there are.
  let count: Int
  /// The fold of each example.
  let folds: [Int]

  /// A partition.
  /// - Parameters:
  ///   - labels: The class of each example.
  ///   - groups: The piece of each example; a piece has one class.
  ///   - count: How many folds to make.
  ///   - random: Decides which piece goes where.
  init(labels: [Bool], groups: [Int], count: Int, random: inout RandomStream) {
    var foldOfGroup: [Int: Int] = [:]
    for label in [false, true] {
      var members = Set(zip(labels, groups).lazy.filter { $0.0 == label }.map(\.1)).sorted()
      random.shuffle(&members)
      for (place, group) in members.enumerated() { foldOfGroup[group] = place % count }
    }
    self.count = count
    folds = groups.map { foldOfGroup[$0] ?? 0 }
  }

  /// The examples outside a fold.
  func training(without fold: Int) -> [Int] { folds.indices.filter { folds[$0] != fold } }
  /// The examples in a fold.
  func test(in fold: Int) -> [Int] { folds.indices.filter { folds[$0] == fold } }
}
