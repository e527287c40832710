/// What endless music has consisted of so far.
public struct EndlessStatistics: Sendable, Hashable {
  /// How many pieces were begun.
  public internal(set) var pieceCount = 0
  /// How many bars were given.
  public internal(set) var barCount = 0
  /// How many notes were given.
  public internal(set) var noteCount = 0
  /// How long all bars are, in seconds.
  public internal(set) var seconds = 0.0
  /// How many phrases were drawn among several tries, as the settings ask for.
  public internal(set) var searchedPhrases = 0
  /// How many were wanted before they had been searched, and went on as they were.
  public internal(set) var hurriedPhrases = 0
  /// How many pieces were replaced, or left where they went wrong, for which reason.
  public internal(set) var replaced: [PieceFault: Int] = [:]

  mutating func note(_ bar: PerformedBar) {
    barCount += 1
    noteCount += bar.notes.count
    seconds += bar.seconds
  }
}
