internal import Foundation
internal import Groundwork
internal import Synchronization

/// The handling of Ctrl-C, SIGTERM and SIGHUP: the first signal asks the current work to stop at its next safe point; a
/// second one, or one while no work can be stopped, ends the program at once without leaving half-written files.
enum Interruption {
  private static let current = Mutex<Cancellation?>(nil)
  /// Written once, before there is a second thread.
  private nonisolated(unsafe) static var sources: [any DispatchSourceSignal] = []

  /// Installs the signal handlers.
  static func install() {
    // A file beyond the user's size limit is reported as an error of that file.
    signal(SIGXFSZ, SIG_IGN)
    // A reader that goes away is an error of writing, the same one wherever it is found.
    signal(SIGPIPE, SIG_IGN)
    for number in [SIGINT, SIGTERM, SIGHUP] { watch(number) { handle() } }
    // Swift's runtime takes Ctrl-\ for a crash and asks what to do.
    watch(SIGQUIT) { abandon() }
  }

  /// Has a signal handled on another thread from now on. One that comes before that thread watches for it waits: it is blocked in all others.
  private static func watch(_ number: Int32, _ handler: @escaping @Sendable () -> Void) {
    var mask = sigset_t()
    sigemptyset(&mask)
    sigaddset(&mask, number)
    pthread_sigmask(SIG_BLOCK, &mask, nil)
    // Not SIG_IGN, which would drop one that waits.
    signal(number) { _ in }
    let source = DispatchSource.makeSignalSource(signal: number, queue: .global(qos: .userInteractive))
    source.setEventHandler(handler: handler)
    source.resume()
    sources.append(source)
  }

  /// Ctrl-\ ends the program where it is, and leaves an image of its memory where the system keeps one, but no terminal without echo, and no file that was
  /// only for a time.
  private static func abandon() {
    clean()
    signal(SIGQUIT, SIG_DFL)
    // A thread that watches for a signal may have it blocked.
    var mask = sigset_t()
    sigemptyset(&mask)
    sigaddset(&mask, SIGQUIT)
    pthread_sigmask(SIG_UNBLOCK, &mask, nil)
    raise(SIGQUIT)
    _exit(128 + SIGQUIT)
  }

  private static func clean() {
    ProgressLine.shared.clear()
    PlayerLine.shared.clear()
    TerminalMode.leave()
    TemporaryFiles.removeAll()
  }

  /// A flag that the next Ctrl-C sets.
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
    clean()
    Console.printError("gruppetto: interrupted")
    _exit(130)
  }
}
