import Music
import Tokenization

/// Configurations of cells that differ in everything that can differ.
enum CellsConfigurations {
  /// All of them; the first is the standard one.
  static let all: [CellsConfiguration] = [CellsConfiguration(), small, waltz, band, drums, fine]

  /// Four steps a quarter, few pitches, few bars in memory.
  static let small: CellsConfiguration = {
    var configuration = CellsConfiguration()
    configuration.stepsPerQuarter = 4
    configuration.maximumDuration = 10
    configuration.maximumBarLength = 24
    configuration.velocityCount = 2
    configuration.pitchRange = 60...77
    configuration.longestLag = 6
    configuration.longestLength = 4
    return configuration
  }()

  /// Everything in 3/4, at one tempo and one loudness.
  static let waltz: CellsConfiguration = {
    var configuration = CellsConfiguration(timeSignature: TimeSignature(3, 4))
    configuration.stepsPerQuarter = 4
    configuration.maximumBarLength = 16
    configuration.maximumDuration = 5
    configuration.tempo = 400_000
    configuration.velocity = 80
    configuration.longestLag = 16
    configuration.pitchRange = 48...79
    return configuration
  }()

  /// A fixed ensemble.
  static let band: CellsConfiguration = {
    var configuration = CellsConfiguration()
    configuration.parts = [
      .init(role: .chords, program: 0), .init(role: .bass, program: 33), .init(role: .melody, program: 73),
      .init(role: .drums, program: 0),
    ]
    return configuration
  }()

  /// Drums alone, with one loudness.
  static let drums: CellsConfiguration = {
    var configuration = CellsConfiguration()
    configuration.parts = [.init(role: .drums, program: 0)]
    configuration.velocity = 100
    return configuration
  }()

  /// The finest grid, the longest bars and durations.
  static let fine: CellsConfiguration = {
    var configuration = CellsConfiguration()
    configuration.stepsPerQuarter = 96
    configuration.maximumDuration = 4_095
    configuration.maximumBarLength = 4_095
    configuration.velocityCount = 127
    configuration.longestLength = 1_024
    return configuration
  }()
}
