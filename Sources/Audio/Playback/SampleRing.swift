internal import Synchronization

/// A queue of frames between one thread that writes and one that reads; neither ever waits for the other.
final class SampleRing: Sendable {
  let channelCount: Int
  /// How many frames it holds at most.
  let capacity: Int

  private nonisolated(unsafe) let storage: UnsafeMutablePointer<Float>
  /// Frames written since the beginning; only the writer changes it.
  private let written = Atomic<Int>(0)
  /// Frames read or dropped since the beginning; only the reader changes it.
  private let taken = Atomic<Int>(0)
  private let ended = Atomic<Bool>(false)

  init(capacity: Int, channelCount: Int) {
    self.capacity = capacity
    self.channelCount = channelCount
    storage = .allocate(capacity: capacity * channelCount)
    // Memory is there before the audio thread touches it.
    storage.initialize(repeating: 0, count: capacity * channelCount)
  }

  deinit { storage.deallocate() }

  /// Marks that nothing more will be written.
  func end() { ended.store(true, ordering: .releasing) }

  /// Begins anew, empty. Neither thread may be using it.
  func reset() {
    ended.store(false, ordering: .relaxed)
    taken.store(0, ordering: .relaxed)
    written.store(0, ordering: .releasing)
  }

  /// Whether the writer has ended.
  var isEnded: Bool { ended.load(ordering: .acquiring) }

  /// Whether nothing more will come: the writer has ended and all was read.
  var isExhausted: Bool {
    // The end is read first: once it is seen, all that was written before it is seen too.
    isEnded && count == 0
  }

  /// How many frames were written since the beginning.
  var writtenCount: Int { written.load(ordering: .acquiring) }
  /// How many of them were read or dropped.
  var takenCount: Int { taken.load(ordering: .acquiring) }
  /// How many frames can be read.
  var count: Int { written.load(ordering: .acquiring) - taken.load(ordering: .acquiring) }
  /// How many frames there is room for.
  var room: Int { capacity - count }

  /// Writes as many of the interleaved `samples` as there is room for.
  /// - Returns: how many frames were taken.
  func write(_ samples: UnsafeBufferPointer<Float>) -> Int {
    let position = written.load(ordering: .relaxed)
    let room = capacity - (position - taken.load(ordering: .acquiring))
    let count = min(room, samples.count / channelCount)
    guard count > 0, let source = samples.baseAddress else { return 0 }
    let start = position % capacity
    let first = min(count, capacity - start)
    (storage + start * channelCount).update(from: source, count: first * channelCount)
    storage.update(from: source + first * channelCount, count: (count - first) * channelCount)
    written.store(position + count, ordering: .releasing)
    return count
  }

  /// Reads as many frames as there are, but no more than `limit`, to the beginning of `target`.
  /// - Returns: how many frames were read.
  func read(_ limit: Int, into target: UnsafeMutablePointer<Float>) -> Int {
    let position = taken.load(ordering: .relaxed)
    let count = min(written.load(ordering: .acquiring) - position, limit)
    guard count > 0 else { return 0 }
    let start = position % capacity
    let first = min(count, capacity - start)
    target.update(from: storage + start * channelCount, count: first * channelCount)
    (target + first * channelCount).update(from: storage, count: (count - first) * channelCount)
    taken.store(position + count, ordering: .releasing)
    return count
  }

  /// Drops what was written before `position`. The reader calls it.
  /// - Returns: how many frames were dropped.
  func skip(to position: Int) -> Int {
    let start = taken.load(ordering: .relaxed)
    let end = min(position, written.load(ordering: .acquiring))
    guard end > start else { return 0 }
    taken.store(end, ordering: .releasing)
    return end - start
  }
}
