/// The lines of a tune: a range of the file's bytes, and the number of its first line.
struct ABCBlock {
  var bytes: Range<Int>
  var line: Int
}

/// Finds the tunes in a file: each begins at an `X:` field and ends at a blank line or where the next begins (ABC 2.1,
/// section 2.2). What is before the first, up to a blank line, is the file header.
struct ABCSplitter {
  let bytes: [UInt8]
  private(set) var blocks: [ABCBlock] = []
  private(set) var header: ABCBlock?

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func split() {
    scan(startingAt: UInt8(ascii: "X"))
    // A single tune is sometimes passed on without its number.
    if blocks.isEmpty { scan(startingAt: nil) }
    if blocks.isEmpty { header = nil }
  }

  /// - Parameter letter: the field that begins a tune; nil lets any field begin one, where a `K:` field follows.
  private mutating func scan(startingAt letter: UInt8?) {
    var start: (byte: Int, line: Int)?
    var sawKey = false
    var sawTune = false
    header = nil
    var position = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    var line = 1
    var headerStart: (byte: Int, line: Int)? = (position, 1)
    while position < bytes.count {
      let (end, next) = ABCSplitter.lineEnd(in: bytes, from: position)
      let isBlank = bytes[position..<end].allSatisfy(ABCText.isSpace)
      let field = ABCSplitter.fieldLetter(in: bytes, at: position, end: end)
      let begins = letter == nil ? start == nil && field != nil : field == letter
      if begins || isBlank {
        if let open = start, letter != nil || sawKey {
          blocks.append(ABCBlock(bytes: open.byte..<position, line: open.line))
        }
        if letter != nil, !sawTune, let open = headerStart {
          header = ABCBlock(bytes: open.byte..<position, line: open.line)
        }
        if isBlank { headerStart = nil }
        start = begins ? (position, line) : nil
        sawTune = sawTune || begins
        if begins { headerStart = nil }
        sawKey = false
      }
      sawKey = sawKey || field == UInt8(ascii: "K")
      position = next
      line += 1
    }
    if let open = start, letter != nil || sawKey {
      blocks.append(ABCBlock(bytes: open.byte..<bytes.count, line: open.line))
    }
  }

  /// Where the line from `position` ends, and where the next begins: after LF, CR or CR LF.
  static func lineEnd(in bytes: [UInt8], from position: Int) -> (end: Int, next: Int) {
    var end = position
    while end < bytes.count, bytes[end] != 0x0A, bytes[end] != 0x0D { end += 1 }
    var next = end
    if next < bytes.count {
      next += bytes[next] == 0x0D && next + 1 < bytes.count && bytes[next + 1] == 0x0A ? 2 : 1
    }
    return (end, next)
  }

  /// The letter of the field that begins at `position`; nil where music is there, as in `d:|`.
  static func fieldLetter(in bytes: [UInt8], at position: Int, end: Int) -> UInt8? {
    guard position + 1 < end, bytes[position + 1] == UInt8(ascii: ":") else { return nil }
    let letter = bytes[position]
    guard (0x41...0x5A).contains(letter) || (0x61...0x7A).contains(letter) || letter == UInt8(ascii: "+")
    else {
      return nil
    }
    if position + 2 < end,
      bytes[position + 2] == UInt8(ascii: "|") || bytes[position + 2] == UInt8(ascii: ":")
    {
      return letter == UInt8(ascii: "I") || letter == UInt8(ascii: "N") || letter == UInt8(ascii: "T")
        ? letter : nil
    }
    return letter
  }
}
