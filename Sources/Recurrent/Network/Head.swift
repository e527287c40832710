/// What a network says at the end, and by which loss it learns to: a linear layer on what the stack gives at a step, or on
/// a whole sequence pooled, and a likelihood of what it gives.
public struct Head: Sendable, Hashable {
  /// What the outputs are the parameters of.
  public enum Kind: String, Codable, Sendable, CaseIterable {
    /// One of several labels: a softmax. The loss is the cross-entropy in nats a label.
    case softmax
    /// Numbers that are each 0 or 1 by themselves, such as the keys of a piano roll. Nats a frame.
    case bernoulli
    /// Real numbers by themselves. The loss is the mean of their squared errors.
    case squaredError = "squared-error"
    /// Real numbers, each with a mean and a variance of its own. Nats a frame.
    case gaussian
    /// A sequence of labels that is shorter than the input, without knowing where each begins: connectionist temporal
    /// classification (Graves et al. 2006). Nats a sequence. Class 0 is the blank.
    case ctc
  }

  /// What the outputs are the parameters of.
  public var kind: Kind
  /// How many classes there are (with CTC's blank), or how many numbers a frame has.
  public var size: Int
  /// How a sequence becomes one vector where there is one target for it; nil where there is one for every step.
  public var pooling: Pooling?
  /// How much of a label is shared out among all classes, 0 ..< 1 (Szegedy et al. 2016); for `softmax` alone.
  public var labelSmoothing: Double
  /// How much a label of each class weighs in the loss; nil where all weigh the same. For `softmax` alone.
  public var classWeights: [Double]?

  private init(
    kind: Kind, size: Int, pooling: Pooling? = nil, labelSmoothing: Double = 0, classWeights: [Double]? = nil
  ) {
    self.kind = kind
    self.size = size
    self.pooling = pooling
    self.labelSmoothing = labelSmoothing
    self.classWeights = classWeights
    if let fault { preconditionFailure(fault) }
  }

  /// One of `classCount` labels for each step, or for the sequence where there is a pooling.
  public static func softmax(
    classCount: Int, pooling: Pooling? = nil, labelSmoothing: Double = 0, classWeights: [Double]? = nil
  ) -> Head {
    Head(
      kind: .softmax, size: classCount, pooling: pooling, labelSmoothing: labelSmoothing,
      classWeights: classWeights)
  }

  /// Frames of `size` keys that are on or off.
  public static func bernoulli(size: Int, pooling: Pooling? = nil) -> Head {
    Head(kind: .bernoulli, size: size, pooling: pooling)
  }

  /// Frames of `size` real numbers.
  public static func squaredError(size: Int, pooling: Pooling? = nil) -> Head {
    Head(kind: .squaredError, size: size, pooling: pooling)
  }

  /// Frames of `size` real numbers with a variance each.
  public static func gaussian(size: Int, pooling: Pooling? = nil) -> Head {
    Head(kind: .gaussian, size: size, pooling: pooling)
  }

  /// A label sequence over `classCount` classes, of which class 0 is the blank.
  public static func ctc(classCount: Int) -> Head { Head(kind: .ctc, size: classCount) }

  /// How many numbers the linear layer gives, O.
  public var outputSize: Int { kind == .gaussian ? 2 * size : size }

  /// What makes no sense in it, if anything does.
  var fault: String? {
    if !ArchitectureLimit.ids.contains(size) || kind == .ctc && size < 2 {
      return "a head over \(size) classes or numbers"
    }
    if kind == .ctc, pooling != nil { return "a label sequence cannot be read from a pooled sequence" }
    if !(0..<1).contains(labelSmoothing) { return "a label smoothing of \(labelSmoothing) is not in 0 ..< 1" }
    if let classWeights {
      guard classWeights.count == size else { return "\(classWeights.count) weights for \(size) classes" }
      guard classWeights.allSatisfy({ $0 >= 0 && Float($0).isFinite }) else {
        return "a class weight below 0 or infinite"
      }
    }
    if kind != .softmax, labelSmoothing != 0 || classWeights != nil {
      return "label smoothing and class weights are for labels, not for \(kind.rawValue)"
    }
    return nil
  }
}

extension Head: Codable {
  private enum CodingKeys: String, CodingKey {
    case kind, size, pooling, labelSmoothing, classWeights
  }

  /// Reads a head; kind and size must be there.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    kind = try fields.decode(Kind.self, forKey: .kind)
    size = try fields.decode(Int.self, forKey: .size)
    pooling = try fields.decodeIfPresent(Pooling.self, forKey: .pooling)
    labelSmoothing = try fields.decodeIfPresent(Double.self, forKey: .labelSmoothing) ?? 0
    classWeights = try fields.decodeIfPresent([Double].self, forKey: .classWeights)
  }
}
