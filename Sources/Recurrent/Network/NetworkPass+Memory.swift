internal import Arithmetic

// What a pass takes, without making one. Each layer computes its own part, next to its initializer, for all buffers that grow with
// rows, streams times units, or weights; a test compares the sum with what buffers really take.
extension NetworkPass {
  /// About how many bytes a network and a pass over it take, to within 5 % where they take megabytes; without what CTC's
  /// losses need. Any size that an architecture may have can be asked for.
  public static func memoryRequirement(
    for configuration: Network.Configuration, rowCapacity: Int, streamCapacity: Int
  ) -> Int {
    let input = configuration.input, stack = configuration.stack
    let (rows, streams) = (Double(rowCapacity), Double(streamCapacity))
    let floats =
      2 * Double(configuration.parameterCount)
      + rows * Double(input.size + input.vocabularySizes.count + stack.outputSize)
      + RecurrentStack.floatCount(stack, inputSize: input.size, rows: rows, streams: streams)
      + HeadLayer.floatCount(configuration, rows: rows, streams: streams)
    // A flag for each row's reset.
    return Int(min(4 * floats + rows, 0x1p61))
  }
}

extension LanguageModelPass {
  /// About how many bytes a language model and a pass over it take; see `NetworkPass`.
  public static func memoryRequirement(
    for configuration: LanguageModelConfiguration, batchSize: Int, truncationLength: Int
  ) -> Int {
    let (rows, overflows) = batchSize.multipliedReportingOverflow(by: truncationLength)
    return NetworkPass.memoryRequirement(
      for: configuration.network, rowCapacity: overflows ? Int.max : rows, streamCapacity: batchSize)
  }
}
