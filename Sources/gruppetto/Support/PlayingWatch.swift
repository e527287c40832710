internal import Audio
internal import Foundation
internal import Performing
internal import Synchronization

/// Watches when the first sound comes, and how loud all is.
final class PerformanceWatch: PerformanceListener {
  private struct State: ~Copyable {
    var meter: LoudnessMeter
    var firstSound: Double?
  }

  private let state: Mutex<State>

  init(sampleRate: Int) {
    state = Mutex(State(meter: LoudnessMeter(sampleRate: sampleRate, channelCount: 2)))
  }

  func didRender(_ samples: Span<Float>) {
    samples.withUnsafeBufferPointer { samples in
      state.withLock { state in
        state.meter.append(samples.span)
        guard state.firstSound == nil, samples.contains(where: { abs($0) > 1e-4 }) else { return }
        state.firstSound = ProcessClock.millisecondsSinceStart
      }
    }
  }

  /// When the first sound was rendered, in milliseconds after the process began.
  var firstSound: Double? { state.withLock { $0.firstSound } }
  var loudness: Double? { state.withLock { $0.meter.integratedLoudness } }
}

/// The times of this process.
enum ProcessClock {
  /// Since the system started this process; nil where it does not say.
  static var millisecondsSinceStart: Double? {
    guard let text = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8),
      let fields = text.split(separator: ")").last?.split(separator: " "), fields.count > 19,
      let ticks = Double(fields[19])
    else { return nil }
    var now = timespec()
    clock_gettime(CLOCK_BOOTTIME, &now)
    let seconds = Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
    return 1000 * (seconds - ticks / Double(sysconf(Int32(_SC_CLK_TCK))))
  }

  /// What all threads have taken of the processor.
  static var processorSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
