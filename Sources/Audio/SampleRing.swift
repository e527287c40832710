internal import Synchronization

/// A queue of frames between one thread that writes and one that reads; neither ever waits for the other.
final class SampleRing: Sendable {
  let channelCount: Int
  /// How many frames it holds at most.
  let capacity: Int

  private nonisolated(unsafe) let storage: UnsafeMutablePointer<Float>
  /// Frames written since the beginning; only the writer changes it.
  private let written = Atomic<Int>(0)
  /// Frames read since the beginning; only the reader changes it.
  private let taken = Atomic<Int>(0)
  private let ended = Atomic<Bool>(false)

  init(capacity: Int, channelCount: Int) {
    self.capacity = capacity
    self.channelCount = channelCount
    storage = .allocate(capacity: capacity * channelCount)
  }

  deinit { storage.deallocate() }

  /// Marks that nothing more will be written.
  func end() { ended.store(true, ordering: .releasing) }

  /// Whether nothing more will come: the writer has ended and all was read.
  var isExhausted: Bool {
    // The end is read first: once it is seen, all that was written before it is seen too.
    ended.load(ordering: .acquiring)
      && taken.load(ordering: .relaxed) == written.load(ordering: .acquiring)
  }

  /// Writes as many of the interleaved `samples` as there is room for.
  /// - Returns: how many frames were taken.
  func write(_ samples: UnsafeBufferPointer<Float>) -> Int {
    let position = written.load(ordering: .relaxed)
    let room = capacity - (position - taken.load(ordering: .acquiring))
    let count = min(room, samples.count / channelCount)
    guard count > 0, let source = samples.baseAddress else { return 0 }
    copy(count, at: position) { part, offset, length in
      part.update(from: source + offset, count: length)
    }
    written.store(position + count, ordering: .releasing)
    return count
  }

  /// Reads as many frames as there are and `block` has room for.
  /// - Returns: how many frames were read.
  func read(into block: UnsafeMutableBufferPointer<Float>) -> Int {
    let position = taken.load(ordering: .relaxed)
    let count = min(written.load(ordering: .acquiring) - position, block.count / channelCount)
    guard count > 0, let target = block.baseAddress else { return 0 }
    copy(count, at: position) { part, offset, length in
      (target + offset).update(from: part, count: length)
    }
    taken.store(position + count, ordering: .releasing)
    return count
  }

  /// Visits the storage of `count` frames from `position`, in two parts where it wraps around.
  private func copy(_ count: Int, at position: Int, _ body: (UnsafeMutablePointer<Float>, Int, Int) -> Void) {
    let start = position % capacity
    let first = min(count, capacity - start)
    body(storage + start * channelCount, 0, first * channelCount)
    if first < count { body(storage, first * channelCount, (count - first) * channelCount) }
  }
}
