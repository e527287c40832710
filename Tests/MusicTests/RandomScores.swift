import Music
import TestSupport

/// Small scores, in which edges, changes and notes often fall together.
struct RandomScores {
  var generator: RepeatableGenerator
  /// Ticks in a quarter note: few, so that much happens on one tick.
  var ticksPerQuarter = 4

  init(seed: UInt64) { generator = RepeatableGenerator(seed: seed) }

  mutating func next() -> Score {
    var score = Score(ticksPerQuarter: ticksPerQuarter)
    score.length = generator.number(0...40) * 2
    let length = score.length
    score.tracks = (0..<generator.number(0...3)).map { track(channel: $0, length: length) }
    score.tempos = ticks(0...4, length).map {
      TempoChange(tick: $0, microsecondsPerQuarter: 100_000 * generator.number(1...8))
    }
    score.timeSignatures = ticks(0...3, length).map {
      TimeSignatureChange(
        tick: $0,
        timeSignature: TimeSignature(generator.number(1...5), 1 << generator.number(1...3)))
    }
    score.keys = ticks(0...3, length).map {
      KeyChange(tick: $0, fifths: generator.number(-7...7), isMinor: generator.isTrue())
    }
    score.markers = ticks(0...3, length).map { Marker(tick: $0, text: "\($0)") }
    score.otherEvents = ticks(0...3, length).map { OpaqueEvent(tick: $0, type: 0x01, payload: [1]) }
    score.title = generator.isTrue() ? "Piece" : nil
    score.length = max(score.length, score.lastNoteEnd)
    return score
  }

  private mutating func ticks(_ count: ClosedRange<Int>, _ length: Int) -> [Int] {
    Set((0..<generator.number(count)).map { _ in generator.number(0...length) }).sorted()
  }

  private mutating func track(channel: Int, length: Int) -> Track {
    var track = Track(
      name: "\(channel)", program: generator.isTrue() ? generator.number(0...5) : nil, channel: channel)
    track.notes = (0..<generator.number(0...20)).map { _ in
      Note(
        onset: generator.number(0...length), duration: generator.number(0...12),
        pitch: generator.number(60...64), velocity: generator.number(1...127))
    }.sorted()
    track.programChanges = ticks(0...3, length).map {
      ProgramChange(tick: $0, program: generator.number(0...5))
    }
    track.controlChanges = (0..<generator.number(0...14)).map { _ in
      let controllers = [0, 1, 6, 7, 11, 20, 32, 38, 64, 66, 96, 98, 99, 100, 101, 121, 127]
      return ControlChange(
        tick: generator.number(0...length), controller: controllers[generator.number(0...16)],
        value: generator.number(0...3))
    }.sorted { $0.tick < $1.tick }
    track.pitchBends = ticks(0...4, length).map {
      PitchBend(tick: $0, value: 100 * generator.number(-1...1))
    }
    track.pressures = ticks(0...4, length).map {
      Pressure(tick: $0, pitch: generator.isTrue() ? 60 : nil, value: generator.number(0...1))
    }
    track.otherEvents = ticks(0...2, length).map { OpaqueEvent(tick: $0, type: 0x05, payload: [2]) }
    return track
  }
}

/// What a listener could tell of a track at some tick, worked out event by event: a synthesizer in small.
struct Sound: Equatable {
  var program: Int?
  var bank: [Int]
  var controllers: [Int: Int] = [:]
  var parameters: [[Int]: Int] = [:]
  var bend = 0
  var pressures: [Int: Int] = [:]

  /// The sound of `track` when everything up to and with `tick` has been played.
  init(_ track: Track, at tick: Int) {
    var registers: [Int: Int] = [:]
    var chosen: [Int]?
    var bends = track.pitchBends[...]
    var pressures = track.pressures[...]
    program = track.program
    bank = [0, 0]
    // As it is written to MIDI: the first program comes with the bank before the first note.
    let limit = min(track.notes.first?.onset ?? .max, track.programChanges.first.map { $0.tick - 1 } ?? .max)
    let firstBank = track.controlChanges.last { [0, 32].contains($0.controller) && $0.tick <= limit }
    var programs = track.programChanges.map { ($0.tick, $0.program) }[...]
    if let program = track.program { programs.insert((firstBank?.tick ?? 0, program), at: 0) }
    for now in 0...max(0, tick) {
      for change in track.controlChanges where change.tick == now {
        let value = change.value
        let none = [chosen?[0] ?? 1, 127, 127]
        switch change.controller {
        case 0, 32: registers[change.controller] = value
        case 6, 38: if let chosen, chosen != none { parameters[chosen + [change.controller]] = value }
        case 96:
          if let chosen, chosen != none { parameters[chosen + [6], default: 0] += 1000 }
        case 98...101:
          let family = change.controller / 100
          if chosen?[0] != family { chosen = [family, 127, 127] }
          chosen?[change.controller % 2 == 1 ? 1 : 2] = value
        case 121:
          for name in [1, 11] + Array(64...69) { controllers[name] = nil }
          chosen = nil
          bend = 0
          self.pressures = [:]
        default: controllers[change.controller] = value
        }
      }
      while let next = programs.first, next.0 <= now {
        program = next.1
        bank = [registers[0] ?? 0, registers[32] ?? 0]
        programs.removeFirst()
      }
      while let next = bends.first, next.tick <= now {
        bend = next.value
        bends.removeFirst()
      }
      while let next = pressures.first, next.tick <= now {
        self.pressures[next.pitch ?? -1] = next.value
        pressures.removeFirst()
      }
    }
    self.pressures = self.pressures.filter { $0.value != 0 }
    // A pedal that is up is one that was never touched.
    controllers = controllers.filter { $0.value != 0 || !([1] + Array(64...69)).contains($0.key) }
  }
}
