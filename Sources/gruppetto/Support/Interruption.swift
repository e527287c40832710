internal import Foundation
internal import Groundwork
internal import Synchronization

/// What Ctrl-C (or a polite kill) does: the first asks the work under way to stop at its next safe place; where nothing can
/// be asked, and at the second, the program ends at once and leaves no half-written file.
enum Interruption {
  private static let current = Mutex<Cancellation?>(nil)
  /// Touched once, before there is a second thread.
  private nonisolated(unsafe) static var sources: [any DispatchSourceSignal] = []

  /// Begins to listen to the signals.
  static func install() {
    // A file beyond the size that the user may write is an error of that file, which is told of.
    signal(SIGXFSZ, SIG_IGN)
    for number in [SIGINT, SIGTERM, SIGHUP] {
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global(qos: .userInteractive))
      source.setEventHandler { handle() }
      source.resume()
      sources.append(source)
    }
  }

  /// A flag that the next Ctrl-C raises.
  static func cancellation() -> Cancellation {
    let cancellation = Cancellation()
    current.withLock { $0 = cancellation }
    return cancellation
  }

  private static func handle() {
    let asked = current.withLock { cancellation -> Bool in
      guard let waiting = cancellation, !waiting.isRequested else { return false }
      waiting.request()
      return true
    }
    if asked { return }
    ProgressLine.shared.clear()
    TemporaryFiles.removeAll()
    Console.printError("gruppetto: interrupted")
    _exit(130)
  }
}
