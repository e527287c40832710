/// How much sound the header of a file promises. libsndfile shortens what it tells of the length to what the file holds, so that a file
/// that was cut short looks whole.
///
/// WAV (RIFF/WAVE, Microsoft & IBM 1991; WAVE_FORMAT_EXTENSIBLE), RF64 (EBU Tech 3306), Wave64 (Sony 2004), AIFF and AIFF-C (Apple 1989 and
/// 1991), AU (Sun). A CAF file that was cut short is refused by libsndfile.
struct PromisedLength: Equatable {
  /// How many frames are promised and not there; one that was cut in two is missing.
  let missingFrames: Int

  /// What the header says of a file that has `size` bytes, of which `read` gives some from a place on, fewer at the end.
  /// - Returns: nil where it says nothing: another format, one whose frames do not have the same size, or a length that was left open.
  init?(size: Int, read: @escaping (_ place: Int, _ count: Int) -> [UInt8]) {
    var file = ChunkedFile(size: size, read: read)
    let head = file.bytes(at: 0, 40)
    guard head.count >= 24 else { return nil }
    let form = Array(head[8..<12])
    let found: PromisedLength? =
      switch Self.letters(head, 0) {
      case "RIFF" where form == Array("WAVE".utf8): Self.wave(&file, isLittle: true)
      case "RIFX" where form == Array("WAVE".utf8): Self.wave(&file, isLittle: false)
      case "RF64" where form == Array("WAVE".utf8), "BW64" where form == Array("WAVE".utf8):
        Self.wave(&file, isLittle: true)
      case "FORM" where form == Array("AIFF".utf8) || form == Array("AIFC".utf8): Self.aiff(&file)
      case ".snd": Self.au(head, size: size)
      case "riff": Self.wave64(&file)
      default: nil
      }
    guard let found else { return nil }
    self = found
  }

  private init?(promised: Int, there: Int, bytesPerFrame: Int) {
    // No file has a petabyte.
    guard (0...(1 << 50)).contains(promised), there >= 0, (1...(1 << 16)).contains(bytesPerFrame) else {
      return nil
    }
    missingFrames = max(0, promised / bytesPerFrame - there / bytesPerFrame)
  }

  private static func letters(_ bytes: [UInt8], _ place: Int) -> String {
    String(decoding: bytes[place..<min(place + 4, bytes.count)], as: UTF8.self)
  }

  /// Lengths that stand for one that was not known when the header was written: 0, what ffmpeg (2³² − 1) and sox and arecord (2³¹, and
  /// somewhat less) write into a pipe.
  private static func isOpen(_ size: Int) -> Bool {
    size == 0 || size >= 0xFFFF_F000 || (0x7FFF_F000...0x8000_0100).contains(size)
  }

  private static func wave(_ file: inout ChunkedFile, isLittle: Bool) -> PromisedLength? {
    var bytesPerFrame = 0
    var longSize: Int?
    var place = 12
    while let chunk = file.chunk(at: place, isLittle: isLittle) {
      switch chunk.name {
      case "ds64":
        let bytes = file.bytes(at: chunk.start, 16)
        if bytes.count == 16 { longSize = number(bytes, 8, 8, isLittle: true) }
      case "fmt ":
        let bytes = file.bytes(at: chunk.start, 16)
        guard bytes.count == 16 else { return nil }
        // Integers, floating point, A-law, µ-law, and what an extension says: a frame has a fixed size.
        let format = number(bytes, 0, 2, isLittle: isLittle)
        guard [1, 3, 6, 7, 0xFFFE].contains(format) else { return nil }
        bytesPerFrame = number(bytes, 12, 2, isLittle: isLittle)
      case "data":
        var promised = chunk.size
        if let longSize, promised == 0xFFFF_FFFF {
          promised = longSize
        } else if isOpen(promised) {
          return nil
        }
        return PromisedLength(
          promised: promised, there: file.size - chunk.start, bytesPerFrame: bytesPerFrame)
      default: break
      }
      place = chunk.start + chunk.size + chunk.size % 2
    }
    return nil
  }

