/// Messages in the order of their moments; of those of one moment the first that came is the first that goes.
///
/// A binary heap of bounded size: adding and taking cost the logarithm of the count, and allocate nothing once it has been full.
struct DueQueue: Sendable {
  private struct Entry: Sendable {
    var message: TimedMessage
    var number: UInt64

    func comes(before other: Entry) -> Bool {
      (message.time, number) < (other.message.time, other.number)
    }
  }

  let capacity: Int
  private var heap: [Entry] = []
  private var nextNumber: UInt64 = 0

  init(capacity: Int) {
    self.capacity = capacity
    heap.reserveCapacity(capacity)
  }

  var count: Int { heap.count }

  /// The moment of the first; nil where there is none.
  var firstTime: PerformanceTime? { heap.first?.message.time }

  /// Adds a message.
  /// - Returns: false where there is no room.
  mutating func add(_ message: TimedMessage) -> Bool {
    guard heap.count < capacity else { return false }
    heap.append(Entry(message: message, number: nextNumber))
    nextNumber += 1
    var index = heap.count - 1
    while index > 0 {
      let parent = (index - 1) / 2
      guard heap[index].comes(before: heap[parent]) else { break }
      heap.swapAt(index, parent)
      index = parent
    }
    return true
  }

  /// Takes the first if it is due by then.
  mutating func take(by time: PerformanceTime) -> TimedMessage? {
    guard let first = heap.first, first.message.time <= time else { return nil }
    heap.swapAt(0, heap.count - 1)
    heap.removeLast()
    var index = 0
    while true {
      var earliest = index
      for child in (2 * index + 1)..<(2 * index + 3) where child < heap.count {
        if heap[child].comes(before: heap[earliest]) { earliest = child }
      }
      guard earliest != index else { break }
      heap.swapAt(index, earliest)
      index = earliest
    }
    return first.message
  }

  mutating func removeAll() { heap.removeAll(keepingCapacity: true) }
}
