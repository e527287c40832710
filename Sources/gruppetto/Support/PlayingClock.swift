internal import Audio
internal import Performing
internal import Synchronization

/// When what is rendered is heard: by the device's clock, or by that of the system where there is none. It stands still in a pause.
final class PlayingClock: Sendable {
  private struct State {
    var start = PerformanceTime.now
    var pausedSince: PerformanceTime?
    var resumed: PerformanceTime?
  }

  let session: PlaybackSession?
  private let state = Mutex(State())

  init(session: PlaybackSession?) { self.session = session }

  /// So long after the beginning the first frame is heard where there is no device: what is sent then is made ready before, in seconds.
  private static let lead = 0.06

  /// Counts from now, where there is no device.
  func begin() { state.withLock { $0.start = .now.advanced(bySeconds: Self.lead) } }

  var isPaused: Bool { state.withLock { $0.pausedSince != nil } }

  func pause() {
    state.withLock { $0.pausedSince = $0.pausedSince ?? .now }
    session?.pause()
  }

  func resume() {
    session?.resume()
    state.withLock { state in
      guard let since = state.pausedSince else { return }
      state.pausedSince = nil
      state.resumed = .now
      state.start = state.start.advanced(bySeconds: PerformanceTime.now.seconds(since: since))
    }
  }

  /// How long it has run without its pauses, where there is no device.
  var seconds: Double { state.withLock { ($0.pausedSince ?? .now).seconds(since: $0.start) } }

  /// When a moment of what is rendered is heard; nil as long as nobody knows.
  func moment(ofSecond second: Double, sampleRate: Double) -> PerformanceTime? {
    let state = state.withLock { $0 }
    guard state.pausedSince == nil else { return nil }
    guard let session else { return state.start.advanced(bySeconds: second) }
    let head = session.playhead
    // The device has to have been given frames: after a pause it tells anew where it is.
    guard head.nanoseconds > state.resumed?.nanoseconds ?? 0 else { return nil }
    return PerformanceTime(nanoseconds: head.nanoseconds)
      .advanced(bySeconds: second - Double(head.frame) / sampleRate)
  }
}

/// Pauses all that plays.
final class PlayingPace {
  let clock: PlayingClock
  /// Who takes part.
  var company: PlayingCompany?

  init(session: PlaybackSession?) { clock = PlayingClock(session: session) }

  var isPaused: Bool { clock.isPaused }

  func pause() {
    clock.pause()
    company?.pause()
  }

  func resume() {
    guard isPaused else { return }
    clock.resume()
    company?.resume()
  }
}
