internal import Audio
internal import Music
internal import Performing
internal import Synthesis

/// A file that other programs can lead, as keys do, and that others take part in.
protocol LedFile: PlayableFile {
  /// How many bars it has; nil where it has none.
  var barCount: Int? { get }
  /// How fast it is played, 1 being its own tempo.
  var tempoFactor: Double { get set }
  /// The decibels that may be added to how loud it is.
  var gains: ClosedRange<Double> { get }
  /// Decibels on top of how loud it was made.
  var gain: Double { get set }
  /// The tempo at a rendered frame, in quarter notes a minute; nil where it has none.
  func quartersPerMinute(atFrame frame: Int) -> Double?
  /// Goes on from a bar, counted from 0; from its beginning where it has no bars.
  func go(toBar bar: Int)
  /// Lets others take part in it; nil where it has no notes.
  func companion(_ company: ScoreCompanion.Company) throws -> ScoreCompanion?
}

extension PlayableMusic: LedFile {
  var barCount: Int? { bars.count }

  var tempoFactor: Double {
    get { player.tempoFactor }
    set { player.tempoFactor = newValue }
  }

  var gains: ClosedRange<Double> { RemoteWords.gains }

  var gain: Double {
    get { player.gain }
    set { player.gain = newValue }
  }

  func quartersPerMinute(atFrame frame: Int) -> Double? {
    player.quartersPerMinute(at: player.position(atFrame: frame).tick, of: performed.tempos)
  }

  func go(toBar bar: Int) {
    guard !bars.isEmpty else { return }
    player.seek(to: bars[min(max(0, bar), bars.count - 1)].start)
  }

  func companion(_ company: ScoreCompanion.Company) throws -> ScoreCompanion? {
    try ScoreCompanion(score: performed, company: company)
  }
}

extension PlayableSound: LedFile {
  var barCount: Int? { nil }

  var tempoFactor: Double {
    get { 1 }
    set {}
  }

  // Its loudest samples may be as loud as samples can be.
  var gains: ClosedRange<Double> { -60...0 }

  func quartersPerMinute(atFrame frame: Int) -> Double? { nil }

  func go(toBar bar: Int) { go(toSecond: 0) }

  func companion(_ company: ScoreCompanion.Company) throws -> ScoreCompanion? { nil }
}
