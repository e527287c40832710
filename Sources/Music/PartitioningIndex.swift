extension RandomAccessCollection where Index == Int {
  /// The first index whose element is of the second part, found by halves; `endIndex` where none is.
  /// - Parameter isInSecondPart: False for all elements up to some place, and true for all from there on.
  @inlinable
  package func partitioningIndex(where isInSecondPart: (Element) -> Bool) -> Int {
    var (low, high) = (startIndex, endIndex)
    while low < high {
      let middle = low + (high - low) / 2
      if isInSecondPart(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
