public import Synthesis

/// Messages that come at once: whoever plays or leads sends them, and the thread that renders takes them with its next block.
extension PerformanceEngine {
  /// What is to be performed, and when.
  struct Message: Sendable {
    enum Content: Sendable {
      case channel(ChannelMessage, Int)
      case exclusive([UInt8])
    }

    var content: Content
    var frame: Int
  }

  /// How many messages can wait.
  static let messageLimit = 4096
  /// Room that is kept for what a new synthesizer is told of its channels.
  static let reservedMessages = 1024

  /// Has a message performed as soon as possible, or at a frame.
  /// - Parameters:
  ///   - message: The message. Programs are heard if they were prepared.
  ///   - channel: 0...15; 9 is that of drums.
  ///   - frame: When, counted from the first frame that was rendered; at once, if that is past.
  /// - Returns: false if too many are waiting; the message is lost, and counted. What releases keys and pedals is never lost.
  @discardableResult
  public func send(_ message: ChannelMessage, channel: Int, atFrame frame: Int = 0) -> Bool {
    precondition((0..<16).contains(channel), "there is no channel \(channel)")
    // A key that stays down would be worse than any message too many.
    return add(Message(content: .channel(message, channel), frame: frame), evenIfFull: message.isRelease)
  }

  /// Has a system-exclusive message performed as soon as possible, or at a frame: resets of General MIDI, GS and XG, master volume and tuning, the
  /// MIDI Tuning Standard. Others mean nothing here. Listeners are not told of them.
  /// - Parameters:
  ///   - message: What follows 0xF0, with or without the final 0xF7.
  ///   - frame: When, counted from the first frame that was rendered; at once, if that is past.
  /// - Returns: false if too many are waiting; the message is lost, and counted.
  @discardableResult
  public func send(systemExclusive message: [UInt8], atFrame frame: Int = 0) -> Bool {
    add(Message(content: .exclusive(message), frame: frame), evenIfFull: false)
  }

  private func add(_ message: Message, evenIfFull isNeeded: Bool) -> Bool {
    shared.withLock { state in
      guard isNeeded || state.messages.count < Self.messageLimit else {
        state.statistics.lostCount += 1
        return false
      }
      state.messages.append(message)
      return true
    }
  }

  /// How many more messages can wait now without any being lost. Rendering makes room.
  public var messageRoom: Int {
    shared.withLock {
      max(0, Self.messageLimit - Self.reservedMessages - $0.messages.count - $0.takenMessages)
    }
  }
}
