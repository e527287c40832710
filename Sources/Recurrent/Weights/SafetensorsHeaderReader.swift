/// Reads the JSON at the head of a safetensors file, in one pass and by the format's own grammar: an object of tensors,
/// each with `dtype`, `shape` and `data_offsets`, and of one object of strings, `__metadata__`.
///
/// A general JSON reader would not do: it keeps one of two members of the same name in silence, makes a tree that takes
/// many times the header's size, and cannot tell the byte offset of an error.
struct SafetensorsHeaderReader {
  /// The header's entry for one tensor, unchecked.
  struct Tensor {
    var name: String
    /// Where the name is in the file.
    var offset: Int
    var type: String
    var shape: [Int]
    /// Begin and end within the data.
    var dataOffsets: [Int]
  }

  /// More axes than anything has that is called a weight; a longer list would take more memory than its text does.
  static let mostAxes = 8

  /// The tensors in the order of the text.
  private(set) var tensors: [Tensor] = []
  /// The text that goes with them.
  private(set) var metadata: [String: String] = [:]

  private let path: String
  private let bytes: UnsafeRawBufferPointer
  private let end: Int
  /// Where the next byte is in the file.
  private var offset: Int

  /// Reads the header, which takes the bytes `range` of a file.
  /// - Throws: `SafetensorsError.malformedHeader`.
  init(_ range: Range<Int>, of bytes: UnsafeRawBufferPointer, path: String) throws(SafetensorsError) {
    self.bytes = bytes
    self.path = path
    offset = range.lowerBound
    end = range.upperBound
    try readHeader()
  }

  private mutating func readHeader() throws(SafetensorsError) {
    guard peek == UInt8(ascii: "{") else { throw fault("it does not begin with {") }
    var hasMetadata = false
    try readObject { (header, name, offset) throws(SafetensorsError) in
      guard name == SafetensorsHeader.metadataName else {
        header.tensors.append(try header.readTensor(named: name, offset: offset))
        return
      }
      guard !hasMetadata else { throw header.fault("it has two members \(name)", at: offset) }
      hasMetadata = true
      try header.readMetadata()
    }
    skipBlanks()
    guard offset == end else { throw fault("there is extra text after its end") }
  }

  private mutating func readMetadata() throws(SafetensorsError) {
    try readObject { (header, key, offset) throws(SafetensorsError) in
      let value = try header.readString()
      guard header.metadata.updateValue(value, forKey: key) == nil else {
        throw header.fault("its metadata has two entries \"\(key)\"", at: offset)
      }
    }
  }

  private mutating func readTensor(named name: String, offset: Int) throws(SafetensorsError) -> Tensor {
    var type: String?
    var shape: [Int]?
    var dataOffsets: [Int]?
    try readObject { (header, key, offset) throws(SafetensorsError) in
      switch key {
      case "dtype" where type == nil: type = try header.readString()
      case "shape" where shape == nil: shape = try header.readIntegers(atMost: Self.mostAxes)
      case "data_offsets" where dataOffsets == nil: dataOffsets = try header.readIntegers(atMost: 2)
      case "dtype", "shape", "data_offsets":
        throw header.fault("the tensor \(name) has two members \(key)", at: offset)
      default:
        throw header.fault(
          "the tensor \(name) has a member \"\(key)\", which is not part of the format", at: offset)
      }
    }
    guard let type, let shape, let dataOffsets else {
      let missing = type == nil ? "dtype" : shape == nil ? "shape" : "data_offsets"
      throw fault("the tensor \(name) has no \(missing)", at: offset)
    }
    return Tensor(name: name, offset: offset, type: type, shape: shape, dataOffsets: dataOffsets)
  }
}

// The grammar of JSON, as far as it occurs.
extension SafetensorsHeaderReader {
  /// Reads an object; `readValue` is called after the colon of each member, with the member's name and where it stands.
  private mutating func readObject(
    _ readValue: (inout Self, _ name: String, _ offset: Int) throws(SafetensorsError) -> Void
  ) throws(SafetensorsError) {
    try expect("{")
    guard !skip("}") else { return }
    repeat {
      skipBlanks()
      let start = offset
      let name = try readString()
      try expect(":")
      try readValue(&self, name, start)
    } while skip(",")
    try expect("}")
  }

