internal import Synchronization

/// Sends a MIDI clock, on a thread of its own with real-time priority where the system allows it.
public final class ClockSender: Sendable {
  private let output: any MessageOutput
  private let alarm = AlarmSignal()
  private let state: Mutex<State>
  private let thread = Mutex<PortThread?>(nil)

  private struct State {
    var generator: ClockGenerator
    var timeliness = Timeliness()
    var failure: PortError?
    var isClosed = false
  }

  /// Starts to send.
  /// - Parameters:
  ///   - output: where clocks go; it stays open at the end.
  ///   - quartersPerMinute: the tempo, 5...1,000.
  /// - Throws: `PortError.noResources`.
  public init(_ output: some MessageOutput, quartersPerMinute: Double) throws(PortError) {
    self.output = output
    state = Mutex(State(generator: ClockGenerator(quartersPerMinute: quartersPerMinute, from: .now)))
    let thread = try PortThread { [weak self, alarm] in
      PortThread.becomeRealTime()
      while let time = self?.work() { alarm.sleep(until: time) }
    }
    self.thread.withLock { $0 = thread }
  }

  deinit { alarm.raise() }

  /// How late messages were sent.
  public var timeliness: Timeliness { state.withLock { $0.timeliness } }
  /// Why the output failed; nil while it works.
  public var failure: PortError? { state.withLock { $0.failure } }

  /// Changes tempo, starts or stops, as `ClockGenerator` describes.
  /// - Parameter change: is given the generator.
  public func change(_ change: (inout ClockGenerator) -> Void) {
    state.withLock { change(&$0.generator) }
    alarm.raise()
  }

  /// Sends a stop if it runs, and ends.
  public func close() {
    let wasRunning = state.withLock { state in
      defer { state.isClosed = true }
      return state.generator.isRunning && !state.isClosed && state.failure == nil
    }
    alarm.raise()
    thread.withLock { thread in
      thread?.join()
      thread = nil
    }
    if wasRunning { try? output.send(.stop) }
  }

  private func work() -> PerformanceTime? {
    let lead = output.leadSeconds
    let (messages, isClosed) = state.withLock { state in
      (state.generator.messages(until: PerformanceTime.now.advanced(bySeconds: lead)), state.isClosed)
    }
    guard !isClosed else { return nil }
    for message in messages {
      do throws(PortError) {
        try output.send(message.message, at: message.time)
        let late = PerformanceTime.now.seconds(since: message.time) + lead
        state.withLock { $0.timeliness.add(late) }
      } catch {
        state.withLock { $0.failure = error }
        return nil
      }
    }
    return state.withLock { $0.generator.nextTime }.advanced(bySeconds: -lead)
  }
}
