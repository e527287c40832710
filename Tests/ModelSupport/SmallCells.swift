internal import Music
public import Tokenization

extension CellsConfiguration {
  /// Chords and a melody of one instrument in 4/4, few pitches, few bars in memory: for networks that are small and quick.
  public static let small: CellsConfiguration = {
    var configuration = CellsConfiguration(timeSignature: .common)
    configuration.stepsPerQuarter = 4
    configuration.maximumDuration = 16
    configuration.maximumBarLength = 16
    configuration.pitchRange = 48...83
    configuration.longestLag = 8
    configuration.longestLength = 70
    configuration.parts = [.init(role: .chords, program: 0), .init(role: .melody, program: 0)]
    configuration.tempo = 500_000
    configuration.velocity = 80
    return configuration
  }()

  /// A flute's melody in any time signature, in pieces of twelve bars at most.
  public static let melody: CellsConfiguration = {
    var configuration = CellsConfiguration()
    configuration.longestLength = 12
    configuration.longestLag = 8
    configuration.velocityCount = 1
    configuration.parts = [.init(role: .melody, program: 73)]
    return configuration
  }()
}
