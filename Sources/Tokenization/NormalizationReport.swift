/// What a grid could not say of a score, counted.
public struct NormalizationReport: Sendable, Hashable, Codable {
  /// Why a piece was read in a metre that it does not state.
  public enum AssumedMetre: String, Sendable, Hashable, Codable {
    /// The only metre is 1/4, which counts beats and knows no bars; it is read as 4/4.
    case fourFourForOneFour
    /// The configuration says so.
    case configured
  }

  /// A metre that was written in another way.
  public struct MetreApproximation: Sendable, Hashable, Codable {
    /// The metre of the score, as `9/4`.
    public var found: String
    /// The bars that stand for one of its bars, as `5/4 4/4`.
    public var written: String
    /// Whether the bars have the same length in all, so that bar lines stay where they were.
    public var isExact: Bool
  }

  /// Notes of the score.
  public var notes = 0
  /// Notes that are kept.
  public var keptNotes = 0
  /// Notes left out because as many others as may sound in unison have the same program, pitch and step.
  public var doublings = 0
  /// Notes left out because the vocabulary has no token for their pitch or, where it knows only one, for their instrument.
  public var unsupportedNotes = 0
  /// Notes that were longer than the longest duration.
  public var clippedDurations = 0
  /// Changes of tempo whose nearest token is more than 3 % away: slower or faster than the vocabulary goes.
  public var clippedTempos = 0
  /// Metres without a token of their own, each once.
  public var metreApproximations: [MetreApproximation] = []
  /// Bars that a change of metre cuts short, written as bars of a shorter metre.
  public var shortenedBars = 0
  /// Changes of metre moved by up to two steps, since no time signature has the length of the bar before.
  public var movedMetreChanges = 0
  /// Why the metre of the score was not believed.
  public var assumedMetre: AssumedMetre?
  /// Events that the tokens have no words for: key signatures, controllers, pitch bends, pressures, markers.
  public var ignoredEvents = 0

  /// A report of nothing.
  public init() {}

  /// The share of notes that are kept, 0...1; 1 where there are none.
  public var keptShare: Double { notes == 0 ? 1 : Double(keptNotes) / Double(notes) }

  /// Adds another piece's counts.
  public mutating func add(_ other: NormalizationReport) {
    notes += other.notes
    keptNotes += other.keptNotes
    doublings += other.doublings
    unsupportedNotes += other.unsupportedNotes
    clippedDurations += other.clippedDurations
    clippedTempos += other.clippedTempos
    for approximation in other.metreApproximations where !metreApproximations.contains(approximation) {
      metreApproximations.append(approximation)
    }
    shortenedBars += other.shortenedBars
    movedMetreChanges += other.movedMetreChanges
    assumedMetre = assumedMetre ?? other.assumedMetre
    ignoredEvents += other.ignoredEvents
  }

  /// The report in sentences, one for each thing that changed what is heard; empty where nothing did.
  public var sentences: [String] {
    var lines: [String] = []
    func say(_ count: Int, _ one: String, _ many: String) {
      if count > 0 { lines.append(count == 1 ? "1 \(one)" : "\(count) \(many)") }
    }
    switch assumedMetre {
    case .fourFourForOneFour: lines.append("the only metre is 1/4; read as 4/4")
    case .configured: lines.append("read in the metre that was asked for")
    case nil: break
    }
    say(
      doublings, "note doubles others on its step and is left out",
      "notes double others on their step and are left out")
    say(unsupportedNotes, "note has no token and is left out", "notes have no token and are left out")
    say(
      clippedDurations, "note is shortened to the longest duration",
      "notes are shortened to the longest duration")
    say(clippedTempos, "tempo is beyond the slowest or fastest", "tempos are beyond the slowest or fastest")
    for metre in metreApproximations { lines.append("\(metre.found) is written as \(metre.written)") }
    say(shortenedBars, "bar is cut short by a change of metre", "bars are cut short by changes of metre")
    say(movedMetreChanges, "change of metre is moved to the grid", "changes of metre are moved to the grid")
    return lines
  }
}
