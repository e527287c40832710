internal import ArgumentParser
internal import Synthesis

/// How samples of a bank are read between their frames; shared by the commands that write or play sound.
struct InterpolationOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "How samples of a bank are read between their frames: linear, cubic (four frames, FluidSynth's default) or best (eight frames or more, without aliasing); the built-in instruments do not need it.",
      valueName: "kind"))
  var interpolation = Kind.best

  /// The names on the command line and in records.
  enum Kind: String, ExpressibleByArgument, CaseIterable {
    case linear, cubic, best
  }

  /// What a rendering is told.
  var value: SampleInterpolation {
    switch interpolation {
    case .linear: .linear
    case .cubic: .cubic
    case .best: .sinc
    }
  }

  /// What a record says: nothing where it is as usual.
  var recorded: String? { interpolation == .best ? nil : interpolation.rawValue }

  /// The option as a record has it; nil if there is no such interpolation.
  func following(_ recorded: String?) -> InterpolationOption? {
    guard let kind = recorded.map(Kind.init) ?? .best else { return nil }
    var option = self
    option.interpolation = kind
    return option
  }
}
