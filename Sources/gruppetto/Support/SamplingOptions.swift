public import ArgumentParser
internal import Arithmetic
internal import Composing
internal import Groundwork

/// How tokens are sampled; shared by `generate` and `continue`.
struct SamplingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Preset of presets/sampling: default, careful or adventurous.", valueName: "name"))
  var preset = "default"

  @Option(help: ArgumentHelp("Sampling temperature: above 1 bolder, below 1 more cautious.", valueName: "t"))
  var temperature: Double?

  @Option(help: ArgumentHelp("Choose among the k most probable tokens; 0 for all.", valueName: "k"))
  var topK: Int?

  @Option(
    help: ArgumentHelp(
      "Choose among the most probable tokens that together have this probability; 1 for all.", valueName: "p")
  )
  var topP: Double?

  @Option(
    help: ArgumentHelp(
      "Choose among tokens with at least this ratio to the highest probability; 0 for all.", valueName: "p"))
  var minP: Double?

  @Flag(
    inversion: .prefixedNo,
    help: "Apply these within each kind of token (pitches, durations and so on), or to all tokens together.")
  var byRole: Bool?

  @OptionGroup var steering: SteeringOptions

  /// The preset, with what was given instead.
  func resolved(presets: String?) throws -> SamplingPreset {
    var sampling = try SamplingPreset(
      named: preset, folder: try Resources.presets(named: presets) + "/sampling")
    sampling.temperature = temperature ?? sampling.temperature
    sampling.topK = topK ?? sampling.topK
    sampling.topP = topP ?? sampling.topP
    if let minP { (sampling.minP, sampling.barMinP) = (minP, nil) }
    sampling.byRole = byRole ?? sampling.byRole
    steering.change(&sampling)
    try sampling.validate()
    return sampling
  }
}

/// The number format of the network's weights; shared by `generate` and `continue`.
struct WeightOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Number format of the weights in memory; float16 and int8 (quantized) are faster, but a seed may give another piece.",
      valueName: "format"))
  var weights = WeightFormat.float32
}

extension WeightFormat: ExpressibleByArgument {}
