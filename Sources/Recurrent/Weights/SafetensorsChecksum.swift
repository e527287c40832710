internal import Groundwork

/// The checksum that our files carry in their metadata, by which damage to weights or metadata is found.
///
/// It is a `Fingerprint` (XXH64) of the content of a file, independent of the order and the spelling of its header, so that it stays right
/// when another program copies the file: of each metadata entry in the order of the keys its key and its value, then of
/// each tensor in the order of the names its name, its type, its shape as text (`[2, 3]`) and its bytes.
struct SafetensorsChecksum {
  /// The metadata's key for it; the value is 16 hexadecimal digits.
  static let key = "gruppetto.xxh64"

  private var fingerprint = Fingerprint()

  /// Begins with the metadata, whose own entry for the checksum does not count.
  init(metadata: [String: String]) {
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) where key != Self.key {
      fingerprint.add(key)
      fingerprint.add(value)
    }
  }

  /// Adds a tensor; they must come in the order of their names.
  mutating func add(name: String, type: SafetensorsType, shape: [Int], bytes: UnsafeRawBufferPointer) {
    fingerprint.add(name)
    fingerprint.add(type.rawValue)
    fingerprint.add("\(shape)")
    fingerprint.add(bytes)
  }

  /// The 16 digits.
  var text: String { fingerprint.text }
}
