/// Where messages go. Any thread may send; a message is never mixed with another's bytes.
public protocol MessageOutput: AnyObject, Sendable {
  /// What it is called in messages.
  var name: String { get }
  /// What went out so far.
  var statistics: OutputStatistics { get }
  /// How long before its moment a message should be handed over, in seconds: 0 where it goes out at once, more where the port
  /// itself keeps time, as JACK does by frames.
  var leadSeconds: Double { get }
  /// Sends a message.
  /// - Parameters:
  ///   - message: what to send.
  ///   - time: when it is due. A port that cannot keep time sends at once; `TimedSender` waits until then.
  /// - Throws: `PortError.failed` or `.readerGone`; the port is of no use after that.
  func send(_ message: WireMessage, at time: PerformanceTime) throws(PortError)
  /// Ends it; what is sent later is dropped.
  func close()
}

extension MessageOutput {
  /// Sends a message now.
  /// - Parameter message: what to send.
  /// - Throws: `PortError.failed` or `.readerGone`.
  public func send(_ message: WireMessage) throws(PortError) { try send(message, at: .now) }
}

/// What went out through a port.
public struct OutputStatistics: Sendable, Hashable {
  /// Messages that were sent.
  public var messageCount = 0
  /// Messages that were dropped: nobody listened, or the reader was too slow.
  public var droppedCount = 0

  /// These counts.
  /// - Parameters:
  ///   - messageCount: messages that were sent.
  ///   - droppedCount: messages that were dropped.
  public init(messageCount: Int = 0, droppedCount: Int = 0) {
    self.messageCount = messageCount
    self.droppedCount = droppedCount
  }
}
