/// The input of a network and the expected output. T steps, K vocabularies, F numbers a frame.
public struct TrainingSequence: Sendable, Hashable {
  /// The targets.
  public enum Target: Sendable, Hashable {
    /// Nothing that is known: the sequence is there to be predicted.
    case none
    /// A label for each step, one for the sequence, or the label sequence of CTC, as the head has it; −1 is not counted.
    case labels([Int32])
    /// A frame for each step, or one for the sequence; a number that is NaN is not counted.
    case frames([Float])
  }

  /// How many steps there are, T.
  public let length: Int
  /// T × K ids; −1 where a step has none of a vocabulary.
  public var ids: [Int32]
  /// T × F numbers; NaN where one is missing, which counts as the mean.
  public var frames: [Float]
  /// The targets.
  public var target: Target

  /// The target's labels; none where it has no labels.
  public var labels: [Int32] { if case .labels(let labels) = target { labels } else { [] } }
  /// The target's numbers; none where it has no frames.
  public var numbers: [Float] { if case .frames(let numbers) = target { numbers } else { [] } }

  /// A sequence of `length` steps, at least one.
  public init(length: Int, ids: [Int32] = [], frames: [Float] = [], target: Target = .none) {
    precondition(length > 0, "a sequence of \(length) steps")
    precondition(
      ids.count % length == 0 && frames.count % length == 0,
      "\(ids.count) ids and \(frames.count) numbers do not make \(length) steps")
    self.length = length
    self.ids = ids
    self.frames = frames
    self.target = target
  }

  /// A sequence of one id a step.
  public init(ids: [Int32], target: Target = .none) { self.init(length: ids.count, ids: ids, target: target) }

  /// A sequence of which each id but the first is to be predicted from those before it. `ids` has at least two.
  public init(nextIDs ids: [Int32]) {
    self.init(ids: ids.dropLast(), target: .labels(Array(ids.dropFirst())))
  }

  /// A sequence of frames of `frameSize` numbers.
  public init(frames: [Float], frameSize: Int, target: Target = .none) {
    precondition(
      frameSize > 0 && frames.count % frameSize == 0, "\(frames.count) numbers in frames of \(frameSize)")
    self.init(length: frames.count / frameSize, frames: frames, target: target)
  }
}
