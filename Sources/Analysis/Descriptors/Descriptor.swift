/// A number that can be computed from a piece or an excerpt, and what it tells.
public struct Descriptor: Sendable, Hashable, Identifiable {
  /// What one value of it counts or measures.
  public enum Unit: String, Sendable, Hashable, Codable, CaseIterable {
    /// A share, 0...1.
    case share
    /// A number of things.
    case count
    /// Quarter notes.
    case quarters
    /// Bars.
    case bars
    /// Seconds.
    case seconds
    /// Semitones.
    case semitones
    /// Bits of entropy.
    case bits
    /// Quarter notes a minute.
    case tempo = "quarters a minute"
    /// Steps of MIDI velocity.
    case velocity
    /// A number of things in a bar.
    case countPerBar = "a bar"
    /// A number of things in a hundred bars.
    case countPerHundredBars = "in a hundred bars"
    /// A number of things for each chord.
    case countPerChord = "a chord"
  }

  /// Its name in reports and files: lower case, words joined by underscores. Metrics of MusPy keep MusPy's names.
  public let name: String
  /// What its values count.
  public let unit: Unit
  /// What a high value means, as the rest of a sentence that begins with “the piece”: `repeats the melody's bar of eight bars before`.
  public let summary: String
  /// What is to be said of music whose values are too high: `repeats melody bars too often eight bars later`.
  public let tooHigh: String
  /// What is to be said of music whose values are too low.
  public let tooLow: String
  /// Whether it asks how a piece begins, ends or is laid out as a whole, so that it says nothing about an excerpt.
  public let needsWholePiece: Bool

  /// A descriptor.
  init(
    _ name: String, _ unit: Unit, _ summary: String, tooHigh: String, tooLow: String,
    needsWholePiece: Bool = false
  ) {
    self.name = name
    self.unit = unit
    self.summary = summary
    self.tooHigh = tooHigh
    self.tooLow = tooLow
    self.needsWholePiece = needsWholePiece
  }

  /// The name.
  public var id: String { name }
}

/// Descriptors that are computed together, since they share most of their work.
struct DescriptorGroup: Sendable {
  var descriptors: [Descriptor]
  /// Their values in the same order, NaN where one is not defined.
  var values: @Sendable (MeasuredScore) -> [Double]
}
