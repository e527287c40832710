/// Where messages come from: a FIFO, a device, a port of the sequencer, OSC.
///
/// One thread takes them by `next`; `close` may be called from any other, and wakes it.
public protocol MessageInput: AnyObject, Sendable {
  /// What it is called in messages.
  var name: String { get }
  /// What came in so far, and what of it was no message.
  var statistics: InputStatistics { get }
  /// Waits for what comes next.
  /// - Parameter timeoutSeconds: how long to wait at most; 0 for what is there already.
  /// - Throws: `PortError.failed` where the port stopped working; it is of no use after that.
  func next(timeoutSeconds: Double) throws(PortError) -> InputEvent
  /// Ends it: a thread that waits, and each that asks later, gets `closed`.
  func close()
}

/// What a port gives.
public enum InputEvent: Sendable, Hashable {
  /// A message, with the moment at which its last byte arrived here.
  case message(TimedMessage)
  /// The sender has gone: it closed a FIFO, or stopped its active sensing. Keys and pedals that it holds down are to be
  /// released. More may come when it is back.
  case senderGone(PerformanceTime)
  /// Nothing came within the time.
  case timedOut
  /// Nothing more will come: the input is at its end.
  case ended
  /// The port was closed on this side.
  case closed
}

/// What came in through a port.
public struct InputStatistics: Sendable, Hashable {
  /// Messages that were understood.
  public var messageCount = 0
  /// Messages and bytes that were not, and were dropped.
  public var faultCount = 0
  /// Messages that were dropped because nobody took them in time.
  public var overflowCount = 0

  /// Nothing yet.
  public init() {}
}
