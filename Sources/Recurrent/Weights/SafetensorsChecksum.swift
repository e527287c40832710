/// The checksum that our files carry in their metadata, by which damage to weights or metadata is found.
///
/// It is the XXH64 of the content of a file, independent of the order and the spelling of its header, so that it stays right
/// when another program copies the file: of each metadata entry in the order of the keys its key and its value, then of
/// each tensor in the order of the names its name, its type, its shape as text (`[2, 3]`) and its bytes. Every part is
/// hashed with the hash of the part before as its seed, the first with 0.
struct SafetensorsChecksum {
  /// The metadata's key for it; the value is 16 hexadecimal digits.
  static let key = "gruppetto.xxh64"

  private var hash: UInt64 = 0

  /// Begins with the metadata, whose own entry for the checksum does not count.
  init(metadata: [String: String]) {
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) where key != Self.key {
      add(key)
      add(value)
    }
  }

  /// Adds a tensor; they must come in the order of their names.
  mutating func add(name: String, type: SafetensorsType, shape: [Int], bytes: UnsafeRawBufferPointer) {
    add(name)
    add(type.rawValue)
    add("\(shape)")
    hash = XXHash64.hash(bytes, seed: hash)
  }

  private mutating func add(_ text: String) {
    var text = text
    hash = text.withUTF8 { XXHash64.hash(UnsafeRawBufferPointer($0), seed: hash) }
  }

  /// The 16 digits.
  var text: String {
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
