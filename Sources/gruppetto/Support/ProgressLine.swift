internal import Foundation
internal import Groundwork
internal import Synchronization

/// Draws progress reports on standard error: one updated line in a terminal, otherwise a new line every ten seconds.
final class ProgressLine: Sendable {
  static let shared = ProgressLine()

  private struct State {
    var activity = ""
    var began = 0.0
    var lastDrawn = -Double.infinity
    var isOnScreen = false
  }
  private let state = Mutex(State())

  /// The handler for a library call; nil with --quiet.
  func handler(quiet: Bool) -> ProgressHandler? {
    guard !quiet else { return nil }
    return { [self] report in draw(report) }
  }

  /// Removes the line from the screen.
  func clear() {
    state.withLock { state in
      guard state.isOnScreen else { return }
      Console.draw("\r\u{1B}[K")
      state.isOnScreen = false
    }
  }

  private func draw(_ report: ProgressReport) {
    let now = Double(DispatchTime.now().uptimeNanoseconds) / 1e9
    let width = Console.terminalWidth
    state.withLock { state in
      if state.activity != report.activity {
        state.activity = report.activity
        state.began = now
        state.lastDrawn = width == nil ? now : -Double.infinity
      }
      let elapsed = now - state.began
      guard now - state.lastDrawn >= (width == nil ? 10 : 0.1), elapsed >= 0.5 else { return }
      state.lastDrawn = now
      let line = FileName.printable(Self.line(report, elapsed: elapsed))
      if let width {
        Console.draw("\r\u{1B}[K" + line.prefix(width - 1))
        state.isOnScreen = true
      } else {
        Console.draw(line + "\n")
      }
    }
  }

  private static func line(_ report: ProgressReport, elapsed: Double) -> String {
    var parts = [report.activity]
    var secondsLeft = report.secondsLeft
    if let total = report.total, total > 0 {
      let share = min(max(report.completed / total, 0), 1)
      let filled = Int(share * 20)
      parts.append(
        "[" + String(repeating: "=", count: filled) + String(repeating: " ", count: 20 - filled) + "]")
      parts.append("\(Int(share * 100)) %")
      if secondsLeft == nil, share > 0.01 { secondsLeft = elapsed * (1 - share) / share }
    }
    for figure in report.figures {
      let value =
        figure.value.magnitude >= 100 ? Readable.count(figure.value) : Readable.decimal(figure.value, 3)
      parts.append("\(figure.name) \(value)")
    }
    let rate = report.completed / max(elapsed, 1e-3)
    if report.figures.isEmpty, rate > 0 {
      parts.append("\(rate >= 10 ? Readable.count(rate) : Readable.decimal(rate, 1)) \(report.unit)/s")
    }
    if let secondsLeft { parts.append("\(Readable.clock(secondsLeft)) left") }
    return parts.joined(separator: "  ")
  }
}
