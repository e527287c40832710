package import Tokenization

/// How much of a piece is loops, by the measure of `LoopPenalty`.
package struct LoopCount: Sendable {
  /// How many bars there are.
  package var bars = 0
  /// How many of them go on with a loop.
  package var loopedBars = 0
  /// How many ids go on with a loop of ids within a bar, or where there are no bars within the piece.
  package var loopedIDs = 0
  /// For each number of bars, from 1, how often at most they went round without a break after their first time.
  package var rounds = Array(repeating: 0.0, count: LoopTracker.longestPeriodOfBars)
  /// For each number of ids, from 1, the same within a bar.
  package var idRounds = Array(repeating: 0.0, count: LoopTracker.longestPeriodOfIDs)

  /// - Parameters:
  ///   - ids: The ids of a piece.
  ///   - tokenizer: The tokenizer that wrote them.
  package init(_ ids: [Int32], tokenizer: any Tokenizer) {
    var tracker = LoopTracker(tokenizer)
    for id in ids { tracker.advance(id, counting: &self) }
  }
}

extension LoopTracker {
  fileprivate mutating func advance(_ id: Int32, counting count: inout LoopCount) {
    let before = (bars: bars.items.count, ids: ids.items.count)
    advance(id)
    if bars.items.count > before.bars {
      count.bars += 1
      if bars.loop(usual: { Self.usualBars($0) + 1 }) != nil { count.loopedBars += 1 }
      for period in 1...Self.longestPeriodOfBars {
        count.rounds[period - 1] = max(count.rounds[period - 1], bars.rounds(period))
      }
    }
    if ids.items.count > before.ids {
      if ids.loop(usual: { Self.usualIDs($0) + 1 }) != nil { count.loopedIDs += 1 }
      for period in 1...Self.longestPeriodOfIDs {
        count.idRounds[period - 1] = max(count.idRounds[period - 1], ids.rounds(period))
      }
    }
  }
}
