internal import CALSA

/// A port of another client that events come from.
struct SequencerSender: Hashable, Comparable {
  private let client: UInt8
  private let port: UInt8

  init(_ address: snd_seq_addr_t) { (client, port) = (address.client, address.port) }

  init(client: Int, port: Int) {
    (self.client, self.port) = (UInt8(truncatingIfNeeded: client), UInt8(truncatingIfNeeded: port))
  }

  static func < (first: SequencerSender, second: SequencerSender) -> Bool {
    (first.client, first.port) < (second.client, second.port)
  }
}

/// The ports of other clients that a port listens to.
///
/// The kernel tells a client of connections that others make and of all that end, but not of those that the client makes itself.
final class SequencerConnections: Sendable {
  private let senders = Guarded<Set<SequencerSender>>([])

  /// A sender is connected, or about to be.
  func add(_ sender: SequencerSender) { senders.withLock { _ = $0.insert(sender) } }

  /// A sender is not connected any more.
  /// - Returns: whether none is.
  @discardableResult
  func remove(_ sender: SequencerSender) -> Bool {
    senders.withLock {
      $0.remove(sender)
      return $0.isEmpty
    }
  }
}
