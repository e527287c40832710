/// Counts of what a grid could not represent of a score.
public struct NormalizationReport: Sendable, Hashable, Codable {
  /// Why a piece was read in a time signature that it does not state.
  public enum AssumedTimeSignature: String, Sendable, Hashable, Codable {
    /// The only time signature is 1/4, which counts beats and knows no bars; it is read as 4/4.
    case fourFourForOneFour
    /// The configuration sets it.
    case configured
  }

  /// A time signature that was written in another way.
  public struct TimeSignatureApproximation: Sendable, Hashable, Codable {
    /// The time signature of the score, as `9/4`.
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
  /// Time signatures without a token of their own, each once.
  public var timeSignatureApproximations: [TimeSignatureApproximation] = []
  /// Bars that a change of time signature cuts short, written as shorter bars.
  public var shortenedBars = 0
  /// Changes of time signature moved by up to two steps, since no time signature has the length of the bar before.
  public var movedTimeSignatureChanges = 0
  /// Why the time signature of the score was not believed.
  public var assumedTimeSignature: AssumedTimeSignature?
  /// Parts beyond the most that a role may have, merged into others; nil where there was none.
  public var mergedParts: Int?
  /// Changes of tempo moved to the nearest bar line; nil where there was none.
  public var movedTempos: Int?
  /// Events that the tokens cannot express: key signatures, controllers, pitch bends, pressures, markers.
  public var ignoredEvents = 0

  private enum CodingKeys: String, CodingKey {
    case notes, keptNotes, doublings, unsupportedNotes, clippedDurations, clippedTempos
    case timeSignatureApproximations = "metreApproximations"
    case shortenedBars
    case movedTimeSignatureChanges = "movedMetreChanges"
    case assumedTimeSignature = "assumedMetre"
    case mergedParts, movedTempos
    case ignoredEvents
  }

  /// A report of nothing.
  public init() {}

  /// The share of notes that are kept, 0...1; 1 if there are none.
  public var keptShare: Double { notes == 0 ? 1 : Double(keptNotes) / Double(notes) }

  /// Adds another piece's counts.
  public mutating func add(_ other: NormalizationReport) {
    notes += other.notes
    keptNotes += other.keptNotes
    doublings += other.doublings
    unsupportedNotes += other.unsupportedNotes
    clippedDurations += other.clippedDurations
    clippedTempos += other.clippedTempos
    for approximation in other.timeSignatureApproximations
    where !timeSignatureApproximations.contains(approximation) {
      timeSignatureApproximations.append(approximation)
    }
    shortenedBars += other.shortenedBars
    movedTimeSignatureChanges += other.movedTimeSignatureChanges
    assumedTimeSignature = assumedTimeSignature ?? other.assumedTimeSignature
    mergedParts = Self.sum(mergedParts, other.mergedParts)
    movedTempos = Self.sum(movedTempos, other.movedTempos)
    ignoredEvents += other.ignoredEvents
  }

  private static func sum(_ a: Int?, _ b: Int?) -> Int? {
    a == nil && b == nil ? nil : (a ?? 0) + (b ?? 0)
  }

  /// The report in sentences, one for each thing that changed what is heard; empty where nothing did.
  public var sentences: [String] {
    var lines: [String] = []
    func say(_ count: Int, _ one: String, _ many: String) {
      if count > 0 { lines.append(count == 1 ? "1 \(one)" : "\(count) \(many)") }
    }
    switch assumedTimeSignature {
    case .fourFourForOneFour: lines.append("the only time signature is 1/4; read as 4/4")
    case .configured: lines.append("read with the requested time signature")
    case nil: break
    }
    say(
      doublings, "note duplicates another on its step and is dropped",
      "notes duplicate others on their steps and are dropped")
    say(unsupportedNotes, "note has no token and is dropped", "notes have no token and are dropped")
    say(
      clippedDurations, "note is shortened to the longest duration",
      "notes are shortened to the longest duration")
    say(
      clippedTempos, "tempo is outside the range and is clipped",
      "tempos are outside the range and are clipped")
    for other in timeSignatureApproximations { lines.append("\(other.found) is written as \(other.written)") }
    say(
      shortenedBars, "bar is cut short by a time signature change",
      "bars are cut short by time signature changes")
    say(
      movedTimeSignatureChanges, "time signature change is moved to the grid",
      "time signature changes are moved to the grid")
    say(
      mergedParts ?? 0, "part is merged into another of its role",
      "parts are merged into others of their roles")
    say(
      movedTempos ?? 0, "tempo change is moved to a bar line", "tempo changes are moved to bar lines")
    return lines
  }
}
