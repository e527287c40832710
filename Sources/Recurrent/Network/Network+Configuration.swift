extension Network {
  /// What a network reads at each step: ids, whose embeddings are summed, real-valued frames, or both side by side.
  public struct Input: Sendable, Hashable {
    /// How frames are brought to mean 0 and variance 1.
    public enum Normalization: String, Codable, Sendable, CaseIterable {
      /// They are taken as they are.
      case none
      /// By mean and variance of the training set, which go with the weights.
      case trainingSet = "training-set"
      /// By mean and variance of the sequence that they are in.
      case sequence
    }

    /// The sizes of the vocabularies that a step has an id of each, K of them.
    public var vocabularySizes: [Int]
    /// The length of an embedded id, E; 0 if there are no ids.
    public var embeddingSize: Int
    /// How many numbers a frame has, F; 0 if there are none.
    public var frameSize: Int
    /// How frames are normalized.
    public var normalization: Normalization
    /// The probability with which a number of what goes into the stack is dropped in training.
    public var dropout: Double

    /// Ids of one or several vocabularies, frames, or both.
    public init(
      vocabularySizes: [Int] = [], embeddingSize: Int = 0, frameSize: Int = 0,
      normalization: Normalization = .none, dropout: Double = 0
    ) {
      self.vocabularySizes = vocabularySizes
      self.embeddingSize = embeddingSize
      self.frameSize = frameSize
      self.normalization = normalization
      self.dropout = dropout
      if let fault { preconditionFailure(fault) }
    }

    /// An id of `vocabularySize` at each step.
    public static func ids(_ vocabularySize: Int, embeddingSize: Int, dropout: Double = 0) -> Input {
      Input(vocabularySizes: [vocabularySize], embeddingSize: embeddingSize, dropout: dropout)
    }

    /// A frame of `size` numbers at each step.
    public static func frames(
      _ size: Int, normalization: Normalization = .trainingSet, dropout: Double = 0
    ) -> Input {
      Input(frameSize: size, normalization: normalization, dropout: dropout)
    }

    /// How many numbers the stack takes at each step, I = E + F.
    public var size: Int { embeddingSize + frameSize }

    /// What is invalid in it, or nil.
    var fault: String? {
      let units = 0...ArchitectureLimit.units.upperBound
      if !units.contains(embeddingSize) || !units.contains(frameSize) || size < 1 {
        return
          "an embedding of \(embeddingSize) and frames of \(frameSize) numbers; the limits are "
          + "\(units.upperBound) of each"
      }
      if vocabularySizes.count > ArchitectureLimit.vocabularyCount {
        return
          "\(vocabularySizes.count) vocabularies; the limit is \(ArchitectureLimit.vocabularyCount)"
      }
      if let size = vocabularySizes.first(where: { !ArchitectureLimit.ids.contains($0) }) {
        return "a vocabulary of \(size) ids, outside 1 to \(ArchitectureLimit.ids.upperBound)"
      }
      if vocabularySizes.isEmpty != (embeddingSize == 0) {
        return "an embedding of \(embeddingSize) numbers for \(vocabularySizes.count) vocabularies"
      }
      return ArchitectureLimit.isDropout(dropout) ? nil : "a dropout of \(dropout) is not in 0 ..< 1"
    }
  }

  /// The architecture of a network: its input, its recurrent layers, its head.
  public struct Configuration: Sendable, Hashable {
    /// What it reads.
    public var input: Input
    /// The recurrent layers.
    public var stack: StackConfiguration
    /// The output, and the loss.
    public var head: Head
    /// Whether the output's weight is the embedding's of the first vocabulary (Press & Wolf 2017). The output tells of as
    /// many numbers as that has ids then, and what the stack gives is as long as an embedded id.
    public var tiesEmbedding: Bool

    /// An architecture.
    public init(input: Input, stack: StackConfiguration, head: Head, tiesEmbedding: Bool = false) {
      self.input = input
      self.stack = stack
      self.head = head
      self.tiesEmbedding = tiesEmbedding
    }

    /// What is invalid in it, or nil; a configuration that was read from a file may be of any kind.
    var fault: String? { stack.fault ?? input.fault ?? head.fault ?? tyingFault }

    private var tyingFault: String? {
      guard tiesEmbedding,
        input.vocabularySizes.first != head.outputSize || input.embeddingSize != stack.outputSize
      else { return nil }
      return
        "an output of \(head.outputSize) × \(stack.outputSize) weights cannot share those of embeddings of "
        + "\(input.vocabularySizes) × \(input.embeddingSize)"
    }

    /// The names and shapes of the weights, in their order in the buffer.
    var parameterShapes: [(name: String, shape: [Int])] {
      var shapes = input.vocabularySizes.indices.map {
        (name: embeddingName($0), shape: [input.vocabularySizes[$0], input.embeddingSize])
      }
      shapes += RecurrentStack.parameterShapes(
        configuration: stack, inputSize: input.size, namePrefix: Self.stackName)
      if head.pooling == .attention { shapes.append((Self.queryName, [stack.outputSize])) }
      if !tiesEmbedding { shapes.append(("output.weight", [head.outputSize, stack.outputSize])) }
      return shapes + [("output.bias", [head.outputSize])]
    }

    /// The name of the tensor that is the output's weight.
    var outputWeightName: String { tiesEmbedding ? embeddingName(0) : "output.weight" }

    /// Whether the output at each step does not depend on later steps: the layers read
    /// forward alone, its head does not pool, and frames are not normalized by their sequence.
    public var runsStepByStep: Bool {
      head.pooling == nil && input.normalization != .sequence && !stack.isBidirectional
    }

    /// How many weights such a network has.
    public var parameterCount: Int { parameterShapes.reduce(0) { $0 + $1.shape.reduce(1, *) } }

    static let stackName = "rnn"
    static let queryName = "pooling.query"

    /// The name of a vocabulary's table; that of the only one has no number.
    func embeddingName(_ index: Int) -> String {
      input.vocabularySizes.count == 1 ? "embedding.weight" : "embedding.\(index).weight"
    }
  }
}

