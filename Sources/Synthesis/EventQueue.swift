/// The events that a synthesizer has yet to perform, in order of time, in memory that is taken once.
struct EventQueue {
  private let events: UnsafeMutablePointer<TimedEvent>
  private let capacity: Int
  private var first = 0
  private var end = 0
  /// The bytes of system-exclusive messages.
  private let bytes: UnsafeMutablePointer<UInt8>
  private let byteCapacity: Int
  private var byteCount = 0

  /// - Parameters:
  ///   - capacity: How many events it holds.
  ///   - byteCapacity: How many bytes of system-exclusive messages.
  init(arena: Arena, capacity: Int, byteCapacity: Int) {
    events = arena.allocate(capacity, of: TimedEvent(frame: 0, channel: 0, action: .end))
    bytes = arena.allocate(byteCapacity, of: 0)
    self.capacity = capacity
    self.byteCapacity = byteCapacity
  }

  /// Whether nothing is left.
  var isEmpty: Bool { first == end }

  /// How many are left.
  var count: Int { end - first }

  /// The next event.
  var next: TimedEvent? { first < end ? events[first] : nil }

  /// Drops the next event.
  mutating func removeFirst() {
    first += 1
    if first == end { (first, end, byteCount) = (0, 0, 0) }
  }

  /// Adds an event behind all that are not later than it.
  /// - Returns: false if there is no room.
  mutating func add(_ event: TimedEvent) -> Bool {
    if end == capacity {
      guard first > 0 else { return false }
      events.update(from: events + first, count: end - first)
      (first, end) = (0, end - first)
    }
    var place = end
    while place > first, events[place - 1].frame > event.frame {
      events[place] = events[place - 1]
      place -= 1
    }
    events[place] = event
    end += 1
    return true
  }

  /// Adds a system-exclusive message: the bytes after 0xF0, with or without the final 0xF7.
  /// - Returns: false if there is no room.
  mutating func add(systemExclusive message: UnsafeBufferPointer<UInt8>, at frame: Int) -> Bool {
    if byteCount + message.count > byteCapacity { dropUsedBytes() }
    guard byteCount + message.count <= byteCapacity else { return false }
    let action = TimedEvent.Action.systemExclusive(start: byteCount, count: message.count)
    guard add(TimedEvent(frame: frame, channel: 0, action: action)) else { return false }
    for (index, byte) in message.enumerated() { bytes[byteCount + index] = byte }
    byteCount += message.count
    return true
  }

  /// Moves the bytes of messages that still wait to the beginning.
  private mutating func dropUsedBytes() {
    var (kept, passed) = (0, 0)
    while true {
      // The next message in memory, which need not be the next in time.
      var (place, start, count) = (-1, Int.max, 0)
      for index in first..<end {
        guard case .systemExclusive(let itsStart, let itsCount) = events[index].action else { continue }
        if itsStart >= passed, itsStart < start { (place, start, count) = (index, itsStart, itsCount) }
      }
      guard place >= 0 else { break }
      (bytes + kept).update(from: bytes + start, count: count)
      events[place].action = .systemExclusive(start: kept, count: count)
      kept += count
      // An empty message shares its place with the next.
      passed = start + max(1, count)
    }
    byteCount = kept
  }

  /// The bytes of a system-exclusive message.
  func bytes(_ start: Int, _ count: Int) -> UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: bytes + start, count: count)
  }
}
