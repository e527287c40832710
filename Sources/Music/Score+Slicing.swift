internal import Groundwork

/// What becomes of a note that sounds over an edge of a slice.
public enum SliceBoundary: Sendable, Hashable, CaseIterable {
  /// It is cut at the edge: one that began before the slice starts again with it, one that outlasts it ends with it.
  case clip
  /// It is kept whole in the slice in which it begins, and may extend beyond it.
  case keep
  /// It is left out.
  case drop
}

extension Score {
  /// Some bars as a piece of their own, which begins at tick 0: `score.slice(bars: 4..<8)` are the fifth to the eighth.
  ///
  /// Bars are counted from 0, as in `bars`; those that the piece does not have are left out. All else is as in
  /// `slice(ticks:boundary:)`.
  public func slice(bars range: some RangeExpression<Int>, boundary: SliceBoundary = .clip) -> Score {
    let bars = self.bars
    let wanted = range.relative(to: 0..<Int.max).clamped(to: 0..<bars.count)
    let start = wanted.lowerBound < bars.count ? bars[wanted.lowerBound].start : end
    let stop = wanted.isEmpty ? start : min(bars[wanted.upperBound - 1].end, end)
    return slice(ScoreCut(start: start, end: stop, pieceEnd: end, boundary: boundary), bars: bars)
  }

  /// The music from one tick to another as a piece of its own, which begins at tick 0.
  ///
  /// What holds at its beginning is stated there: tempo, time signature, key, and for each track the program with its
  /// bank, the controllers, registered parameters, pitch bend and pressures. Changes, markers and other events on the
  /// first tick belong to the slice, those on the tick after it to the next one. Bar lines stay where they are: where
  /// the slice begins within a bar, its first bar is cut short by a change of time signature. Texts, lyrics and
  /// system-exclusive packets from before the slice are not restated; the port, the copyright and the names of
  /// instruments are. The pickup stays with the slice that has the beginning. All tracks stay, also those that are
  /// silent here.
  ///
  /// The range is cut to the piece, which ends with its length or its last note, whichever is later. The slice of all is
  /// the score itself with that length; whatever is at the very end or beyond it comes with the slice that reaches it.
  public func slice(ticks range: some RangeExpression<Int>, boundary: SliceBoundary = .clip) -> Score {
    let wanted = range.relative(to: 0..<Int.max).clamped(to: 0..<max(0, end))
    return slice(
      ScoreCut(start: wanted.lowerBound, end: wanted.upperBound, pieceEnd: end, boundary: boundary),
      bars: bars)
  }

  /// Where the piece ends: with its length or its last note.
  private var end: Int { max(length, lastNoteEnd) }

  private func slice(_ cut: ScoreCut, bars: Bars) -> Score {
    var result = self
    result.length = cut.end - cut.start
    result.pickup = cut.start == 0 ? (cut.reachesEnd ? pickup : min(pickup, cut.end)) : 0
    result.tempos = cut.changes(tempos)
    result.timeSignatures = cut.timeSignatures(timeSignatures, bars: bars)
    result.keys = cut.changes(keys)
    result.markers = cut.events(markers)
    result.otherEvents = cut.otherEvents(otherEvents)
    result.tracks = tracks.map(cut.track)
    return result
  }
}

/// A stretch of a piece, and how to cut it out.
private struct ScoreCut {
  let start: Int
  let end: Int
  /// Whether it has the end of the piece, and thus whatever is there or after it.
  let reachesEnd: Bool
  let boundary: SliceBoundary

  init(start: Int, end: Int, pieceEnd: Int, boundary: SliceBoundary) {
    self.start = start
    self.end = end
    self.boundary = boundary
    reachesEnd = end >= pieceEnd
  }

  private func contains(_ tick: Int) -> Bool {
    (start == 0 || tick >= start) && (reachesEnd || tick < end)
  }

  /// The content of the slice, with ticks relative to its beginning.
  func events<Event: TickOrdered>(_ events: [Event]) -> [Event] {
    if start == 0 && reachesEnd { return events }
    return events.filter { contains($0.tick) }.map { $0.moved(by: -start) }
  }

  /// The changes within, and before them the last one before, which holds when the slice begins.
  func changes<Change: TickOrdered>(_ changes: [Change]) -> [Change] {
    guard start > 0 else { return events(changes) }
    let sorted = changes.stablySorted()
    let later = sorted.partitioningIndex { $0.tick > start }
    guard later > 0 else { return events(sorted) }
    var holding = sorted[later - 1]
    holding.tick = 0
    return [holding] + events(Array(sorted[later...]))
  }

  /// As `changes`; within a bar the time signature is restated at the next bar line, so that it stays where it is.
  func timeSignatures(_ stated: [TimeSignatureChange], bars: Bars) -> [TimeSignatureChange] {
    var result = changes(stated)
    let position = bars.position(of: start)
    guard start > 0, position.bar < bars.count else { return result }
    let bar = bars[position.bar]
    guard bar.start < start, bar.end < end else { return result }
    let place = result.partitioningIndex { $0.tick >= bar.end - start }
    if place < result.count, result[place].tick == bar.end - start { return result }
    result.insert(
      TimeSignatureChange(tick: bar.end - start, timeSignature: bar.timeSignature), at: place)
    return result
  }

