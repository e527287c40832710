/// What came in through an OSC server.
public struct OSCStatistics: Sendable, Hashable {
  /// Datagrams that came in.
  public var packetCount = 0
  /// Datagrams that were no OSC, and were dropped.
  public var malformedCount = 0
  /// Messages to addresses that are not answered.
  public var unknownCount = 0
  /// Messages whose arguments were not what the address takes, or that were refused.
  public var refusedCount = 0
  /// Messages that were due too far ahead, or of which too many waited.
  public var droppedCount = 0

  /// Nothing yet.
  public init() {}
}
