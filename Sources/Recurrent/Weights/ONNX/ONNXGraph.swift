internal import Groundwork

/// A computation as ONNX describes it: operators between named values, some of which are inputs and some constants.
///
/// Only what our networks need is there. Sources: ONNX, "Open Neural Network Exchange Intermediate Representation
/// Specification" and `onnx.proto`, whose field numbers these are.
struct ONNXGraph {
  /// The setting of an operator.
  enum Attribute {
    case integer(Int)
    case integers([Int])
    case float(Float)
    case string(String)
    case strings([String])
  }

  /// One operator at work.
  struct Node {
    var operation: String
    /// The names of what it takes; an empty one is left out.
    var inputs: [String]
    var outputs: [String]
    var attributes: [(name: String, value: Attribute)] = []
  }

  /// The length of an axis.
  enum Axis {
    case fixed(Int)
    /// A length that is known only when the graph runs; the same name stands for the same length.
    case named(String)
  }

  /// What goes into the graph or comes out of it.
  struct Value {
    var name: String
    var type: SafetensorsType
    var axes: [Axis]
  }

  /// The version of the operators that are used, of 2021: the first to have layer normalization.
  static let operatorVersion = 17
  /// The version of the file format that goes with it.
  private static let formatVersion = 8

  /// The graph's name.
  var name: String
  private(set) var inputs: [Value] = []
  private(set) var outputs: [Value] = []
  private(set) var constants: [SafetensorsTensor] = []
  private(set) var nodes: [Node] = []

  /// An empty graph.
  init(name: String) { self.name = name }

  /// Adds an input.
  /// - Returns: its name.
  mutating func addInput(_ name: String, _ type: SafetensorsType, _ axes: [Axis]) -> String {
    inputs.append(Value(name: name, type: type, axes: axes))
    return name
  }

  /// Makes the value of this name an output.
  mutating func addOutput(_ name: String, _ type: SafetensorsType, _ axes: [Axis]) {
    outputs.append(Value(name: name, type: type, axes: axes))
  }

  /// Adds a constant, if there is none of its name yet.
  /// - Returns: its name.
  mutating func addConstant(_ tensor: SafetensorsTensor) -> String {
    if !constants.contains(where: { $0.name == tensor.name }) { constants.append(tensor) }
    return tensor.name
  }

  /// Adds an operator with one output.
  /// - Returns: the output's name.
  mutating func add(
    _ operation: String, _ inputs: [String], attributes: [(name: String, value: Attribute)] = [],
    output: String
  ) -> String {
    nodes.append(Node(operation: operation, inputs: inputs, outputs: [output], attributes: attributes))
    return output
  }

  /// Adds an operator.
  mutating func add(_ node: Node) { nodes.append(node) }

  /// Writes the file, atomically.
  /// - Throws: `ExchangeError.tooLarge`, or `.file` where the file cannot be written.
  func write(to path: String, metadata: [String: String]) throws(ExchangeError) {
    let content = model(metadata: metadata)
    guard content.byteCount <= Int(Int32.max) else {
      throw .tooLarge(path: path, byteCount: content.byteCount, limit: Int(Int32.max))
    }
    do throws(FileError) {
      let file = try AtomicReplacement(path: path)
      try content.write(to: file)
      try file.commit()
    } catch {
      throw .file(error)
    }
  }

  /// The file's content.
  /// - Parameter metadata: text that goes with it.
  func model(metadata: [String: String]) -> ProtobufMessage {
    var operators = ProtobufMessage()
    operators.add("", field: 1)
    operators.add(Self.operatorVersion, field: 2)
    var model = ProtobufMessage()
    model.add(Self.formatVersion, field: 1)
    model.add("gruppetto", field: 2)
    model.add(message, field: 7)
    model.add(operators, field: 8)
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
      var entry = ProtobufMessage()
      entry.add(key, field: 1)
      entry.add(value, field: 2)
      model.add(entry, field: 14)
    }
    return model
  }

  private var message: ProtobufMessage {
    var graph = ProtobufMessage()
    for node in nodes { graph.add(node.message, field: 1) }
    graph.add(name, field: 2)
    for constant in constants { graph.add(constant.onnxMessage, field: 5) }
    for input in inputs { graph.add(input.message, field: 11) }
    for output in outputs { graph.add(output.message, field: 12) }
    return graph
  }
}

extension ONNXGraph.Node {
  fileprivate var message: ProtobufMessage {
    var node = ProtobufMessage()
    for input in inputs { node.add(input, field: 1) }
    for output in outputs { node.add(output, field: 2) }
    // Runtimes name a node in their messages; it has the name of its first output.
    if let output = outputs.first(where: { !$0.isEmpty }) { node.add("\(operation)/\(output)", field: 3) }
    node.add(operation, field: 4)
    for (name, value) in attributes { node.add(value.message(named: name), field: 5) }
    return node
  }
}

extension ONNXGraph.Attribute {
  fileprivate func message(named name: String) -> ProtobufMessage {
    var attribute = ProtobufMessage()
    attribute.add(name, field: 1)
    switch self {
    case .float(let value):
      attribute.add(value, field: 2)
      attribute.add(1, field: 20)
    case .integer(let value):
      attribute.add(value, field: 3)
      attribute.add(2, field: 20)
    case .string(let value):
      attribute.add(value, field: 4)
      attribute.add(3, field: 20)
    case .integers(let values):
      for value in values { attribute.add(value, field: 8) }
      attribute.add(7, field: 20)
    case .strings(let values):
      for value in values { attribute.add(value, field: 9) }
      attribute.add(8, field: 20)
    }
    return attribute
  }
}

extension ONNXGraph.Value {
  fileprivate var message: ProtobufMessage {
    var shape = ProtobufMessage()
    for axis in axes {
      var dimension = ProtobufMessage()
      switch axis {
      case .fixed(let length): dimension.add(length, field: 1)
      case .named(let name): dimension.add(name, field: 2)
      }
      shape.add(dimension, field: 1)
    }
    var tensor = ProtobufMessage()
    tensor.add(type.onnxType, field: 1)
    tensor.add(shape, field: 2)
    var kind = ProtobufMessage()
    kind.add(tensor, field: 1)
    var value = ProtobufMessage()
    value.add(name, field: 1)
    value.add(kind, field: 2)
    return value
  }
}

extension SafetensorsTensor {
  fileprivate var onnxMessage: ProtobufMessage {
    var tensor = ProtobufMessage()
    for length in shape { tensor.add(length, field: 1) }
    tensor.add(elements.type.onnxType, field: 2)
    tensor.add(name, field: 8)
    tensor.add(elements, field: 9)
    return tensor
  }
}

extension SafetensorsType {
  /// The number of `TensorProto.DataType`.
  var onnxType: Int {
    switch self {
    case .float32: 1
    case .unsigned8: 2
    case .signed8: 3
    case .unsigned16: 4
    case .signed16: 5
    case .signed32: 6
    case .signed64: 7
    case .boolean: 9
    case .float16: 10
    case .float64: 11
    case .unsigned32: 12
    case .unsigned64: 13
    case .bfloat16: 16
    case .float8E4M3: 17
    case .float8E5M2: 19
    }
  }
}
