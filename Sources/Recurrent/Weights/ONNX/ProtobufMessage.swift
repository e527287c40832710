internal import Groundwork

/// A message in the wire format of Protocol Buffers that is being put together, field by field.
///
/// Numbers of tensors are kept as they are until the file is written: a message within a message within a message costs
/// no copy of them.
///
/// Source: Protocol Buffers, "Encoding" (protobuf.dev/programming-guides/encoding).
struct ProtobufMessage {
  /// How a field's value is written.
  private enum WireType: UInt64 {
    case variableLengthInteger = 0
    case lengthDelimited = 2
    case fourBytes = 5
  }

  private enum Piece {
    case bytes([UInt8])
    case numbers(SafetensorsTensor.Elements)
  }

  private var pieces: [Piece] = []
  /// How many bytes the message has.
  private(set) var byteCount = 0

  /// Adds an integer or an enumeration's case.
  mutating func add(_ value: Int, field: UInt64) {
    append(Self.key(field, .variableLengthInteger) + Self.variableLength(UInt64(bitPattern: Int64(value))))
  }

  /// Adds a number of 32 bits.
  mutating func add(_ value: Float, field: UInt64) {
    append(
      Self.key(field, .fourBytes) + withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) })
  }

  /// Adds a string.
  mutating func add(_ text: String, field: UInt64) {
    append(
      Self.key(field, .lengthDelimited) + Self.variableLength(UInt64(text.utf8.count)) + Array(text.utf8))
  }

  /// Adds a message.
  mutating func add(_ message: ProtobufMessage, field: UInt64) {
    append(Self.key(field, .lengthDelimited) + Self.variableLength(UInt64(message.byteCount)))
    for piece in message.pieces {
      switch piece {
      case .bytes(let bytes): append(bytes)
      case .numbers(let numbers): append(numbers)
      }
    }
  }

  /// Adds numbers as a string of bytes, lowest byte first.
  mutating func add(_ numbers: SafetensorsTensor.Elements, field: UInt64) {
    append(Self.key(field, .lengthDelimited) + Self.variableLength(UInt64(numbers.byteCount)))
    append(numbers)
  }

  /// Appends the message to a file that is being written.
  func write(to file: borrowing AtomicReplacement) throws(FileError) {
    for piece in pieces {
      switch piece {
      case .bytes(let bytes): try file.write(bytes)
      case .numbers(let numbers): try numbers.write(to: file)
      }
    }
  }

  private mutating func append(_ numbers: SafetensorsTensor.Elements) {
    pieces.append(.numbers(numbers))
    byteCount += numbers.byteCount
  }

  private mutating func append(_ bytes: [UInt8]) {
    byteCount += bytes.count
    guard case .bytes(var last) = pieces.last else {
      pieces.append(.bytes(bytes))
      return
    }
    pieces.removeLast()
    last += bytes
    pieces.append(.bytes(last))
  }

  private static func key(_ field: UInt64, _ type: WireType) -> [UInt8] {
    variableLength(field << 3 | type.rawValue)
  }

  /// Seven bits a byte, lowest first; the highest bit is set if there are more.
  private static func variableLength(_ value: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }
}
