/// Several sequences packed without padding, as a pass takes them. N rows in the order of `layout`, B streams, K
/// vocabularies, F numbers a frame.
public struct SequenceBatch: Sendable, Hashable {
  /// The targets.
  public enum Targets: Sendable, Hashable {
    /// Nothing.
    case none
    /// A label for each row, or for each stream where the head pools; −1 is not counted.
    case labels([Int32])
    /// A frame for each row or stream; a number that is NaN is not counted.
    case frames([Float])
    /// For CTC: the labels of stream b are those at `offsets[b] ..< offsets[b + 1]`.
    case labelSequences([Int32], offsets: [Int])
  }

  /// Which row is which step of which stream.
  public let layout: StepLayout
  /// N × K.
  public var ids: [Int32]
  /// N × F.
  public var frames: [Float]
  /// The targets.
  public var targets: Targets
  /// N: whether the stream's state is zero before the step; empty where it never is.
  public var resets: [Bool]
  /// For each stream, which of the sequences it is that the batch was made of.
  public let order: [Int]

  /// A batch whose rows are in the layout's order already, such as a window of truncated backpropagation.
  public init(
    layout: StepLayout, ids: [Int32] = [], frames: [Float] = [], targets: Targets = .none, resets: [Bool] = []
  ) {
    self.layout = layout
    self.ids = ids
    self.frames = frames
    self.targets = targets
    self.resets = resets
    order = Array(0..<layout.streamCount)
  }

  /// Packs sequences, the longest first. All have the same kind of target; it must fit `head`.
  public init(_ sequences: [TrainingSequence], head: Head) {
    precondition(!sequences.isEmpty, "a batch of no sequences")
    let order = sequences.indices.sorted { (sequences[$1].length, $0) < (sequences[$0].length, $1) }
    let layout = StepLayout(lengths: order.map { sequences[$0].length })
    self.order = order
    self.layout = layout
    resets = []
    /// One step of each stream after the other.
    func packed<Element>(_ elements: (TrainingSequence) -> [Element]) -> [Element] {
      let streams = order.map { (elements(sequences[$0]), sequences[$0].length) }
      var result: [Element] = []
      result.reserveCapacity(streams.reduce(0) { $0 + $1.0.count })
      for step in 0..<layout.stepCount {
        for stream in 0..<layout.streamCount(atStep: step) {
          let (values, length) = streams[stream]
          let width = values.count / length
          result += values[step * width..<(step + 1) * width]
        }
      }
      return result
    }
    ids = packed(\.ids)
    frames = packed(\.frames)
    let isForEachStep = head.pooling == nil && head.kind != .ctc
    let labels = order.map { sequences[$0].labels }, numbers = order.map { sequences[$0].numbers }
    if sequences.allSatisfy({ $0.target == .none }) {
      targets = .none
    } else if head.kind == .ctc {
      targets = .labelSequences(
        labels.flatMap { $0 }, offsets: labels.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) })
    } else if head.kind == .softmax {
      targets = .labels(isForEachStep ? packed(\.labels) : labels.flatMap { $0 })
    } else {
      targets = .frames(isForEachStep ? packed(\.numbers) : numbers.flatMap { $0 })
    }
  }
}
