internal import Music

/// What a score asks a synthesizer to do, by frame.
struct Timeline {
  /// A channel of the synthesizer for each part of the score: controllers of a MIDI channel apply to all of its tracks.
  private(set) var channels: [ChannelSetup] = []
  /// Which of them each track of the score belongs to.
  private(set) var channelOfTrack: [Int] = []
  /// Whether each channel's program was named.
  private var hasProgram: [Bool] = []
  private(set) var events: [TimedEvent] = []
  /// The bytes of system-exclusive messages, which events refer to.
  private(set) var systemExclusives: [UInt8] = []

  /// A shorter note would not be heard on any instrument, in seconds.
  private static let shortestNote = 0.01

  /// Later events are moved here, in seconds: a damaged file can have times that no frame count can hold.
  private static let horizon = 1e9

  /// - Parameter start: The tick that is frame 0; what is before it happens at once.
  init(score: Score, sampleRate: Int, start: Int = 0) {
    let clock = score.timeMap
    let silence = start > 0 ? clock.seconds(at: start) : 0
    let frame = { (tick: Int) in
      let time = start > 0 ? max(0, clock.seconds(at: tick) - silence) : clock.seconds(at: tick)
      let seconds = min(max(time, -Self.horizon), Self.horizon)
      return Int((seconds * Double(sampleRate)).rounded())
    }
    var noteCount = 0
    for track in score.tracks {
      let channel = channelIndex(for: track)
      channelOfTrack.append(channel)
      func add(_ message: ChannelMessage, at frame: Int) {
        events.append(TimedEvent(frame: frame, channel: channel, action: .message(message)))
      }
      let shortest = Int(Self.shortestNote * Double(sampleRate))
      for note in track.notes where (0...127).contains(note.pitch) {
        let onset = frame(note.onset)
        let velocity = min(max(note.velocity, 1), 127)
        add(.noteOn(key: note.pitch, velocity: velocity, note: noteCount), at: onset)
        add(.noteOff(key: note.pitch, note: noteCount), at: max(frame(note.end), onset + shortest))
        noteCount += 1
      }
      // Of one moment, the score does not say whether a bank or a program comes first: banks do.
      for change in track.controlChanges where change.controller == 0 || change.controller == 32 {
        add(.control(change.controller, value: change.value & 127), at: frame(change.tick))
      }
      for change in track.programChanges { add(.program(change.program & 127), at: frame(change.tick)) }
      for change in track.controlChanges where change.controller != 0 && change.controller != 32 {
        add(.control(change.controller & 127, value: change.value & 127), at: frame(change.tick))
      }
      for bend in track.pitchBends { add(.bend(bend.value), at: frame(bend.tick)) }
      for pressure in track.pressures {
        let message: ChannelMessage =
          if let key = pressure.pitch {
            .keyPressure(key: key & 127, value: pressure.value & 127)
          } else {
            .pressure(pressure.value & 127)
          }
        add(message, at: frame(pressure.tick))
      }
      for event in track.otherEvents { addSystemExclusive(event, at: frame(event.tick)) }
    }
    for event in score.otherEvents { addSystemExclusive(event, at: frame(event.tick)) }
    sort()
    chooseBanks()
    if let last = events.last { events.append(TimedEvent(frame: last.frame, channel: 0, action: .end)) }
  }

  /// A program that a track begins with is no event: where a bank is selected before the first note, it is chosen again after that. A bank
  /// that is selected behind a program that is an event waits for the next one, as MIDI has it.
  private mutating func chooseBanks() {
    var firstNotes = [Int](repeating: events.count, count: channels.count)
    var lastBanks = [Int](repeating: -1, count: channels.count)
    for (index, event) in events.enumerated() {
      guard case .message(let message) = event.action, firstNotes[event.channel] == events.count else {
        continue
      }
      switch message {
      case .noteOn: firstNotes[event.channel] = index
      case .control(0, _), .control(32, _): lastBanks[event.channel] = index
      case .program: (firstNotes[event.channel], lastBanks[event.channel]) = (index, -1)
      default: break
      }
    }
    let choices = lastBanks.enumerated().filter { $0.element >= 0 }.sorted { $0.element > $1.element }
    for (channel, place) in choices {
      events.insert(
        TimedEvent(
          frame: events[place].frame, channel: channel, action: .message(.program(channels[channel].program))),
        at: place + 1)
    }
  }

  private mutating func addSystemExclusive(_ event: OpaqueEvent, at frame: Int) {
    guard event.type == 0xF0, !event.payload.isEmpty else { return }
    let action = TimedEvent.Action.systemExclusive(start: systemExclusives.count, count: event.payload.count)
    events.append(TimedEvent(frame: frame, channel: 0, action: action))
    systemExclusives += event.payload
  }

  /// By time, then by rank, then in their original order: a stable sort, so that controllers keep their order.
  private mutating func sort() {
    let order = events.indices.sorted { a, b in
      (events[a].frame, events[a].rank, a) < (events[b].frame, events[b].rank, b)
    }
    events = order.map { events[$0] }
  }

  /// The channel that a track belongs to: its MIDI channel's, unless the two begin with different programs, as tracks that
  /// only happen to have the same channel do. Where there are as many as a synthesizer has, further tracks share them.
  private mutating func channelIndex(for track: Track) -> Int {
    let program = track.program.map { $0 & 127 }
    if let midiChannel = track.channel {
      for (index, channel) in channels.enumerated()
      where channel.midiChannel == midiChannel && channel.isDrum == track.isDrum
        && (!hasProgram[index] || program == nil || channel.program == program)
      {
        if let program { channels[index].program = program }
        hasProgram[index] = hasProgram[index] || program != nil
        return index
      }
    }
    if channels.count == Synthesizer.channelLimit {
      return channels.firstIndex { $0.isDrum == track.isDrum && $0.program == (program ?? 0) }
        ?? channels.firstIndex { $0.isDrum == track.isDrum } ?? 0
    }
    channels.append(ChannelSetup(midiChannel: track.channel, isDrum: track.isDrum, program: program ?? 0))
    hasProgram.append(program != nil)
    return channels.count - 1
  }

  /// Which sounds it asks for, and on which keys.
  var usage: [PresetAddress: KeySet] {
    var usage: [PresetAddress: KeySet] = [:]
    var states = channels.map { Channel($0) }
    for event in events {
      switch event.action {
      case .message(.noteOn(let key, _, _)): usage[states[event.channel].address, default: .none].insert(key)
      case .message(.program(let program)): states[event.channel].setProgram(program)
      case .message(.control(let controller, let value)):
        _ = states[event.channel].control(controller, value)
      case .systemExclusive(let start, let count):
        let message = systemExclusives[start..<start + count].withUnsafeBufferPointer { SystemExclusive($0) }
        if let message { for index in states.indices { states[index].take(message) } }
      case .message, .end: break
      }
    }
    return usage
  }
}

extension TimedEvent {
  /// The order at the same moment: note-offs, then what is for all channels, then changes, then note-ons.
  fileprivate var rank: Int {
    switch action {
    case .systemExclusive: return 1
    case .end: return 5
    case .message(let message):
      switch message {
      case .noteOff: return 0
      // In their own order, since a program is chosen from the bank that was selected before it.
      case .program, .control(0, _), .control(32, _): return 2
      case .control, .bend, .pressure, .keyPressure: return 3
      case .noteOn: return 4
      }
    }
  }
}
