internal import Synchronization

/// A queue of short records of bytes with a moment, between one thread that writes and one that reads; neither ever waits, allocates or calls
/// the system.
///
/// It is used through a pointer, from callbacks that must not count references.
struct RecordRing: ~Copyable {
  private let storage: UnsafeMutableRawPointer
  private let capacity: Int
  /// Bytes written and read since the beginning.
  private let written = Atomic<Int>(0)
  private let taken = Atomic<Int>(0)

  /// Moment and length before each record's bytes.
  private static let headSize = 16

  /// - Parameter capacity: how many bytes it holds, heads included; a multiple of 16.
  init(capacity: Int) {
    precondition(capacity % 16 == 0, "\(capacity) is no multiple of 16")
    self.capacity = capacity
    storage = .allocate(byteCount: capacity, alignment: 16)
  }

  deinit { storage.deallocate() }

  private static func size(_ count: Int) -> Int { headSize + (count + 15) / 16 * 16 }

  /// Adds a record.
  /// - Returns: false where there is no room.
  func write(_ bytes: UnsafeRawPointer, count: Int, time: Int64) -> Bool {
    let position = written.load(ordering: .relaxed)
    let size = Self.size(count)
    guard capacity - (position - taken.load(ordering: .acquiring)) >= size else { return false }
    storage.storeBytes(of: time, toByteOffset: position % capacity, as: Int64.self)
    storage.storeBytes(of: Int64(count), toByteOffset: position % capacity + 8, as: Int64.self)
    // In two parts where it goes beyond the end.
    let start = (position + Self.headSize) % capacity
    let first = min(count, capacity - start)
    (storage + start).copyMemory(from: bytes, byteCount: first)
    if first < count { storage.copyMemory(from: bytes + first, byteCount: count - first) }
    written.store(position + size, ordering: .releasing)
    return true
  }

  /// The moment of the next record and how many bytes it has.
  func peek() -> (time: Int64, count: Int)? {
    let position = taken.load(ordering: .relaxed)
    guard position < written.load(ordering: .acquiring) else { return nil }
    let offset = position % capacity
    return (
      storage.load(fromByteOffset: offset, as: Int64.self),
      Int(storage.load(fromByteOffset: offset + 8, as: Int64.self))
    )
  }

  /// Takes the next record, which has been looked at.
  /// - Parameter target: room for its bytes; nil where they are not wanted.
  func take(into target: UnsafeMutableRawPointer?) {
    guard let (_, count) = peek() else { return }
    let position = taken.load(ordering: .relaxed)
    if let target {
      let start = (position + Self.headSize) % capacity
      let first = min(count, capacity - start)
      target.copyMemory(from: storage + start, byteCount: first)
      if first < count { (target + first).copyMemory(from: storage, byteCount: count - first) }
    }
    taken.store(position + Self.size(count), ordering: .releasing)
  }
}