  private static func aiff(_ file: inout ChunkedFile) -> PromisedLength? {
    var bytesPerFrame = 0
    var place = 12
    while let chunk = file.chunk(at: place, isLittle: false) {
      if chunk.name == "COMM" {
        let bytes = file.bytes(at: chunk.start, 22)
        guard bytes.count >= 18 else { return nil }
        let compression = chunk.size >= 22 && bytes.count == 22 ? letters(bytes, 18) : "NONE"
        guard ["NONE", "sowt", "twos", "fl32", "FL32", "fl64", "in24", "in32", "raw "].contains(compression)
        else { return nil }
        bytesPerFrame =
          number(bytes, 0, 2, isLittle: false) * ((number(bytes, 6, 2, isLittle: false) + 7) / 8)
      } else if chunk.name == "SSND" {
        // An offset and a size of blocks stand before the samples.
        guard chunk.size >= 8, !isOpen(chunk.size), !isOpen(chunk.size - 8) else { return nil }
        return PromisedLength(
          promised: chunk.size - 8, there: max(0, file.size - chunk.start - 8), bytesPerFrame: bytesPerFrame)
      }
      place = chunk.start + chunk.size + chunk.size % 2
    }
    return nil
  }

  private static func au(_ head: [UInt8], size: Int) -> PromisedLength? {
    let start = number(head, 4, 4, isLittle: false)
    let promised = number(head, 8, 4, isLittle: false)
    // µ-law, integers of 8 to 32 bits, floating point of 32 and 64, A-law.
    let widths = [1: 1, 2: 1, 3: 2, 4: 3, 5: 4, 6: 4, 7: 8, 27: 1]
    guard let width = widths[number(head, 12, 4, isLittle: false)], !isOpen(promised) else { return nil }
    return PromisedLength(
      promised: promised, there: max(0, size - start),
      bytesPerFrame: width * number(head, 20, 4, isLittle: false))
  }

  private static func wave64(_ file: inout ChunkedFile) -> PromisedLength? {
    var bytesPerFrame = 0
    var place = 40
    for _ in 0..<ChunkedFile.most {
      // A GUID of 16 bytes, which begins with the letters, and a size that counts itself and the GUID.
      let head = file.bytes(at: place, 24)
      guard head.count == 24 else { return nil }
      let size = number(head, 16, 8, isLittle: true) - 24
      if letters(head, 0) == "fmt " {
        let bytes = file.bytes(at: place + 24, 16)
        guard bytes.count == 16, [1, 3, 6, 7, 0xFFFE].contains(number(bytes, 0, 2, isLittle: true)) else {
          return nil
        }
        bytesPerFrame = number(bytes, 12, 2, isLittle: true)
      } else if letters(head, 0) == "data" {
        guard size > 0 else { return nil }
        return PromisedLength(
          promised: size, there: max(0, file.size - place - 24), bytesPerFrame: bytesPerFrame)
      }
      guard size >= 0, size < file.size - place else { return nil }
      place += 24 + (size + 7) / 8 * 8
    }
    return nil
  }

  /// A number of up to eight bytes; −1 for one that is beyond what a file can be long.
  fileprivate static func number(_ bytes: [UInt8], _ place: Int, _ count: Int, isLittle: Bool) -> Int {
    var value: UInt64 = 0
    for index in 0..<count {
      value = value << 8 | UInt64(bytes[place + (isLittle ? count - 1 - index : index)])
    }
    return value > 1 << 62 ? -1 : Int(value)
  }
}

/// A file of chunks: four letters, a size, and the content.
private struct ChunkedFile {
  let size: Int
  let read: (_ place: Int, _ count: Int) -> [UInt8]
  /// A file of nothing but small chunks is not searched to its end.
  static let most = 4096
  private var chunksLeft = most

  struct Chunk {
    var name: String
    var start: Int
    var size: Int
  }

  init(size: Int, read: @escaping (Int, Int) -> [UInt8]) {
    self.size = size
    self.read = read
  }

  func bytes(at place: Int, _ count: Int) -> [UInt8] {
    guard place >= 0, place < size else { return [] }
    return read(place, min(count, size - place))
  }

  mutating func chunk(at place: Int, isLittle: Bool) -> Chunk? {
    chunksLeft -= 1
    let head = bytes(at: place, 8)
    guard chunksLeft > 0, head.count == 8 else { return nil }
    return Chunk(
      name: String(decoding: head[0..<4], as: UTF8.self), start: place + 8,
      size: PromisedLength.number(head, 4, 4, isLittle: isLittle))
  }
}
