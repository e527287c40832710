/// The way between moments and beats of a performance: straight between moments whose beats are known, and on with the tempo of the
/// last stretch beyond them. Beats are quarter notes.
public struct BeatMap: Sendable, Hashable {
  /// A moment whose beat is known.
  public struct Anchor: Sendable, Hashable {
    /// The moment.
    public var time: PerformanceTime
    /// The beat, in quarter notes.
    public var beat: Double

    /// A moment and its beat.
    public init(time: PerformanceTime, beat: Double) {
      self.time = time
      self.beat = beat
    }
  }

  /// Known moments in order; at least one.
  public private(set) var anchors: [Anchor]
  /// Seconds in a quarter note after the last anchor and before the first.
  public private(set) var period: Double

  /// The periods that a performance may have, in seconds: 20 to 400 quarter notes a minute.
  public static let periods = 0.15...3.0

  /// Beats at one tempo.
  /// - Parameters:
  ///   - time: A moment.
  ///   - beat: The beat at that moment, in quarter notes.
  ///   - period: Seconds in a quarter note; moved into `periods`.
  public init(at time: PerformanceTime, beat: Double = 0, period: Double) {
    anchors = [Anchor(time: time, beat: beat)]
    self.period = min(max(period, Self.periods.lowerBound), Self.periods.upperBound)
  }

  /// Quarter notes in a minute after the last anchor.
  public var quartersPerMinute: Double { 60 / period }

  /// Adds a moment whose beat is known. One that is not later, in time and in beats, than all others is ignored.
  public mutating func append(_ anchor: Anchor) {
    guard let last = anchors.last, anchor.time > last.time, anchor.beat > last.beat else { return }
    anchors.append(anchor)
    if anchors.count > 4096 { anchors.removeFirst(1024) }
  }

  /// Lets the tempo after the last anchor be another.
  /// - Parameter seconds: Seconds in a quarter note; moved into `periods`.
  public mutating func setPeriod(_ seconds: Double) {
    period = min(max(seconds, Self.periods.lowerBound), Self.periods.upperBound)
  }

  /// The beat at a moment, in quarter notes.
  public func beat(at time: PerformanceTime) -> Double {
    let next = index { $0.time > time }
    guard next > 0 else { return anchors[0].beat - anchors[0].time.seconds(since: time) / period }
    let last = anchors[next - 1]
    guard next < anchors.count else { return last.beat + time.seconds(since: last.time) / period }
    let share = time.seconds(since: last.time) / anchors[next].time.seconds(since: last.time)
    return last.beat + share * (anchors[next].beat - last.beat)
  }

  /// The moment of a beat.
  public func time(atBeat beat: Double) -> PerformanceTime {
    let next = index { $0.beat > beat }
    guard next > 0 else { return anchors[0].time.advanced(bySeconds: (beat - anchors[0].beat) * period) }
    let last = anchors[next - 1]
    guard next < anchors.count else {
      return last.time.advanced(bySeconds: (beat - last.beat) * period)
    }
    let share = (beat - last.beat) / (anchors[next].beat - last.beat)
    return last.time.advanced(bySeconds: share * anchors[next].time.seconds(since: last.time))
  }

  /// The same with all beats later by some quarter notes.
  public func moved(by beats: Double) -> BeatMap {
    var moved = self
    for index in anchors.indices { moved.anchors[index].beat += beats }
    return moved
  }

  private func index(where isLater: (Anchor) -> Bool) -> Int {
    var (low, high) = (0, anchors.count)
    while low < high {
      let middle = (low + high) / 2
      if isLater(anchors[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
