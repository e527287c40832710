internal import Foundation
internal import Groundwork

/// The three streams that a program begins with.
enum StandardStreams {
  /// Whether the caller has closed standard output (`>&-`).
  private(set) nonisolated(unsafe) static var isOutputClosed = false

  /// Puts something in the place of streams that the caller has closed: otherwise the next file that is opened would have their numbers, and results would be
  /// written into it. To be called before anything is opened.
  static func secure() {
    for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO]
    where fcntl(descriptor, F_GETFD) < 0 && errno == EBADF {
      if descriptor == STDOUT_FILENO { isOutputClosed = true }
      // Open the wrong way round, so that using them fails as before.
      _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
  }

  /// Sends what PulseAudio's library has to say about itself to the system's log: it would print it to standard error, between the lines of the player.
  /// To be called before there is a second thread.
  static func quietLibraries() { setenv("PULSE_LOG_SYSLOG", "1", 0) }

  /// What is to be done about a standard output that is closed.
  static let closedOutput = FileError.unwritable(
    path: "standard output", reason: "it is closed; send it to a file, a pipe or /dev/null")

  /// Checks before any music that standard output can be written to.
  /// - Throws: `FileError.unwritable`.
  static func requireOutput() throws(FileError) {
    if isOutputClosed { throw closedOutput }
  }
}
