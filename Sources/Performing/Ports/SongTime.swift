/// When the quarter notes of a song are heard, as far as that is known: places whose moments are known, each with the tempo from there on.
///
/// It is worked out anew again and again while music plays, since a device and a player keep time by clocks of their own.
public struct SongTime: Sendable, Hashable {
  /// A place whose moment is known.
  public struct Anchor: Sendable, Hashable {
    /// The moment.
    public var time: PerformanceTime
    /// The place, in quarter notes from the song's beginning; below 0 in an upbeat.
    public var quarter: Double
    /// How long a quarter note is from here on, in seconds; above 0.
    public var secondsPerQuarter: Double

    /// A place and its moment.
    /// - Parameters:
    ///   - time: the moment.
    ///   - quarter: the place, in quarter notes from the song's beginning.
    ///   - secondsPerQuarter: how long a quarter note is from here on, in seconds; above 0.
    public init(time: PerformanceTime, quarter: Double, secondsPerQuarter: Double) {
      precondition(secondsPerQuarter > 0, "a quarter note of \(secondsPerQuarter) seconds has no length")
      self.time = time
      self.quarter = quarter
      self.secondsPerQuarter = secondsPerQuarter
    }
  }

  /// The places, in the order of their moments; at least one.
  public private(set) var anchors: [Anchor]

  /// A song that begins with a place, or comes from it.
  /// - Parameter anchor: the place.
  public init(_ anchor: Anchor) { anchors = [anchor] }

  /// Adds a place. One that is not after all others, in time and in the song, is left out.
  /// - Parameter anchor: the place.
  public mutating func append(_ anchor: Anchor) {
    guard let last = anchors.last, anchor.time > last.time, anchor.quarter > last.quarter else { return }
    anchors.append(anchor)
  }

  /// The moment of a place: by the last known place before it and its tempo.
  /// - Parameter quarter: the place, in quarter notes.
  public func time(ofQuarter quarter: Double) -> PerformanceTime {
    let anchor = anchors.last { $0.quarter <= quarter } ?? anchors[0]
    return anchor.time.advanced(bySeconds: (quarter - anchor.quarter) * anchor.secondsPerQuarter)
  }

  /// The place at a moment, in quarter notes.
  /// - Parameter time: the moment.
  public func quarter(at time: PerformanceTime) -> Double {
    let index = anchors.lastIndex { $0.time <= time } ?? 0
    let anchor = anchors[index]
    let quarter = anchor.quarter + time.seconds(since: anchor.time) / anchor.secondsPerQuarter
    return index + 1 < anchors.count ? min(quarter, anchors[index + 1].quarter) : quarter
  }

  /// The tempo at a moment, in quarter notes a minute.
  /// - Parameter time: the moment.
  public func quartersPerMinute(at time: PerformanceTime) -> Double {
    60 / (anchors.last { $0.time <= time } ?? anchors[0]).secondsPerQuarter
  }
}

/// A bar of a song.
public struct SongBar: Sendable, Hashable {
  /// Its number, from 1.
  public var number: Int
  /// Where it begins, in quarter notes from the song's beginning.
  public var quarter: Double
  /// How long it is, in quarter notes.
  public var length: Double
  /// The tempo at its bar line, in quarter notes a minute.
  public var quartersPerMinute: Double

  /// A bar.
  /// - Parameters:
  ///   - number: its number, from 1.
  ///   - quarter: where it begins, in quarter notes from the song's beginning.
  ///   - length: how long it is, in quarter notes.
  ///   - quartersPerMinute: the tempo at its bar line.
  public init(number: Int, quarter: Double, length: Double, quartersPerMinute: Double) {
    self.number = number
    self.quarter = quarter
    self.length = length
    self.quartersPerMinute = quartersPerMinute
  }
}
