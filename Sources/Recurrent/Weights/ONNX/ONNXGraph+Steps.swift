/// What a graph knows of ragged streams: which steps they have, and sums over them. T steps, B streams.
extension ONNXGraph {
  /// Which steps streams have, as conditions of T × B × 1 or, where they are the same for all streams, T × 1 × 1.
  struct Steps {
    /// Whether the stream has the step.
    var isPresent: String
    /// Whether it is the stream's last.
    var isLast: String
    /// Whether it is the first.
    var isFirst: String
    /// How many the stream has, as a number, B × 1.
    var count: String
  }

  /// Adds the conditions for streams of some lengths.
  /// - Parameters:
  ///   - value: whose first axis is that of the steps.
  ///   - lengths: B whole numbers of 64 bits.
  mutating func addSteps(of value: String, lengths: String) -> Steps {
    let (none, one) = (addConstant("zero", 0), addConstant("one", 1))
    let shape = add("Shape", [value], output: "steps.shape")
    let count = add("Gather", [shape, none], attributes: [("axis", .integer(0))], output: "steps.count")
    let numbers = addUnsqueeze(
      add("Range", [none, count, one], output: "steps.numbers"), axis: 1, output: "steps.column")
    let isPresent = add("Less", [numbers, lengths], output: "steps.present")
    let last = add("Sub", [lengths, one], output: "steps.last_number")
    let isLast = add("Equal", [numbers, last], output: "steps.last")
    let isFirst = add("Equal", [numbers, none], output: "steps.first")
    let conditions = [isPresent, isLast, isFirst].map { addUnsqueeze($0, axis: 2, output: "\($0)_unit") }
    let lengthNumbers = addCast(lengths, to: .float32, output: "lengths.single")
    return Steps(
      isPresent: conditions[0], isLast: conditions[1], isFirst: conditions[2],
      count: addUnsqueeze(lengthNumbers, axis: 1, output: "lengths.column"))
  }

  /// Adds the sum over the first axis, which stays with a length of 1 or goes.
  mutating func addSumOverSteps(_ value: String, keepsAxis: Bool, output: String) -> String {
    add(
      "ReduceSum", [value, addConstant("steps.axis", [0])],
      attributes: [("keepdims", .integer(keepsAxis ? 1 : 0))], output: output)
  }

  /// Adds the same numbers as another type.
  mutating func addCast(_ value: String, to type: SafetensorsType, output: String) -> String {
    add("Cast", [value], attributes: [("to", .integer(type.onnxType))], output: output)
  }

  /// The number 0, for what is missing.
  var zero: String {
    mutating get { addConstant("zero.single", 0 as Float) }
  }

  private mutating func addUnsqueeze(_ value: String, axis: Int, output: String) -> String {
    add("Unsqueeze", [value, addConstant("axis.\(axis)", [axis])], output: output)
  }
}
