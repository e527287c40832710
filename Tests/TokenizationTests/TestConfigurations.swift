import Music
import Tokenization

/// Configurations that differ in everything that can differ.
enum TestConfigurations {
  /// All of them; the first is the standard one.
  static let all: [REMIConfiguration] = [
    REMIConfiguration(), small, REMIConfiguration(instruments: .single(program: 24)), drums, waltz, fine,
  ]

  /// Four steps a quarter, an octave and a half, no unisons.
  static let small: REMIConfiguration = {
    var configuration = REMIConfiguration()
    configuration.stepsPerQuarter = 4
    configuration.maximumDuration = 40
    configuration.maximumBarLength = 24
    configuration.velocityCount = 4
    configuration.pitchRange = 60...77
    configuration.unisonLimit = 1
    return configuration
  }()

  /// Drums alone, three strokes on one drum at once.
  static let drums: REMIConfiguration = {
    var configuration = REMIConfiguration(instruments: .drums)
    configuration.unisonLimit = 3
    configuration.velocityCount = 8
    return configuration
  }()

  /// Everything in 3/4.
  static let waltz: REMIConfiguration = {
    var configuration = REMIConfiguration(
      instruments: .single(program: 0), timeSignature: TimeSignature(3, 4))
    configuration.maximumBarLength = 48
    configuration.maximumDuration = 7
    return configuration
  }()

  /// The finest grid, the longest bars and durations.
  static let fine: REMIConfiguration = {
    var configuration = REMIConfiguration()
    configuration.stepsPerQuarter = 96
    configuration.maximumDuration = 4_095
    configuration.maximumBarLength = 4_095
    configuration.velocityCount = 127
    configuration.unisonLimit = 8
    return configuration
  }()
}
