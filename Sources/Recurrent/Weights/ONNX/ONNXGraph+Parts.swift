/// What several networks are put together of.
extension ONNXGraph {
  /// Adds x Wᵀ + b.
  /// - Parameters:
  ///   - input: … × I.
  ///   - weight: O × I.
  ///   - bias: O.
  ///   - output: what the result is called, … × O.
  mutating func addLinear(
    _ input: String, weight: SafetensorsTensor, bias: SafetensorsTensor, output: String
  ) -> String {
    let transposed = add(
      "Transpose", [addConstant(weight)], attributes: [("perm", .integers([1, 0]))],
      output: "output.weight.transposed")
    let product = add("MatMul", [input, transposed], output: "output.product")
    return add("Add", [product, addConstant(bias)], output: output)
  }

  /// Adds the cutting of a value into parts of some lengths along an axis.
  /// - Returns: the parts' names.
  mutating func addSplit(_ value: String, lengths: [Int], axis: Int) -> [String] {
    guard lengths.count > 1 else { return [value] }
    let parts = lengths.indices.map { "\(value).part_\($0)" }
    add(
      Node(
        operation: "Split", inputs: [value, addConstant("\(value).lengths", lengths)], outputs: parts,
        attributes: [("axis", .integer(axis))]))
    return parts
  }

  /// Adds the joining of parts along an axis, where there are several.
  /// - Returns: the whole.
  mutating func addJoin(_ parts: [String], axis: Int, output: String) -> String {
    guard parts.count != 1 else { return parts[0] }
    return add("Concat", parts, attributes: [("axis", .integer(axis))], output: output)
  }

  /// Adds whole numbers in a row.
  mutating func addConstant(_ name: String, _ numbers: [Int]) -> String {
    addConstant(
      SafetensorsTensor(name: name, shape: [numbers.count], integers: numbers.map { Int64($0) }))
  }

  /// Adds one whole number.
  mutating func addConstant(_ name: String, _ number: Int) -> String {
    addConstant(SafetensorsTensor(name: name, shape: [], integers: [Int64(number)]))
  }

  /// Adds one number.
  mutating func addConstant(_ name: String, _ number: Float) -> String {
    addConstant(SafetensorsTensor(name: name, shape: [], values: [number]))
  }

  /// Adds the states before the first step, L · D × B × H each, as inputs.
  /// - Returns: their names.
  mutating func addStateInputs(of stack: StackConfiguration) -> [String] {
    stack.onnxStateInputs.map { addInput($0, .float32, stack.onnxStateAxes) }
  }

  /// Makes the states after the last step outputs.
  mutating func addStateOutputs(_ states: [String], of stack: StackConfiguration) {
    for (name, state) in zip(stack.onnxStateOutputs, states) {
      addOutput(add("Identity", [state], output: name), .float32, stack.onnxStateAxes)
    }
  }
}

extension StackConfiguration {
  /// What the states before the first step are called.
  var onnxStateInputs: [String] { onnxStateNames.map { "\($0)_0" } }
  /// What the states after the last step are called.
  var onnxStateOutputs: [String] { onnxStateNames.map { "\($0)_n" } }

  /// What PyTorch calls the parts of the state.
  private var onnxStateNames: [String] { Array(["h", "c"].prefix(cell.implementation.stateCount)) }

  fileprivate var onnxStateAxes: [ONNXGraph.Axis] {
    [.fixed(layerCount * directionCount), .named("batch"), .fixed(hiddenSize)]
  }
}
