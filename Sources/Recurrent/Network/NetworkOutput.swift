/// The output of a network for some sequences.
public struct NetworkOutput: Sendable, Hashable {
  /// For each sequence, in the order in which they were given, R × O numbers: a row for each step, or one where the head
  /// pools. By the head's kind:
  /// - `softmax`: the probabilities of the classes;
  /// - `bernoulli`: the probability of each key;
  /// - `squaredError`: the numbers;
  /// - `gaussian`: the means, then the variances;
  /// - `ctc`: the logarithms of the classes' probabilities.
  public let values: [[Float]]
  /// What the numbers are.
  public let head: Head

  /// The most probable class of each row of a sequence; for a softmax.
  public func labels(ofSequence index: Int) -> [Int32] {
    let values = values[index], size = head.outputSize
    return stride(from: 0, to: values.count, by: size).map { row in
      var best = 0
      for k in 1..<max(1, size) where values[row + k] > values[row + best] { best = k }
      return Int32(best)
    }
  }

  /// The first class of each sequence's most probable: its label where the head pools.
  public var labels: [Int32] { values.indices.compactMap { labels(ofSequence: $0).first } }

  /// The label sequence that is read from a sequence; for CTC. Without a beam it is that of the most probable alignment, else
  /// the most probable that a prefix beam search of this width finds.
  public func labelSequence(ofSequence index: Int, beamWidth: Int? = nil) -> [Int32] {
    precondition(head.kind == .ctc, "a \(head.kind.rawValue) head reads no label sequences")
    let decoder = CTCDecoder(classCount: head.size)
    guard let beamWidth else { return decoder.greedy(values[index]) }
    return decoder.beamSearch(values[index], beamWidth: beamWidth).first?.labels ?? []
  }

  /// The means of a sequence's rows, one after the other; for a Gaussian.
  public func means(ofSequence index: Int) -> [Float] { part(0, of: index) }

  /// The variances of a sequence's rows, one after the other; for a Gaussian.
  public func variances(ofSequence index: Int) -> [Float] { part(1, of: index) }

  private func part(_ part: Int, of index: Int) -> [Float] {
    precondition(head.kind == .gaussian, "a \(head.kind.rawValue) head has no means and variances")
    return stride(from: part * head.size, to: values[index].count, by: head.outputSize)
      .flatMap { values[index][$0..<$0 + head.size] }
  }
}
