/// The JSON at the head of a safetensors file that is to be written: an object with a member for each tensor, and the
/// metadata.
struct SafetensorsHeader: Encodable {
  struct Tensor: Encodable {
    var dtype: String
    var shape: [Int]
    /// Begin and end within the data that follows the header.
    var dataOffsets: [Int]

    enum CodingKeys: String, CodingKey {
      case dtype, shape
      case dataOffsets = "data_offsets"
    }
  }

  /// The metadata's place among the tensors' names.
  static let metadataName = "__metadata__"

  var tensors: [String: Tensor] = [:]
  var metadata: [String: String] = [:]

  private struct Name: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  func encode(to encoder: any Encoder) throws {
    var members = encoder.container(keyedBy: Name.self)
    if !metadata.isEmpty { try members.encode(metadata, forKey: Name(stringValue: Self.metadataName)) }
    for (name, tensor) in tensors { try members.encode(tensor, forKey: Name(stringValue: name)) }
  }
}
