extension Score {
  /// The ticks in a quarter note that there may be, as in a Standard MIDI File.
  public static let ticksPerQuarterRange = 1...32_767

  /// The same music in other ticks.
  ///
  /// Every time goes to the nearest new tick, one that is half way to the later one; onsets and ends of notes are rounded
  /// each by itself, so that notes that touch still do. A note that had a duration keeps one tick at least. Nothing is
  /// rounded where `ticks` is a multiple of `ticksPerQuarter`.
  /// - Parameter ticks: the new ticks in a quarter note, 1...32,767.
  public func rescaled(ticksPerQuarter ticks: Int) -> Score {
    precondition(
      Self.ticksPerQuarterRange.contains(ticks), "\(ticks) ticks a quarter is outside 1...32767")
    guard ticks != ticksPerQuarter else { return self }
    let scale = TickScale(from: ticksPerQuarter, to: ticks)
    var result = self
    result.ticksPerQuarter = ticks
    result.length = scale[length]
    result.pickup = scale[pickup]
    result.tempos = scale[tempos]
    result.timeSignatures = scale[timeSignatures]
    result.keys = scale[keys]
    result.markers = scale[markers]
    result.otherEvents = scale[otherEvents]
    for index in result.tracks.indices {
      result.tracks[index].notes = tracks[index].notes.map { scale[$0] }
      result.tracks[index].programChanges = scale[tracks[index].programChanges]
      result.tracks[index].controlChanges = scale[tracks[index].controlChanges]
      result.tracks[index].pitchBends = scale[tracks[index].pitchBends]
      result.tracks[index].pressures = scale[tracks[index].pressures]
      result.tracks[index].otherEvents = scale[tracks[index].otherEvents]
      // Notes that began one after the other may begin together now.
      if ticks < ticksPerQuarter { result.tracks[index].notes.sort() }
    }
    return result
  }

  /// Ticks in a quarter note in which all of these scores can be expressed: the least in which each of their ticks has a place;
  /// where that is more than 32,767, the most that the first score's own ticks divide.
  static func commonTicksPerQuarter(_ all: some Sequence<Int>) -> Int? {
    var first: Int?
    var common = 1
    for ticks in all {
      let most = ticksPerQuarterRange.upperBound
      first = first ?? ticks
      common = common / greatestCommonDivisor(common, ticks) * ticks
      if common > most, let first { return most / first * first }
    }
    return first == nil ? nil : common
  }

  private static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
    b == 0 ? a : greatestCommonDivisor(b, a % b)
  }
}

/// The way from ticks of one length to those of another.
package struct TickScale {
  private let old: Int128
  private let new: Int128

  package init(from old: Int, to new: Int) {
    self.old = Int128(old)
    self.new = Int128(new)
  }

  /// No music is as long, and sums of two such numbers still fit.
  private static let limit = Int128(Int.max / 4)

  /// The nearest new tick.
  package subscript(tick: Int) -> Int {
    let (whole, rest) = (2 * Int128(tick) * new + old).quotientAndRemainder(dividingBy: 2 * old)
    return Int(truncatingIfNeeded: min(max(rest < 0 ? whole - 1 : whole, -Self.limit), Self.limit))
  }

  package subscript(note: Note) -> Note {
    let onset = self[note.onset]
    let end = self[note.end]
    return Note(
      onset: onset, duration: max(note.duration > 0 ? 1 : 0, end - onset), pitch: note.pitch,
      velocity: note.velocity)
  }

  subscript<Event: TickOrdered>(events: [Event]) -> [Event] {
    events.map { event in
      var event = event
      event.tick = self[event.tick]
      return event
    }
  }
}
