/// Where the bars of a live performance are, for those who are told of them.
///
/// A player's calls and a partner's answers each count their beats anew; as long as their bar lines are where the ones before would be,
/// the bars are counted on.
struct LiveSong: Sendable {
  /// What is told.
  struct Place: Sendable {
    var time: SongTime
    var bars: [SongBar]
    /// Changes where the song was moved.
    var number: Int
  }

  private var last: BeatMap?
  /// What is added to the beats that are told, in quarter notes.
  private var offset = 0.0
  /// Changes where the song was moved.
  private(set) var number = 0
  /// When others were told last.
  private var told = PerformanceTime(nanoseconds: 0)
  /// Bars before this place were not played in.
  private var first = 0.0

  /// Beats that differ by less than this, in quarter notes, are the same.
  private static let tolerance = 0.3
  /// Others are told so often at most, in seconds.
  private static let interval = 0.005
  /// A bar line so shortly before the first note, in seconds, is that of the note.
  private static let early = 0.1

  /// Whether it is time to tell others again.
  mutating func isDue(at now: PerformanceTime) -> Bool {
    guard now.seconds(since: told) >= Self.interval else { return false }
    told = now
    return true
  }

  /// Takes the beats as they are known now.
  /// - Parameters:
  ///   - beats: The beats, 0 being a bar line; nil where there are none.
  ///   - isAbsolute: Whether they are places of a song that somebody else leads, and not to be counted on.
  ///   - quartersPerBar: Quarter notes in a bar.
  ///   - now: This moment.
  /// - Returns: What others are to be told; nil where the song stands still.
  mutating func update(
    _ beats: BeatMap?, isAbsolute: Bool, quartersPerBar: Double, now: PerformanceTime
  ) -> Place? {
    guard let beats else { return nil }
    let beat = beats.beat(at: now)
    let difference = last.map { beat - $0.beat(at: now) }
    let bars = difference.map { ($0 / quartersPerBar).rounded() } ?? 0
    if let difference, abs(difference - bars * quartersPerBar) < Self.tolerance, bars == 0 || !isAbsolute {
      offset -= bars * quartersPerBar
    } else {
      offset = 0
      number += 1
      first = beat - Self.early / beats.period
    }
    last = beats
    return Place(
      time: Self.time(of: beats, offset), bars: self.bars(beats, quartersPerBar, beat + offset),
      number: number)
  }

  /// The bar that is played and the two after it.
  private func bars(_ beats: BeatMap, _ length: Double, _ quarter: Double) -> [SongBar] {
    let current = Int((quarter / length).rounded(.down))
    return (current...current + 2).map {
      SongBar(
        number: $0 + 1, quarter: Double($0) * length, length: length,
        quartersPerMinute: beats.quartersPerMinute)
    }.filter { $0.number >= 1 && $0.quarter >= first }
  }

  /// The last stretches of the beats, and on with the last tempo.
  private static func time(of beats: BeatMap, _ offset: Double) -> SongTime {
    let anchors = beats.anchors.suffix(4)
    func anchor(_ index: Int) -> SongTime.Anchor {
      let anchor = anchors[index]
      var period = beats.period
      if index + 1 < anchors.endIndex {
        let next = anchors[index + 1]
        period = next.time.seconds(since: anchor.time) / (next.beat - anchor.beat)
      }
      return SongTime.Anchor(time: anchor.time, quarter: anchor.beat + offset, secondsPerQuarter: period)
    }
    var song = SongTime(anchor(anchors.startIndex))
    for index in anchors.indices.dropFirst() { song.append(anchor(index)) }
    return song
  }
}

extension LiveStage {
  /// Tells others where the bars are now.
  func tellSong(at now: PerformanceTime) {
    guard let announcer, song.isDue(at: now) else { return }
    let isLed = performer.settings.tempo == .clock
    let place = song.update(
      isLed ? clockBeats : performer.beats, isAbsolute: isLed,
      quartersPerBar: performer.settings.quartersPerBar, now: now)
    guard let place else { return announcer.follow(nil, place: song.number) }
    announcer.follow(place.time, bars: place.bars, place: place.number)
  }
}
