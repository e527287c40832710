internal import Foundation
internal import Groundwork

/// The two streams that the program writes to: results to standard output, everything else to standard error.
enum Console {
  /// Writes a line to standard output. Control characters and invalid text are escaped, because titles and file names come from
  /// elsewhere and a terminal would act on them.
  /// - Throws: `FileError.unwritable`, for instance if standard output is a file on a full disk.
  static func print(_ text: String) throws(FileError) {
    try write(Array((FileName.printable(text) + "\n").utf8), to: STDOUT_FILENO)
  }

  /// Writes one line to standard error: line breaks in it, which come from names and titles, are escaped as well.
  static func printError(_ text: String) { draw(Readable.line(FileName.printable(text)) + "\n") }

  /// Writes to standard error as it is, without a line break.
  static func draw(_ text: String) { try? write(Array(text.utf8), to: STDERR_FILENO) }

  /// Writes bytes to standard output as they are.
  static func write(_ bytes: [UInt8]) throws(FileError) { try write(bytes, to: STDOUT_FILENO) }

  private static func write(_ bytes: [UInt8], to descriptor: Int32) throws(FileError) {
    var done = 0
    while done < bytes.count {
      let count = bytes[done...].withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        throw StandardStreams.isOutputClosed
          ? StandardStreams.closedOutput : FileError.writing("standard output")
      }
      done += count
    }
  }

  /// All of standard input.
  /// - Parameter limit: How many bytes are read at most.
  /// - Throws: `FileError.unreadable`, for instance if standard input is closed or a folder; `.tooLarge`.
  static func readStandardInput(limit: Int) throws(FileError) -> [UInt8] {
    var input = InputFile(standardInput: ())
    return try input.bytes(limit: limit)
  }

  /// Whether the one JSON object has been printed.
  private(set) nonisolated(unsafe) static var hasPrintedJSON = false

  /// Prints a value as one JSON object.
  static func printJSON(_ value: some Encodable) throws {
    try printJSON(line: try JSONFormat.encodeLine(value))
  }

  /// Prints the text of one JSON object, escaped so that it stays one.
  static func printJSON(line: [UInt8]) throws(FileError) {
    try write(Array((FileName.printable(json: String(decoding: line, as: UTF8.self)) + "\n").utf8))
    hasPrintedJSON = true
  }

  /// Records that the JSON object has been printed, for code that writes it in parts.
  static func noteJSON() { hasPrintedJSON = true }

  /// The width of the terminal at standard error; nil if it is not a terminal.
  static var terminalWidth: Int? {
    guard isatty(STDERR_FILENO) == 1 else { return nil }
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }
}

/// Numbers formatted for reading.
enum Readable {
  /// 1234567.2 as `1,234,567`; numbers beyond the integers unformatted.
  static func count(_ value: Double) -> String { Int(exactly: value.rounded()).map(count) ?? "\(value)" }

  /// 1234567 as `1,234,567`.
  static func count(_ value: Int) -> String { value.grouped }

  /// A number with this many decimals.
  static func decimal(_ value: Double, _ digits: Int) -> String {
    String(format: abs(value) < 1e9 ? "%.\(digits)f" : "%.\(digits)e", value)
  }

  /// Bytes as `12.3 MB` or `1.50 GB`.
  static func bytes(_ count: Int) -> String {
    let (megabyte, gigabyte) = (1e6, 1e9)
    return Double(count) < gigabyte
      ? decimal(Double(count) / megabyte, 1) + " MB" : decimal(Double(count) / gigabyte, 2) + " GB"
  }

  /// Seconds as `0:07`, `12:34` or `1:02:03`.
  static func clock(_ seconds: Double) -> String {
    guard seconds.magnitude < 1e9 else { return "?" }
    let whole = Int(seconds.rounded())
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
    func twoDigits(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    return hours > 0
      ? "\(hours):\(twoDigits(minutes)):\(twoDigits(rest))" : "\(minutes):\(twoDigits(rest))"
  }

  /// `1 file`, `2 files`.
  static func plural(_ value: Int, _ noun: String) -> String {
    "\(count(value)) \(noun)\(value == 1 ? "" : "s")"
  }

  /// `a`, `a and b`, `a, b and c`.
  static func list(_ words: [String]) -> String {
    guard let last = words.last, words.count > 1 else { return words.first ?? "" }
    return words.dropLast().joined(separator: ", ") + " and " + last
  }

  /// Rows of cells as aligned columns; the first row is the heading.
  static func table(_ rows: [[String]], rightAligned: Set<Int> = []) -> String {
    var widths: [Int] = []
    let cellWidths = rows.map { row in
      let all = row.map(width)
      for (column, width) in all.enumerated() {
        if column < widths.count { widths[column] = max(widths[column], width) } else { widths.append(width) }
      }
      return all
    }
    var lines = ""
    for (row, cellWidths) in zip(rows, cellWidths) {
      if !lines.isEmpty { lines += "\n" }
      // Spaces are written before what follows them, so that no line ends with any.
      var spaces = 0
      for (column, cell) in row.enumerated() {
        let padding = widths[column] - cellWidths[column]
        if rightAligned.contains(column) { spaces += padding }
        if !cell.isEmpty {
          lines += String(repeating: " ", count: spaces) + cell
          spaces = 0
        }
        spaces += 2 + (rightAligned.contains(column) ? 0 : padding)
      }
    }
    return lines
  }

  /// How many columns a text takes, as far as one character is one.
  private static func width(_ text: String) -> Int {
    let bytes = text.utf8
    return bytes.allSatisfy { $0 < 0x80 } ? bytes.count : text.count
  }
}
