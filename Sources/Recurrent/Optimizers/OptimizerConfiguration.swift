internal import Arithmetic

/// An optimizer and its constants.
///
/// In JSON one object: `{"rule": "sgd", "momentum": 0.9, "isNesterov": false, "weightDecay": 0}`, where the rule decides
/// which constants there are.
public struct OptimizerConfiguration: Hashable, Sendable {
  /// What an update makes of a gradient.
  public enum Rule: Hashable, Sendable {
    /// Stochastic gradient descent with momentum (Polyak 1964), or with Nesterov's (Sutskever et al. 2013). A momentum of
    /// 0 keeps nothing from step to step.
    case sgd(momentum: Double, isNesterov: Bool)
    /// The gradient over the root of a running mean of its squares (Hinton 2012), or, where it is centered, over its
    /// running standard deviation (Graves 2013, "Generating Sequences With Recurrent Neural Networks", equation 38).
    case rmsprop(smoothing: Double, epsilon: Double, momentum: Double, isCentered: Bool)
    /// Adaptive moments (Kingma & Ba 2015), whose weight decay is added to the gradient.
    case adam(beta1: Double, beta2: Double, epsilon: Double)
    /// Adam with decoupled weight decay (Loshchilov & Hutter 2019, "Decoupled Weight Decay Regularization").
    case adamw(beta1: Double, beta2: Double, epsilon: Double)
  }

  /// The names of the rules.
  public enum Name: String, Codable, CaseIterable, Sendable {
    /// Stochastic gradient descent.
    case sgd
    /// Root mean squares.
    case rmsprop
    /// Adaptive moments.
    case adam
    /// Adaptive moments with decoupled weight decay.
    case adamw
  }

  /// What an update makes of a gradient.
  public var rule: Rule
  /// How strongly weights are drawn to 0: AdamW takes this part of a weight away, times the learning rate; the others add
  /// this part of it to its gradient.
  public var weightDecay: Double

  /// An optimizer with these constants.
  public init(rule: Rule, weightDecay: Double = 0) {
    self.rule = rule
    self.weightDecay = weightDecay
  }

  /// The rule of this name with its usual constants: PyTorch's defaults, and for gradient descent a
  /// momentum of 0.9.
  public init(_ name: Name) {
    self =
      switch name {
      case .sgd: .sgd(momentum: 0.9)
      case .rmsprop: .rmsprop()
      case .adam: .adam()
      case .adamw: .adamw()
      }
  }

  /// Stochastic gradient descent.
  public static func sgd(momentum: Double = 0, isNesterov: Bool = false, weightDecay: Double = 0) -> Self {
    Self(rule: .sgd(momentum: momentum, isNesterov: isNesterov), weightDecay: weightDecay)
  }

  /// RMSProp.
  public static func rmsprop(
    smoothing: Double = 0.99, epsilon: Double = 1e-8, momentum: Double = 0, isCentered: Bool = false,
    weightDecay: Double = 0
  ) -> Self {
    Self(
      rule: .rmsprop(smoothing: smoothing, epsilon: epsilon, momentum: momentum, isCentered: isCentered),
      weightDecay: weightDecay)
  }

  /// Adam.
  public static func adam(
    beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0
  ) -> Self {
    Self(rule: .adam(beta1: beta1, beta2: beta2, epsilon: epsilon), weightDecay: weightDecay)
  }

  /// AdamW.
  public static func adamw(
    beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0.01
  ) -> Self {
    Self(rule: .adamw(beta1: beta1, beta2: beta2, epsilon: epsilon), weightDecay: weightDecay)
  }

  /// The rule's name.
  public var name: Name {
    switch rule {
    case .sgd: .sgd
    case .rmsprop: .rmsprop
    case .adam: .adam
    case .adamw: .adamw
    }
  }

  /// The momentum of the rules that have one.
  public var momentum: Double? {
    switch rule {
    case .sgd(let momentum, _), .rmsprop(_, _, let momentum, _): momentum
    case .adam, .adamw: nil
    }
  }
}

extension OptimizerConfiguration {
  /// The first invalid constant, if there is one: its name, its value, and what it should be.
  public var fault: (name: String, value: Double, expected: String)? {
    func share(_ name: String, _ value: Double) -> (name: String, value: Double, expected: String)? {
      value >= 0 && Float(value) < 1 ? nil : (name, value, "0 to below 1")
    }
    func positive(_ name: String, _ value: Double) -> (name: String, value: Double, expected: String)? {
      value.isPositiveAsFloat ? nil : (name, value, "a number above 0, 1e-37 to 1e38")
    }
    guard weightDecay >= 0, Float(weightDecay).isFinite else {
      return ("weightDecay", weightDecay, "0 or more, and finite")
    }
    switch rule {
    case .sgd(let momentum, let isNesterov):
      if isNesterov, momentum == 0 { return ("momentum", 0, "above 0, because Nesterov momentum needs it") }
      return share("momentum", momentum)
    case .rmsprop(let smoothing, let epsilon, let momentum, _):
      return share("smoothing", smoothing) ?? positive("epsilon", epsilon) ?? share("momentum", momentum)
    case .adam(let beta1, let beta2, let epsilon), .adamw(let beta1, let beta2, let epsilon):
      return share("beta1", beta1) ?? share("beta2", beta2) ?? positive("epsilon", epsilon)
    }
  }
}

extension OptimizerConfiguration: Codable {
  private enum CodingKeys: String, CodingKey {
    case rule, weightDecay, momentum, isNesterov, smoothing, epsilon, beta1, beta2
    /// Files keep the spelling that they were first written in.
    case isCentered = "isCentred"
  }

  /// Reads the rule's name and the constants that it has.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    func number(_ key: CodingKeys) throws -> Double { try fields.decode(Double.self, forKey: key) }
    func flag(_ key: CodingKeys) throws -> Bool { try fields.decode(Bool.self, forKey: key) }
    rule =
      switch try fields.decode(Name.self, forKey: .rule) {
      case .sgd: .sgd(momentum: try number(.momentum), isNesterov: try flag(.isNesterov))
      case .rmsprop:
        .rmsprop(
          smoothing: try number(.smoothing), epsilon: try number(.epsilon), momentum: try number(.momentum),
          isCentered: try flag(.isCentered))
      case .adam:
        .adam(beta1: try number(.beta1), beta2: try number(.beta2), epsilon: try number(.epsilon))
      case .adamw:
        .adamw(beta1: try number(.beta1), beta2: try number(.beta2), epsilon: try number(.epsilon))
      }
    weightDecay = try number(.weightDecay)
  }

  /// Writes the rule's name and the constants that it has.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode(name, forKey: .rule)
    try fields.encode(weightDecay, forKey: .weightDecay)
    switch rule {
    case .sgd(let momentum, let isNesterov):
      try fields.encode(momentum, forKey: .momentum)
      try fields.encode(isNesterov, forKey: .isNesterov)
    case .rmsprop(let smoothing, let epsilon, let momentum, let isCentered):
      try fields.encode(smoothing, forKey: .smoothing)
      try fields.encode(epsilon, forKey: .epsilon)
      try fields.encode(momentum, forKey: .momentum)
      try fields.encode(isCentered, forKey: .isCentered)
    case .adam(let beta1, let beta2, let epsilon), .adamw(let beta1, let beta2, let epsilon):
      try fields.encode(beta1, forKey: .beta1)
      try fields.encode(beta2, forKey: .beta2)
      try fields.encode(epsilon, forKey: .epsilon)
    }
  }
}
