internal import Testing

/// What stands in an ONNX file, read by the wire format alone.
struct ONNXFile {
  struct Node {
    var operation = ""
    var inputs: [String] = []
    var outputs: [String] = []
    var attributes: [String: Attribute] = [:]
  }

  struct Attribute {
    var integer = 0
    var float: Float = 0
    var string = ""
    var integers: [Int] = []
    var strings: [String] = []
  }

  struct Tensor {
    var shape: [Int]
    var values: [Double]
  }

  var formatVersion = 0
  var operatorVersion = 0
  var metadata: [String: String] = [:]
  var nodes: [Node] = []
  var constants: [String: Tensor] = [:]
  /// The names of inputs and outputs, each with its element type and its axes, those of a free length by name.
  var inputs: [(name: String, type: Int, axes: [String])] = []
  var outputs: [(name: String, type: Int, axes: [String])] = []

  init(_ bytes: [UInt8]) throws {
    let model = try Message(bytes[...])
    formatVersion = model.integers(1).first ?? 0
    operatorVersion = try model.messages(8).first?.integers(2).first ?? 0
    for entry in try model.messages(14) { metadata[entry.text(1)] = entry.text(2) }
    let graph = try #require(try model.messages(7).first)
    nodes = try graph.messages(1).map { node in
      Node(
        operation: node.text(4), inputs: node.texts(1), outputs: node.texts(2),
        attributes: Dictionary(
          uniqueKeysWithValues: try node.messages(5).map { attribute in
            (
              attribute.text(1),
              Attribute(
                integer: attribute.integers(3).first ?? 0,
                float: Float(bitPattern: UInt32(attribute.fixed(2).first ?? 0)), string: attribute.text(4),
                integers: attribute.integers(8), strings: attribute.texts(9))
            )
          }))
    }
    for tensor in try graph.messages(5) {
      constants[tensor.text(8)] = try Self.tensor(tensor)
    }
    inputs = try graph.messages(11).map(Self.value)
    outputs = try graph.messages(12).map(Self.value)
  }

  private static func tensor(_ message: Message) throws -> Tensor {
    let raw = Array(message.bytes(9).first ?? [])
    let values: [Double] =
      switch message.integers(2).first {
      case 1:
        raw.withUnsafeBytes { bytes in
          (0..<raw.count / 4).map { Double(bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self)) }
        }
      case 7:
        raw.withUnsafeBytes { bytes in
          (0..<raw.count / 8).map { Double(bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Int64.self)) }
        }
      default: try #require(nil, "a constant of another type")
      }
    try #require(message.integers(1).reduce(1, *) == values.count)
    return Tensor(shape: message.integers(1), values: values)
  }

  private static func value(_ message: Message) throws -> (name: String, type: Int, axes: [String]) {
    let tensor = try #require(try message.messages(2).first?.messages(1).first)
    let axes = try tensor.messages(2).first?.messages(1).map { axis in
      axis.integers(1).first.map(String.init) ?? axis.text(2)
    }
    return (message.text(1), tensor.integers(1).first ?? 0, axes ?? [])
  }

  /// The fields of a message by their numbers.
  private struct Message {
    private var numbers: [Int: [UInt64]] = [:]
    private var strings: [Int: [ArraySlice<UInt8>]] = [:]

    init(_ bytes: ArraySlice<UInt8>) throws {
      var rest = bytes
      while !rest.isEmpty {
        let key = try Self.variableLength(&rest)
        let field = Int(key >> 3)
        switch key & 7 {
        case 0: numbers[field, default: []].append(try Self.variableLength(&rest))
        case 2:
          let count = Int(try Self.variableLength(&rest))
          try #require(count <= rest.count)
          strings[field, default: []].append(rest.prefix(count))
          rest = rest.dropFirst(count)
        case 5:
          try #require(rest.count >= 4)
          numbers[field, default: []].append(rest.prefix(4).reversed().reduce(0) { $0 << 8 | UInt64($1) })
          rest = rest.dropFirst(4)
        default: Issue.record("a field of wire type \(key & 7)")
        }
      }
    }

    private static func variableLength(_ rest: inout ArraySlice<UInt8>) throws -> UInt64 {
      var value: UInt64 = 0
      for shift in stride(from: 0, to: 64, by: 7) {
        let byte = try #require(rest.first)
        rest = rest.dropFirst()
        value |= UInt64(byte & 0x7F) << UInt64(shift)
        if byte < 0x80 { return value }
      }
      return try #require(nil, "an integer without an end")
    }

    func integers(_ field: Int) -> [Int] { (numbers[field] ?? []).map { Int(Int64(bitPattern: $0)) } }
    func fixed(_ field: Int) -> [UInt64] { numbers[field] ?? [] }
    func bytes(_ field: Int) -> [ArraySlice<UInt8>] { strings[field] ?? [] }
    func texts(_ field: Int) -> [String] { bytes(field).map { String(decoding: $0, as: UTF8.self) } }
    func text(_ field: Int) -> String { texts(field).first ?? "" }
    func messages(_ field: Int) throws -> [Message] { try bytes(field).map { try Message($0) } }
  }
}
