public import ArgumentParser
internal import Groundwork
internal import Recurrent

/// The options that replace the preset's constants of the optimizer.
struct OptimizerSettings: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Decay rate of the mean of the gradients, for adam and adamw (default: 0.9).", valueName: "rate"))
  var beta1: Double?

  @Option(
    help: ArgumentHelp(
      "Decay rate of the mean of the squared gradients, for adam and adamw (default: 0.999).",
      valueName: "rate"))
  var beta2: Double?

  @Option(
    help: ArgumentHelp(
      "Decay rate of the mean of the squared gradients, for rmsprop; PyTorch's alpha (default: 0.99).",
      valueName: "rate"))
  var smoothing: Double?

  @Flag(
    name: [.long, .customLong("centred")], inversion: .prefixedNo,
    help: "Divide by the standard deviation of the gradients instead of their root mean square, for rmsprop.")
  var centered: Bool?

  @Option(
    help: ArgumentHelp(
      "Constant added to the divisor, for adam, adamw and rmsprop (default: 1e-8).", valueName: "number"))
  var epsilon: Double?

  @Option(
    help: ArgumentHelp(
      "Momentum, for sgd (default: 0.9) and rmsprop (default: 0).", valueName: "factor"))
  var momentum: Double?

  @Flag(inversion: .prefixedNo, help: "Use Nesterov momentum, for sgd.")
  var nesterov: Bool?

  /// Changes the preset's optimizer. Another rule starts with its own default constants.
  /// - Throws: `UsageError` for a constant that the rule does not have.
  func apply(
    to configuration: inout OptimizerConfiguration, optimizer: OptimizerConfiguration.Name?,
    weightDecay: Double?
  ) throws {
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

  /// The options for the constants of each rule.
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
    guard let unknown = given.first(where: { $0.1 && !known.contains($0.0) })?.0 else { return }
    let owners = OptimizerConfiguration.Name.allCases.filter { Self.options(of: $0).contains(unknown) }
    throw UsageError(
      "\(unknown) is an option of \(Readable.list(owners.map(\.rawValue))), but the optimizer is \(name.rawValue); it takes "
        + Readable.list(known + ["--weight-decay"]))
  }
}

extension OptimizerConfiguration.Name: ExpressibleByArgument {}
