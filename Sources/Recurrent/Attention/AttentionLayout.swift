/// Which queries look at which rows of memory, for some sequences of different lengths that lie one after the other: there
/// is no padding, and so no mask.
package struct AttentionLayout: Sendable, Hashable {
  /// Sequence q's queries are rows queryOffsets[q] ..< queryOffsets[q + 1].
  package let queryOffsets: [Int]
  /// Sequence q's memory is rows memoryOffsets[q] ..< memoryOffsets[q + 1].
  package let memoryOffsets: [Int]
  /// Where sequence q's matrix of weights begins, a row a query and a column a row of memory.
  package let weightOffsets: [Int]

  /// Sequences with this many queries and this many rows of memory each.
  package init(queryCounts: [Int], memoryCounts: [Int]) {
    precondition(
      queryCounts.count == memoryCounts.count && queryCounts.allSatisfy { $0 > 0 }
        && memoryCounts.allSatisfy { $0 > 0 },
      "\(queryCounts) queries for memories of \(memoryCounts) rows")
    queryOffsets = Self.offsets(queryCounts)
    memoryOffsets = Self.offsets(memoryCounts)
    weightOffsets = Self.offsets(zip(queryCounts, memoryCounts).map { $0 * $1 })
  }

  /// How many sequences there are.
  package var sequenceCount: Int { queryOffsets.count - 1 }
  /// How many queries there are in all.
  package var queryCount: Int { queryOffsets[sequenceCount] }
  /// How many rows the memories have in all.
  package var memoryCount: Int { memoryOffsets[sequenceCount] }

  func queries(of sequence: Int) -> Range<Int> { queryOffsets[sequence]..<queryOffsets[sequence + 1] }
  func memory(of sequence: Int) -> Range<Int> { memoryOffsets[sequence]..<memoryOffsets[sequence + 1] }

  /// Where each of some runs of these lengths begins, and where the last ends.
  static func offsets(_ counts: [Int]) -> [Int] {
    counts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
  }
}
