/// The types of number that the safetensors format knows, by the names that it gives them.
public enum SafetensorsType: String, Sendable, CaseIterable {
  /// One byte, 0 or 1.
  case boolean = "BOOL"
  /// An integer of 8 bits without sign.
  case unsigned8 = "U8"
  /// An integer of 8 bits.
  case signed8 = "I8"
  /// Five bits of exponent, two of fraction.
  case float8E5M2 = "F8_E5M2"
  /// Four bits of exponent, three of fraction.
  case float8E4M3 = "F8_E4M3"
  /// An integer of 16 bits.
  case signed16 = "I16"
  /// An integer of 16 bits without sign.
  case unsigned16 = "U16"
  /// IEEE 754's binary16.
  case float16 = "F16"
  /// The upper half of a binary32.
  case bfloat16 = "BF16"
  /// An integer of 32 bits.
  case signed32 = "I32"
  /// An integer of 32 bits without sign.
  case unsigned32 = "U32"
  /// IEEE 754's binary32.
  case float32 = "F32"
  /// IEEE 754's binary64.
  case float64 = "F64"
  /// An integer of 64 bits.
  case signed64 = "I64"
  /// An integer of 64 bits without sign.
  case unsigned64 = "U64"

  /// Bytes a number.
  public var byteCount: Int {
    switch self {
    case .boolean, .unsigned8, .signed8, .float8E5M2, .float8E4M3: 1
    case .signed16, .unsigned16, .float16, .bfloat16: 2
    case .signed32, .unsigned32, .float32: 4
    case .float64, .signed64, .unsigned64: 8
    }
  }
}
