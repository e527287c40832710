/// The JSON at the head of a safetensors file: an object with a member for each tensor, and the metadata.
struct SafetensorsHeader: Codable {
  struct Tensor: Codable {
    var dtype: String
    var shape: [Int]
    /// Begin and end within the data that follows the header.
    var dataOffsets: [Int]

    enum CodingKeys: String, CodingKey {
      case dtype, shape
      case dataOffsets = "data_offsets"
    }
  }

  var tensors: [String: Tensor] = [:]
  var metadata: [String: String] = [:]

  private struct Name: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }

    static let metadata = Name(stringValue: "__metadata__")

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  init() {}

  init(from decoder: any Decoder) throws {
    let members = try decoder.container(keyedBy: Name.self)
    for name in members.allKeys {
      if name.stringValue == Name.metadata.stringValue {
        metadata = try members.decode([String: String].self, forKey: name)
      } else {
        tensors[name.stringValue] = try members.decode(Tensor.self, forKey: name)
      }
    }
  }

  func encode(to encoder: any Encoder) throws {
    var members = encoder.container(keyedBy: Name.self)
    if !metadata.isEmpty { try members.encode(metadata, forKey: .metadata) }
    for (name, tensor) in tensors { try members.encode(tensor, forKey: Name(stringValue: name)) }
  }
}
