/// The notes that sound, the one that ends first in front; of those that end together the one that began first.
struct NoteEndQueue {
  /// A note's end.
  struct End {
    /// When it ends.
    var tick: Int
    /// Its place among the notes of the part.
    var order: Int
    /// Its key.
    var pitch: UInt8

    @inline(__always)
    func precedes(_ other: End) -> Bool { tick < other.tick || (tick == other.tick && order < other.order) }
  }

  /// A binary heap.
  private var heap: [End] = []

  /// The note that ends first.
  var first: End? { heap.first }

  mutating func insert(pitch: UInt8, tick: Int, order: Int) {
    var child = heap.count
    let end = End(tick: tick, order: order, pitch: pitch)
    heap.append(end)
    while child > 0 {
      let parent = (child - 1) / 2
      guard end.precedes(heap[parent]) else { break }
      heap[child] = heap[parent]
      child = parent
    }
    heap[child] = end
  }

  /// Removes the note that ends first; there must be one.
  mutating func removeFirst() {
    let last = heap.removeLast()
    guard !heap.isEmpty else { return }
    var parent = 0
    while true {
      var child = 2 * parent + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, heap[child + 1].precedes(heap[child]) { child += 1 }
      guard heap[child].precedes(last) else { break }
      heap[parent] = heap[child]
      parent = child
    }
    heap[parent] = last
  }
}
