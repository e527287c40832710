/// Which rows of a batch belong to which step: B streams of any lengths, packed without padding.
///
/// Rows are time-major: those of step t are `offsets[t] ..< offsets[t + 1]`, the first of them stream 0. Streams stand in
/// the order of falling length, so that the streams of a step are the first of those of the step before it, as in PyTorch's
/// `PackedSequence`. A window of truncated backpropagation is the rectangle, in which all streams have all steps.
public struct StepLayout: Sendable, Hashable {
  /// Where each step's rows begin, and where the last step's end: T + 1 numbers, the first 0.
  public let offsets: [Int]
  /// How many steps each stream has, B falling numbers.
  public let lengths: [Int]

  /// `streamCount` streams of `stepCount` steps each; neither may be 0.
  public init(streamCount: Int, stepCount: Int) {
    precondition(
      streamCount > 0 && stepCount > 0, "\(streamCount) streams of \(stepCount) steps: none may be 0")
    offsets = (0...stepCount).map { $0 * streamCount }
    lengths = Array(repeating: stepCount, count: streamCount)
  }

  /// Streams of these lengths, each at least 1 and none longer than the one before it.
  public init(lengths: [Int]) {
    precondition(!lengths.isEmpty, "a layout of no streams")
    precondition(
      zip(lengths, lengths.dropFirst()).allSatisfy { $0 >= $1 } && lengths[lengths.count - 1] > 0,
      "lengths \(lengths) do not fall, or not to 1 at the least")
    var offsets = [0], streams = lengths.count
    for step in 0..<lengths[0] {
      while lengths[streams - 1] <= step { streams -= 1 }
      offsets.append(offsets[step] + streams)
    }
    self.offsets = offsets
    self.lengths = lengths
  }

  /// How many steps the longest stream has, T.
  public var stepCount: Int { offsets.count - 1 }
  /// How many streams there are, B.
  public var streamCount: Int { lengths.count }
  /// How many rows there are in all, N.
  public var rowCount: Int { offsets[offsets.count - 1] }

  /// How many streams have a step `step`, 0 after the last.
  public func streamCount(atStep step: Int) -> Int {
    step < stepCount ? offsets[step + 1] - offsets[step] : 0
  }

  /// The row of a step of a stream that has it.
  public func row(step: Int, stream: Int) -> Int {
    precondition(
      step >= 0 && stream >= 0 && stream < streamCount(atStep: step), "stream \(stream) has no step \(step)")
    return offsets[step] + stream
  }

  /// The row in which a direction has its last state of a stream: that of the stream's last step, or, in the second
  /// direction, of its first.
  func lastRow(ofStream stream: Int, direction: Int) -> Int {
    row(step: direction == 0 ? lengths[stream] - 1 : 0, stream: stream)
  }
}
