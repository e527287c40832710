internal import Foundation
internal import Performing
internal import Synchronization

/// What arrives on standard input: a thread of its own finds out what it is, and reads messages with their moments, whatever else is done meanwhile.
final class Arrivals: Sendable {
  private let queue = MessageQueue(name: "standard input", capacity: 65_536)
  private let input = Mutex<ByteStreamInput?>(nil)
  private let found = Mutex<Result<Bool, any Error>?>(nil)
  private let isFound = DispatchSemaphore(value: 0)
  private let ended = Atomic<Bool>(false)
  private let isClosing = Atomic<Bool>(false)
  private let error = Mutex<PortError?>(nil)
  private let thread = Mutex<PortThread?>(nil)

  /// Begins to listen.
  /// - Throws: `PortError.noResources`.
  init() throws {
    let reader = try PortThread { [self] in
      PortThread.becomeRealTime()
      if let input = find() { read(input) }
    }
    thread.withLock { $0 = reader }
  }

  /// Reads until there is no more.
  private func read(_ input: ByteStreamInput) {
    defer { queue.end() }
    do throws(PortError) {
      while true {
        let event = try input.next(timeoutSeconds: 1)
        switch event {
        case .message, .senderGone: add(event)
        case .timedOut: break
        case .ended, .closed: return
        }
      }
    } catch {
      self.error.withLock { $0 = error }
      add(.senderGone(.now))
    }
  }

  /// Hands on what came. Where nobody takes it, the input is not read further, and its sender waits.
  private func add(_ event: InputEvent) {
    while !queue.hasRoom, !isClosing.load(ordering: .acquiring) { usleep(1000) }
    queue.add(event)
  }

  /// Waits for the first byte, and opens the input if messages begin so.
  private func find() -> ByteStreamInput? {
    let result = Result {
      try StandardInput.holdsMessages() ? ByteStreamInput.standardInput(after: StandardInput.taken) : nil
    }
    let opened = (try? result.get()) ?? nil
    input.withLock { $0 = opened }
    found.withLock { $0 = result.map { $0 != nil } }
    isFound.signal()
    return opened
  }

  /// Whether messages arrive, and no file. Waits for the first byte.
  /// - Throws: `PortError.noResources`.
  func areMessages() throws -> Bool {
    isFound.wait()
    isFound.signal()
    return try found.withLock { $0 }?.get() ?? false
  }

  /// Whether all was taken, and nothing more will come.
  var isEnded: Bool { ended.load(ordering: .acquiring) }

  /// Why the input could not be read further; nil where it came to its end.
  var failure: PortError? { error.withLock { $0 } }

  /// What came in, and what was lost on the way here.
  var statistics: InputStatistics {
    var statistics = input.withLock { $0?.statistics } ?? InputStatistics()
    statistics.overflowCount += queue.statistics.overflowCount
    return statistics
  }

  /// What has come.
  /// - Parameters:
  ///   - limit: How many messages there is room for.
  ///   - seconds: How long to wait where nothing has come, or there is no room.
  /// - Returns: The messages, and when their sender went after the last of them; nil if it has not.
  func take(_ limit: Int, waiting seconds: Double) -> (messages: [TimedMessage], gone: PerformanceTime?) {
    var messages: [TimedMessage] = []
    var patience = seconds
    if limit <= 0 { usleep(UInt32(1e6 * seconds)) }
    while messages.count < min(limit, 1024), let event = try? queue.next(timeoutSeconds: patience) {
      patience = 0
      switch event {
      case .message(let message): messages.append(message)
      case .senderGone(let time): return (messages, time)
      case .timedOut: return (messages, nil)
      case .ended, .closed:
        ended.store(true, ordering: .releasing)
        return (messages, nil)
      }
    }
    return (messages, nil)
  }

  /// Ends the reading.
  func close() {
    isClosing.store(true, ordering: .releasing)
    input.withLock { $0?.close() }
    thread.withLock { thread in
      thread?.join()
      thread = nil
    }
  }
}
