internal import Foundation

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
