/// The order of all suffixes of a text of lines, found by doubling the length by which they are compared and sorting again only what
/// is still equal (Larsson and Sadakane 2007): n · log n steps, times the logarithm of the longest repetition.
struct SuffixOrder {
  private var order: [Int32]
  /// For each place the first index in `order` of those that are equal to it so far.
  private var ranks: [Int32]

  /// - Parameter keys: The text; a negative key begins a line, and is equal to no other.
  init(_ keys: [Int32]) {
    var packed = keys.indices.map { UInt64(UInt32(keys[$0] + 1)) << 32 | UInt64($0) }
    packed.sort()
    order = packed.map { Int32(truncatingIfNeeded: $0) }
    ranks = Array(repeating: 0, count: keys.count)
    var groups: [Range<Int>] = []
    var start = 0
    for index in packed.indices {
      let isNew = index > 0 && packed[index] >> 32 != packed[index - 1] >> 32
      if isNew || packed[index] >> 32 == 0 {
        if index - start > 1 { groups.append(start..<index) }
        start = index
      }
      ranks[Int(order[index])] = Int32(start)
    }
    if packed.count - start > 1 { groups.append(start..<packed.count) }
    var length = 1
    while !groups.isEmpty {
      groups = refine(groups, by: length)
      length *= 2
    }
  }

  /// Sorts each group of suffixes that are equal in their first `length` keys by the next `length`.
  private mutating func refine(_ groups: [Range<Int>], by length: Int) -> [Range<Int>] {
    var rest: [Range<Int>] = []
    var packed: [UInt64] = []
    for group in groups {
      packed.removeAll(keepingCapacity: true)
      for index in group {
        let next = Int(order[index]) + length
        let rank = next < ranks.count ? UInt64(ranks[next]) + 1 : 0
        packed.append(rank << 32 | UInt64(order[index]))
      }
      packed.sort()
      for (index, value) in zip(group, packed) { order[index] = Int32(truncatingIfNeeded: value) }
      var start = group.lowerBound
      for offset in 1...packed.count {
        let index = group.lowerBound + offset
        guard offset == packed.count || packed[offset] >> 32 != packed[offset - 1] >> 32 else { continue }
        if index - start > 1 { rest.append(start..<index) }
        for place in start..<index { ranks[Int(order[place])] = Int32(start) }
        start = index
      }
    }
    return rest
  }

  /// The places in order, without the first `count`.
  func suffixes(from count: Int) -> [Int32] { Array(order[min(count, order.count)...]) }
}