extension Network.Input: Codable {
  private enum CodingKeys: String, CodingKey {
    case vocabularySizes, embeddingSize, frameSize, normalization, dropout
  }

  /// Reads an input; what is not there has the defaults of `init`.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    vocabularySizes = try fields.decodeIfPresent([Int].self, forKey: .vocabularySizes) ?? []
    embeddingSize = try fields.decodeIfPresent(Int.self, forKey: .embeddingSize) ?? 0
    frameSize = try fields.decodeIfPresent(Int.self, forKey: .frameSize) ?? 0
    normalization = try fields.decodeIfPresent(Normalization.self, forKey: .normalization) ?? .none
    dropout = try fields.decodeIfPresent(Double.self, forKey: .dropout) ?? 0
  }
}

extension Network.Configuration: Codable {
  private enum CodingKeys: String, CodingKey {
    case input, stack, head, tiesEmbedding
  }

  /// Reads an architecture; input, stack and head must be there.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    input = try fields.decode(Network.Input.self, forKey: .input)
    stack = try fields.decode(StackConfiguration.self, forKey: .stack)
    head = try fields.decode(Head.self, forKey: .head)
    tiesEmbedding = try fields.decodeIfPresent(Bool.self, forKey: .tiesEmbedding) ?? false
  }

  /// Writes an architecture, and that the embedding is shared only where it is, so that all others are read by programs
  /// that know nothing of it.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode(input, forKey: .input)
    try fields.encode(stack, forKey: .stack)
    try fields.encode(head, forKey: .head)
    if tiesEmbedding { try fields.encode(true, forKey: .tiesEmbedding) }
  }
}
