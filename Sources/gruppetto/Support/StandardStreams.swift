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

/// What is on standard input: a file that was piped in, or messages as they are played.
enum StandardInput {
  /// What was read from a pipe to find out what it brings, and cannot be read there again.
  private(set) nonisolated(unsafe) static var taken: [UInt8] = []

  /// Whether it is a stream of MIDI messages, as a keyboard sends them, and no file. Waits for the first byte.
  ///
  /// A MIDI file begins with `MThd` (or `RIFF`), a tune book with text; a stream of messages with a status byte, 128 or above. Of text, only the mark of
  /// UTF-8 (EF BB BF) begins with such a byte, and no status byte follows the first two of a message's.
  static func holdsMessages() -> Bool {
    let first = look(1)
    guard let status = first.first, status >= 0x80 else { return false }
    guard status == 0xEF else { return true }
    let two = look(2)
    return two.count < 2 || two[1] != 0xBB
  }

  /// The first bytes, of which nothing is lost; fewer at the end.
  private static func look(_ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let place = lseek(STDIN_FILENO, 0, SEEK_CUR)
    if place >= 0, isatty(STDIN_FILENO) == 0 {
      let length = bytes.withUnsafeMutableBytes { pread(STDIN_FILENO, $0.baseAddress, count, place) }
      return Array(bytes.prefix(max(0, length)))
    }
    while taken.count < count {
      var byte: UInt8 = 0
      let length = read(STDIN_FILENO, &byte, 1)
      if length < 0, errno == EINTR { continue }
      guard length > 0 else { break }
      taken.append(byte)
    }
    return Array(taken.prefix(count))
  }
}
