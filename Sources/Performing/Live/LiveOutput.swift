/// An output of a stage: messages wait for it on a thread of its own, so that a reader who takes nothing keeps nobody from playing.
final class LiveOutput: Sendable {
  private let watched: Watched
  private let sender: TimedSender

  /// Keeps why the output failed, which its thread has nobody to tell.
  private final class Watched: MessageOutput {
    let output: any MessageOutput
    private let kept = Guarded<PortError?>(nil)

    init(_ output: any MessageOutput) { self.output = output }

    var name: String { output.name }
    var statistics: OutputStatistics { output.statistics }
    var leadSeconds: Double { output.leadSeconds }
    var failure: PortError? { kept.withLock { $0 } }

    func send(_ message: WireMessage, at time: PerformanceTime) throws(PortError) {
      do throws(PortError) {
        try output.send(message, at: time)
      } catch {
        kept.withLock { $0 = $0 ?? error }
        throw error
      }
    }

    func close() { output.close() }
  }

  /// Starts the thread.
  /// - Throws: `PortError.noResources`.
  init(_ output: any MessageOutput) throws(PortError) {
    watched = Watched(output)
    sender = try TimedSender(watched)
  }

  /// Hands over a message.
  /// - Throws: what the output threw before.
  func send(_ message: WireMessage, at time: PerformanceTime) throws(PortError) {
    try sender.send(message, at: time)
  }

  /// Waits a second for what was handed over to go out, and closes the output.
  /// - Throws: what the output threw.
  func finish() throws(PortError) {
    _ = sender.waitUntilSent(timeoutSeconds: 1)
    sender.close()
    if let failure = watched.failure { throw failure }
  }
}