  func otherEvents(_ all: [OpaqueEvent]) -> [OpaqueEvent] {
    guard start > 0 else { return events(all) }
    var standing: [OpaqueEvent] = []
    for event in all where event.tick < start && event.isStanding {
      // Of the port the last one holds; there may be several names.
      if event.type == OpaqueEvent.port { standing.removeAll { $0.type == OpaqueEvent.port } }
      standing.append(OpaqueEvent(tick: 0, type: event.type, payload: event.payload))
    }
    return standing + events(all)
  }

  func track(_ track: Track) -> Track {
    var result = track
    result.notes = notes(track.notes)
    guard start > 0 else {
      result.programChanges = events(track.programChanges)
      result.controlChanges = events(track.controlChanges)
      result.pitchBends = events(track.pitchBends)
      result.pressures = events(track.pressures)
      result.otherEvents = events(track.otherEvents)
      return result
    }
    let programs = track.programChanges.stablySorted()
    let later = programs.partitioningIndex { $0.tick > start }
    if later > 0 { result.program = programs[later - 1].program }
    result.programChanges = events(Array(programs[later...]))
    result.controlChanges = controlChanges(
      of: track, programs: Array(programs[..<later]), next: later < programs.count ? programs[later] : nil)
    let state = ControlState(track, before: start)
    let isReset = track.controlChanges.contains { $0.tick == start && $0.controller == 121 }
    let bends = events(track.pitchBends)
    let pressures = events(track.pressures)
    result.pitchBends = (isReset || bends.first?.tick == 0 ? [] : state.pitchBends(at: 0)) + bends
    let stated = Set(pressures.lazy.filter { $0.tick == 0 }.map(\.pitch))
    result.pressures =
      (isReset ? [] : state.pressures(at: 0)).filter { !stated.contains($0.pitch) } + pressures
    result.otherEvents = otherEvents(track.otherEvents)
    return result
  }

  private func notes(_ notes: [Note]) -> [Note] {
    if start == 0 && reachesEnd { return notes }
    var result: [Note] = []
    var isMoved = false
    for note in notes where reachesEnd || note.onset < end {
      guard note.onset >= start || start == 0 else {
        let stop = reachesEnd ? note.end : min(note.end, end)
        guard boundary == .clip, stop > start else { continue }
        isMoved = true
        result.append(Note(onset: 0, duration: stop - start, pitch: note.pitch, velocity: note.velocity))
        continue
      }
      var inside = note
      if !reachesEnd, note.end > end {
        if boundary == .drop { continue }
        if boundary == .clip {
          inside.duration = end - note.onset
          isMoved = true
        }
      }
      inside.onset -= start
      result.append(inside)
    }
    if isMoved { result.sort() }
    return result
  }

  /// The controllers within, and before them their state.
  private func controlChanges(
    of track: Track, programs: [ProgramChange], next: ProgramChange?
  ) -> [ControlChange] {
    let inside = events(track.controlChanges.stablySorted())
    let stated = Set(inside.lazy.prefix { $0.tick <= 0 }.map(\.controller))
    let opening = ControlState(track, before: start).controlChanges(at: 0) {
      stated.contains($0) || $0.isBank
    }
    return banks(of: track, programs: programs, next: next, inside: inside, opening: opening)
  }

  /// The controllers with the banks where they take effect: a bank waits for the next change of program, so one that was
  /// chosen after the program that holds is stated with the next one, so that sounding notes do not change.
  private func banks(
    of track: Track, programs: [ProgramChange], next: ProgramChange?, inside: [ControlChange],
    opening: [ControlChange]
  ) -> [ControlChange] {
    let banks = track.controlChanges.stablySorted().filter(\.controller.isBank)
    guard !banks.isEmpty else { return opening + inside }
    // As `PartWriter` has it, a program at the beginning takes the banks before the first note.
    let chosen =
      programs.last?.tick
      ?? min(track.notes.first?.onset ?? .max, next.map { $0.tick - 1 } ?? .max)
    func last(_ controller: Int, _ isMeant: (ControlChange) -> Bool) -> ControlChange? {
      banks.last { $0.controller == controller && isMeant($0) }
    }
    let holding = [0, 32].compactMap { controller in
      last(controller) { $0.tick <= chosen && $0.tick < start }.map { bank -> ControlChange in
        var bank = bank
        bank.tick = 0
        return bank
      }
    }
    let isWaiting = { (change: ControlChange) in
      change.controller.isBank && change.tick > chosen && change.tick < next?.tick ?? .max
    }
    var later = inside.filter { change in !isWaiting(change.moved(by: start)) }
    if let next {
      let waiting = [0, 32].compactMap { controller in
        last(controller, isWaiting).map { bank -> ControlChange in
          var bank = bank
          bank.tick = next.tick - start
          return bank
        }
      }
      later.insert(contentsOf: waiting, at: later.partitioningIndex { $0.tick >= next.tick - start })
    }
    return holding + opening + later
  }
}

extension Int {
  /// Whether a controller of this number chooses the bank of the next program.
  fileprivate var isBank: Bool { self == 0 || self == 32 }
}

extension OpaqueEvent {
  /// The type of the meta event that names a track's port.
  static let port: UInt8 = 0x21

  /// Whether it is about all that follows: the port, the copyright, the names of instrument, program and device.
  var isStanding: Bool { [Self.port, 0x02, 0x04, 0x08, 0x09].contains(type) }
}
