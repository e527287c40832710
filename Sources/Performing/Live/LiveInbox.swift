/// What the threads of a stage's inputs hand over to the one that performs.
struct LiveInbox: Sendable {
  /// Messages that were dropped because too many waited.
  private(set) var overflowCount = 0
  /// Why an input stopped working, the first of them.
  private(set) var failure: PortError?
  /// What is to be changed.
  var changes: [LiveChange] = []

  private var messages: [TimedMessage] = []
  /// What each input holds down.
  private var held: [HeldKeys]
  /// What each input holds down as far as it was handed over, and whether some of it was dropped since.
  private var handed: [(keys: HeldKeys, isIncomplete: Bool)]
  /// Whether each input that has an end is still open.
  private var isOpen: [Bool]

  /// So many messages may wait.
  static let limit = 65_536

  /// An empty inbox.
  /// - Parameters:
  ///   - inputCount: How many inputs there are.
  ///   - endingCount: How many of them, from the first, have an end.
  init(inputCount: Int = 0, endingCount: Int = 0) {
    held = Array(repeating: HeldKeys(), count: inputCount)
    handed = Array(repeating: (HeldKeys(), false), count: inputCount)
    isOpen = Array(repeating: true, count: endingCount)
  }

  /// Whether all inputs that have an end have come to it, and what they gave was taken.
  var hasEnded: Bool { messages.isEmpty && !isOpen.contains(true) }

  /// Adds what an input gave.
  mutating func add(_ message: TimedMessage, from index: Int) {
    held[index].follow(message.message)
    guard messages.count < Self.limit else {
      overflowCount += 1
      handed[index].isIncomplete = true
      return
    }
    handed[index].keys.follow(message.message)
    messages.append(message)
  }

  /// Gives all that waits. Keys of an input of which something was dropped come up at the end: their release may have been among it.
  mutating func takeMessages() -> [TimedMessage] {
    guard let last = messages.last?.time else { return [] }
    var taken: [TimedMessage] = []
    swap(&taken, &messages)
    for index in handed.indices where handed[index].isIncomplete {
      handed[index].isIncomplete = false
      taken += handed[index].keys.release().map { TimedMessage(time: last, message: $0) }
    }
    return taken
  }

  /// What releases the keys and pedals that an input holds down.
  mutating func release(_ index: Int) -> [WireMessage] { held[index].release() }

  /// Marks that nothing more comes from an input.
  mutating func end(_ index: Int) {
    if isOpen.indices.contains(index) { isOpen[index] = false }
  }

  /// Keeps why an input stopped working.
  mutating func fail(_ error: PortError) { failure = failure ?? error }
}
