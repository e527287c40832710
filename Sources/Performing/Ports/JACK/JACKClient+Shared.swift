/// libjack keeps state for the whole process, which its first client makes and its last one frees: where the server has ended, a second client that is closed
/// after the first uses what was freed. So sound and messages of a program share a client.
extension JACKClient {
  private struct Shared {
    var queueSeconds: Double?
    weak var client: JACKClient?
  }

  private static let shared = Guarded(Shared())

  /// Lets the shared client, if it is opened later, have ports for sound.
  /// - Parameter queueSeconds: How much sound its queue holds.
  package static func expectSound(queueSeconds: Double) {
    shared.withLock { $0.queueSeconds = queueSeconds }
  }

  /// Whether the shared client has, or will have, ports for sound.
  package static var expectsSound: Bool { shared.withLock { $0.queueSeconds != nil } }

  /// The client that all in this program share, opened where there is none: with two channels of sound where sound is expected, else with none.
  /// - Throws: As `init`.
  package static func sharedClient() throws(PortError) -> JACKClient {
    try shared.withLock { shared throws(PortError) in
      if let client = shared.client { return client }
      let hasSound = shared.queueSeconds != nil
      let client = try JACKClient(
        channelCount: hasSound ? 2 : 0, connectsSound: hasSound, queueSeconds: shared.queueSeconds ?? 0.02)
      shared.client = client
      return client
    }
  }
}
