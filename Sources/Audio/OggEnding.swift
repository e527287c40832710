/// How an Ogg file ends. Its last page says so itself (RFC 3533, §6: the flag “end of stream” of the header's type), and nothing in it says
/// how much sound was to come: so of a file that was cut short it is known that something is missing, but not how much.
enum OggEnding {
  /// A page's header up to the number of its segments.
  private static let headerLength = 27
  /// The longest page: its header, 255 segments and their lengths.
  private static let longestPage = headerLength + 255 + 255 * 255
  private static let letters = Array("OggS".utf8)

  /// Whether the last page is not there to its end, or is not the last that was written.
  /// - Parameters:
  ///   - size: How many bytes the file has.
  ///   - read: Gives some of them from a place on, fewer at the end.
  static func isMissing(size: Int, read: (_ place: Int, _ count: Int) -> [UInt8]) -> Bool {
    // The last page that is whole begins within the last two.
    let bytes = read(max(0, size - 2 * longestPage), min(size, 2 * longestPage))
    var place = bytes.count - letters.count
    while place >= 0 {
      if bytes[place...].starts(with: letters) { return !isLast(bytes[place...]) }
      place -= 1
    }
    return false
  }

  /// Whether bytes that a page begins with hold it to its end, and it is the last of its stream.
  private static func isLast(_ bytes: ArraySlice<UInt8>) -> Bool {
    let start = bytes.startIndex
    guard bytes.count >= headerLength else { return false }
    let segments = Int(bytes[start + headerLength - 1])
    guard bytes.count >= headerLength + segments else { return false }
    let lengths = bytes[(start + headerLength)..<(start + headerLength + segments)]
    let length = headerLength + segments + lengths.reduce(0) { $0 + Int($1) }
    return bytes.count >= length && bytes[start + 5] & 4 != 0
  }
}
