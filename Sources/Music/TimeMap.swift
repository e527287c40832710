internal import Groundwork

/// The way between a score's ticks and seconds.
///
/// Times are sums of whole microseconds-times-ticks; the only rounding is the division that gives the seconds.
public struct TimeMap: Sendable {
  private struct Segment {
    var tick: Int
    var microsecondsPerQuarter: Int
    /// Microseconds times ticks a quarter from the beginning to `tick`.
    var elapsed: Int128
  }

  private let ticksPerQuarter: Int
  private let segments: [Segment]

  /// The map of these tempos; 120 quarter notes a minute before the first one. Of several at one tick the last holds.
  public init(ticksPerQuarter: Int, tempos: [TempoChange]) {
    precondition(ticksPerQuarter > 0, "\(ticksPerQuarter) ticks a quarter make no time")
    self.ticksPerQuarter = ticksPerQuarter
    var segments = [
      Segment(tick: 0, microsecondsPerQuarter: TempoChange.standard.microsecondsPerQuarter, elapsed: 0)
    ]
    for tempo in tempos.stablySorted() where tempo.microsecondsPerQuarter > 0 {
      let last = segments[segments.count - 1]
      let tick = max(0, tempo.tick)
      let elapsed = last.elapsed + Int128(tick - last.tick) * Int128(last.microsecondsPerQuarter)
      if tick == last.tick { segments.removeLast() }
      segments.append(
        Segment(tick: tick, microsecondsPerQuarter: tempo.microsecondsPerQuarter, elapsed: elapsed))
    }
    self.segments = segments
  }

  /// Seconds from the beginning to `tick`.
  public func seconds(at tick: Int) -> Double {
    // Before the beginning the first tempo holds.
    let segment = segments[max(0, segments.partitioningIndex { $0.tick > tick } - 1)]
    let elapsed = segment.elapsed + Int128(tick - segment.tick) * Int128(segment.microsecondsPerQuarter)
    return Double(elapsed) / (Double(ticksPerQuarter) * 1_000_000)
  }

  /// The tick that is nearest to a time in seconds; 0 for times before the beginning.
  ///
  /// `tick(atSeconds: seconds(at: t))` is `t`.
  public func tick(atSeconds seconds: Double) -> Int {
    let wanted = seconds * Double(ticksPerQuarter) * 1_000_000
    guard wanted > 0 else { return 0 }
    let segment = segments[max(0, segments.partitioningIndex { Double($0.elapsed) > wanted } - 1)]
    let ticks = (wanted - Double(segment.elapsed)) / Double(segment.microsecondsPerQuarter)
    return Int(exactly: (Double(segment.tick) + ticks).rounded()) ?? Int.max
  }
}

extension Score {
  /// The way between ticks and seconds. Making it takes time; keep it for many questions.
  public var timeMap: TimeMap { TimeMap(ticksPerQuarter: ticksPerQuarter, tempos: tempos) }

  /// How long the piece is, in seconds: to its end, which is that of its last note or, where that is later, its `length`. Of a
  /// MIDI file that is the end of its longest track, of a tune the end of its last bar.
  ///
  /// Files often continue for a while when all has been played; see `lastNoteSeconds`.
  public var seconds: Double { timeMap.seconds(at: max(length, lastNoteEnd)) }

  /// When the last note ends, in seconds; 0 if there is none. What is heard ends about then: only the sound of the last
  /// notes dies away after it.
  public var lastNoteSeconds: Double { timeMap.seconds(at: lastNoteEnd) }
}