  private mutating func readIntegers(atMost limit: Int) throws(SafetensorsError) -> [Int] {
    try expect("[")
    var integers: [Int] = []
    guard !skip("]") else { return integers }
    repeat {
      guard integers.count < limit else { throw fault("a list has more than \(limit) numbers") }
      integers.append(try readInteger())
    } while skip(",")
    try expect("]")
    return integers
  }

  /// A whole number that an `Int` holds.
  private mutating func readInteger() throws(SafetensorsError) -> Int {
    skipBlanks()
    let start = offset
    let isNegative = skip("-")
    var magnitude = 0
    var digitCount = 0
    while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
      advance()
      digitCount += 1
      let (tens, overflow) = magnitude.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tens.addingReportingOverflow(Int(byte - UInt8(ascii: "0")))
      guard !overflow, !carry else { throw fault("a number is too large", at: start) }
      magnitude = sum
    }
    guard digitCount > 0 else { throw fault("a whole number was expected", at: start) }
    return isNegative ? -magnitude : magnitude
  }

  private mutating func readString() throws(SafetensorsError) -> String {
    try expect("\"")
    let start = offset
    var scalars: [UInt8]?
    while let byte = peek, byte != UInt8(ascii: "\""), byte >= 0x20 {
      if byte == UInt8(ascii: "\\") {
        // Only a string with an escape in it is copied byte by byte.
        if scalars == nil { scalars = text(from: start) }
        try readEscape(into: &scalars)
      } else {
        scalars?.append(byte)
        advance()
      }
    }
    let characters = scalars ?? text(from: start)
    guard skipByte(UInt8(ascii: "\"")) else { throw fault("a string does not end", at: start - 1) }
    guard let string = String(validating: characters, as: UTF8.self) else {
      throw fault("a string is not UTF-8", at: start)
    }
    return string
  }

  /// Reads what follows a backslash, and the second half of a pair of surrogates.
  private mutating func readEscape(into text: inout [UInt8]?) throws(SafetensorsError) {
    let start = offset
    advance()
    let simple: [UInt8: UInt8] = [
      UInt8(ascii: "\""): 0x22, UInt8(ascii: "\\"): 0x5C, UInt8(ascii: "/"): 0x2F, UInt8(ascii: "b"): 0x08,
      UInt8(ascii: "f"): 0x0C, UInt8(ascii: "n"): 0x0A, UInt8(ascii: "r"): 0x0D, UInt8(ascii: "t"): 0x09,
    ]
    guard let letter = peek else { throw fault("a string does not end", at: start) }
    advance()
    if let byte = simple[letter] {
      text?.append(byte)
      return
    }
    guard letter == UInt8(ascii: "u"), var code = readHexadecimal() else {
      throw fault("a string has an invalid JSON escape", at: start)
    }
    if (0xD800..<0xDC00).contains(code) {
      guard skipByte(UInt8(ascii: "\\")), skipByte(UInt8(ascii: "u")), let low = readHexadecimal(),
        (0xDC00..<0xE000).contains(low)
      else { throw fault("a string has half of a surrogate pair", at: start) }
      code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
    }
    guard let scalar = Unicode.Scalar(code) else {
      throw fault("a string has half of a surrogate pair", at: start)
    }
    text?.append(contentsOf: UTF8.encode(scalar) ?? .init())
  }

  private mutating func readHexadecimal() -> UInt32? {
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
      advance()
      code = code << 4 | UInt32(digit)
    }
    return code
  }

  /// The bytes from `start` to the reader's position.
  private func text(from start: Int) -> [UInt8] { Array(bytes[start..<offset]) }

  private var peek: UInt8? { offset < end ? bytes[offset] : nil }

  private mutating func advance() { offset += 1 }

  private mutating func skipBlanks() {
    while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { advance() }
  }

  private mutating func skipByte(_ byte: UInt8) -> Bool {
    guard peek == byte else { return false }
    advance()
    return true
  }

  /// Passes blanks and, if it comes next, this character.
  private mutating func skip(_ character: Unicode.Scalar) -> Bool {
    skipBlanks()
    return skipByte(UInt8(ascii: character))
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(SafetensorsError) {
    guard skip(character) else { throw fault("\(character) was expected") }
  }

  private func fault(_ reason: String, at place: Int? = nil) -> SafetensorsError {
    .malformedHeader(file: path, offset: place ?? offset, reason: reason)
  }
}
