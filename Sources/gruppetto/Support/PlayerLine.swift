internal import Foundation
internal import Groundwork
internal import Synchronization

/// The line on standard error that tells what is playing. In a terminal it is drawn again in its place; elsewhere it is a line of
/// plain text every ten seconds, without control sequences.
final class PlayerLine: Sendable {
  static let shared = PlayerLine()

  private struct State {
    var isOnScreen = false
    var lastDrawn: ContinuousClock.Instant?
  }
  private let state = Mutex(State())

  /// Shows parts of a line, separated by two spaces, if one is due.
  /// - Parameter isUrgent: Whether it is due at once, as an answer to a key.
  func show(_ parts: [String], isUrgent: Bool = false) {
    let width = Console.terminalWidth
    state.withLock { state in
      let now = ContinuousClock.now
      let interval: Duration = width == nil ? .seconds(10) : .milliseconds(100)
      if let last = state.lastDrawn {
        guard now - last >= interval || (isUrgent && width != nil) else { return }
      } else if width == nil {
        // What is over in less needs no line.
        state.lastDrawn = now
        return
      }
      state.lastDrawn = now
      let line = Readable.line(parts.filter { !$0.isEmpty }.joined(separator: "  "))
      if let width {
        Console.draw("\r" + line.prefix(width - 1) + "\u{1B}[K")
        state.isOnScreen = true
      } else {
        Console.draw(line + "\n")
      }
    }
  }

  /// Removes the line from the screen.
  func clear() {
    state.withLock { state in
      guard state.isOnScreen else { return }
      Console.draw("\r\u{1B}[K")
      state.isOnScreen = false
    }
  }

  /// An amplitude in decibels of full scale, as in the line.
  static func level(_ amplitude: Float) -> String {
    guard amplitude > 0 else { return "silence" }
    return Readable.decimal(max(-99, 20 * log10(Double(amplitude))), 1) + " dB"
  }
}
