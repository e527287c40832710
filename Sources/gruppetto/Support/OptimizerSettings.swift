public import ArgumentParser
internal import Groundwork
internal import Recurrent

/// What the user wants of the optimizer otherwise than the preset.
struct OptimizerSettings: ParsableArguments {
  @Option(
    help: ArgumentHelp("What makes updates of gradients: adamw, adam, rmsprop or sgd.", valueName: "name"))
  var optimizer: OptimizerConfiguration.Name?

  @Option(
    help: ArgumentHelp(
      "How much of its mean of the gradients adam or adamw keeps (default: 0.9).", valueName: "part"))
  var beta1: Double?

  @Option(
    help: ArgumentHelp(
      "How much of its mean of their squares adam or adamw keeps (default: 0.999).", valueName: "part"))
  var beta2: Double?

  @Option(
    help: ArgumentHelp(
      "How much of its mean of the gradients' squares rmsprop keeps; PyTorch's alpha (default: 0.99).",
      valueName: "part"))
  var smoothing: Double?

  @Flag(
    inversion: .prefixedNo, help: "Let rmsprop divide by the standard deviation of the gradients, or not.")
  var centered: Bool?

  @Option(
    help: ArgumentHelp(
      "What adam, adamw or rmsprop adds to the root that it divides by (default: 1e-8).", valueName: "number")
  )
  var epsilon: Double?

  @Option(
    help: ArgumentHelp(
      "How much of its velocity sgd or rmsprop keeps (default: 0.9 and 0).", valueName: "part"))
  var momentum: Double?

  @Flag(inversion: .prefixedNo, help: "Let sgd look ahead along its velocity, or not.")
  var nesterov: Bool?

  @Option(help: ArgumentHelp("How strongly weights are drawn to 0.", valueName: "rate"))
  var weightDecay: Double?

  /// Changes the preset's optimizer. Another rule begins with the constants that are customary for it.
  /// - Throws: `UsageError` for a constant that the rule does not have.
  func apply(to configuration: inout OptimizerConfiguration) throws {
    if let optimizer, optimizer != configuration.name { configuration = OptimizerConfiguration(optimizer) }
    try requireConstants(of: configuration.name)
    configuration.weightDecay = weightDecay ?? configuration.weightDecay
    switch configuration.rule {
    case .sgd(let oldMomentum, let wasNesterov):
      configuration.rule = .sgd(momentum: momentum ?? oldMomentum, isNesterov: nesterov ?? wasNesterov)
    case .rmsprop(let oldSmoothing, let oldEpsilon, let oldMomentum, let wasCentered):
      configuration.rule = .rmsprop(
        smoothing: smoothing ?? oldSmoothing, epsilon: epsilon ?? oldEpsilon,
        momentum: momentum ?? oldMomentum, isCentered: centered ?? wasCentered)
    case .adam(let oldBeta1, let oldBeta2, let oldEpsilon):
      configuration.rule = .adam(
        beta1: beta1 ?? oldBeta1, beta2: beta2 ?? oldBeta2, epsilon: epsilon ?? oldEpsilon)
    case .adamw(let oldBeta1, let oldBeta2, let oldEpsilon):
      configuration.rule = .adamw(
        beta1: beta1 ?? oldBeta1, beta2: beta2 ?? oldBeta2, epsilon: epsilon ?? oldEpsilon)
    }
  }

  /// Which option each rule has a constant for.
  private static func options(of name: OptimizerConfiguration.Name) -> [String] {
    switch name {
    case .sgd: ["--momentum", "--nesterov"]
    case .rmsprop: ["--smoothing", "--centered", "--epsilon", "--momentum"]
    case .adam, .adamw: ["--beta1", "--beta2", "--epsilon"]
    }
  }

  private func requireConstants(of name: OptimizerConfiguration.Name) throws {
    let known = Self.options(of: name)
    let given = [
      ("--beta1", beta1 != nil), ("--beta2", beta2 != nil), ("--smoothing", smoothing != nil),
      ("--centered", centered != nil), ("--epsilon", epsilon != nil), ("--momentum", momentum != nil),
      ("--nesterov", nesterov != nil),
    ]
    guard let stranger = given.first(where: { $0.1 && !known.contains($0.0) })?.0 else { return }
    let owners = OptimizerConfiguration.Name.allCases.filter { Self.options(of: $0).contains(stranger) }
    throw UsageError(
      "\(stranger) belongs to \(Readable.list(owners.map(\.rawValue))), and the optimizer is \(name.rawValue), which has "
        + Readable.list(known + ["--weight-decay"]))
  }
}

extension OptimizerConfiguration.Name: ExpressibleByArgument {}
