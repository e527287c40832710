internal import MIDI
internal import Music

/// What the channels of a MIDI file do, for continuing them.
struct MIDISurvey {
  /// What a track plays on one channel.
  struct Part {
    var track: Int
    var channel: Int
    /// The port and the channel.
    var key: Int
    /// When a key is struck, and which, in the order of the file.
    var onsets: [(tick: Int, key: Int)] = []

    var lastOnset: Int { onsets.last?.tick ?? -1 }
  }

  /// What is done to a channel, by all tracks.
  struct Channel {
    /// Something that sets the sound.
    enum Setting: Hashable {
      case controller(Int), program, bend, onset
    }

    fileprivate(set) var settings: [(tick: Int, setting: Setting, value: Int)] = []
    /// The last event, and its track.
    fileprivate(set) var lastTick = 0
    fileprivate(set) var lastTrack = 0
  }

  private(set) var parts: [Part] = []
  /// By port and channel.
  private(set) var channels: [Int: Channel] = [:]
  /// For each track the keys that it never releases.
  private(set) var hanging: [[(channel: Int, key: Int)]] = []

  init(_ file: MIDIFile) {
    for (index, track) in file.tracks.enumerated() { read(track, index: index) }
    for key in channels.keys {
      guard let settings = channels[key]?.settings else { continue }
      channels[key]?.settings = settings.enumerated().sorted {
        ($0.element.tick, $0.offset) < ($1.element.tick, $1.offset)
      }.map(\.element)
    }
  }

  private mutating func read(_ track: MIDITrack, index: Int) {
    var port = 0
    var places: [Int: Int] = [:]
    var sounding: [Int: Int] = [:]
    for event in track.events {
      guard event.isChannelMessage else {
        if event.isMeta, event.data1 == 0x21, let number = track.payload(of: event).first {
          port = Int(number)
        }
        continue
      }
      let key = port << 4 | event.channel
      if places[key] == nil {
        places[key] = parts.count
        parts.append(Part(track: index, channel: event.channel, key: key))
      }
      take(event, key: key, track: index, part: places[key] ?? 0, &sounding)
    }
    let left = sounding.filter { $0.value > 0 }.sorted { $0.key < $1.key }
    hanging.append(
      left.flatMap { slot, count in
        Array(repeating: (channel: slot >> 7, key: slot & 0x7F), count: count)
      })
  }

  private mutating func take(
    _ event: MIDIEvent, key: Int, track: Int, part: Int, _ sounding: inout [Int: Int]
  ) {
    let (data1, data2) = (Int(event.data1), Int(event.data2))
    let slot = event.channel << 7 | data1
    var setting: (Channel.Setting, Int)?
    switch event.status >> 4 {
    case 0x9 where data2 != 0:
      sounding[slot, default: 0] += 1
      parts[part].onsets.append((event.tick, data1))
      setting = (.onset, 0)
    case 0x8, 0x9: sounding[slot] = max(0, (sounding[slot] ?? 0) - 1)
    case 0xB:
      if data1 == 120 || data1 >= 123 {
        for key in 0..<128 { sounding[event.channel << 7 | key] = nil }
      }
      setting = (.controller(data1), data2)
    case 0xC: setting = (.program, data1)
    case 0xE: setting = (.bend, (data2 << 7 | data1) - 8_192)
    default: break
    }
    var channel = channels[key] ?? Channel()
    channels[key] = nil
    if let setting { channel.settings.append((event.tick, setting.0, setting.1)) }
    if event.tick >= channel.lastTick {
      channel.lastTick = event.tick
      channel.lastTrack = track
    }
    channels[key] = channel
  }

  /// The program that each channel has at a tick, by port and channel; none where none was chosen.
  func programs(at tick: Int) -> [Int: Int] {
    channels.compactMapValues { channel in
      channel.settings.last { $0.setting == .program && $0.tick <= tick }?.value
    }
  }

  /// Whether a channel is given several programs, by port and channel.
  func changesProgram(_ key: Int) -> Bool {
    Set(channels[key]?.settings.filter { $0.setting == .program }.map(\.value) ?? []).count > 1
  }

  /// When the last note of a channel of the first port begins.
  func lastOnset(ofChannel channel: Int) -> Int {
    parts.lazy.filter { $0.key == channel }.map(\.lastOnset).max() ?? -1
  }
}

extension MIDISurvey.Channel {
  /// What has been set in the end; what reads "reset all controllers" has been forgotten.
  private var state: [Setting: Int] {
    var state: [Setting: Int] = [:]
    for (_, setting, value) in settings {
      state[setting] = value
      guard setting == .controller(121) else { continue }
      for controller in [1, 11] + Array(64...69) { state[.controller(controller)] = nil }
      state[.bend] = nil
    }
    return state
  }

  /// The messages that let nothing ring on or stay bent, and where the channel plays on let it be heard.
  func releases(channel: Int, playsOn: Bool) -> [MIDIMessage] {
    let state = state
    var messages: [MIDIMessage] = []
    for controller in [64, 66, 69] + (playsOn ? [1] : []) where state[.controller(controller)] ?? 0 > 0 {
      messages.append(.controlChange(channel: channel, controller: controller, value: 0))
    }
    guard playsOn else { return messages }
    if state[.bend] ?? 0 != 0 { messages.append(.pitchBend(channel: channel, value: 0)) }
    for (controller, usual) in [(7, 100), (11, 127)] {
      let typical = typicalValue(of: controller, usual: usual)
      if 2 * (state[.controller(controller)] ?? usual) < typical {
        messages.append(.controlChange(channel: channel, controller: controller, value: typical))
      }
    }
    return messages
  }

  /// The value of a controller under which most notes begin; of several the highest.
  private func typicalValue(of controller: Int, usual: Int) -> Int {
    var counts: [Int: Int] = [:]
    var current = usual
    for (_, setting, value) in settings {
      if setting == .controller(controller) { current = value }
      if setting == .onset { counts[current, default: 0] += 1 }
    }
    return counts.max { ($0.value, $0.key) < ($1.value, $1.key) }?.key ?? usual
  }

  /// The controllers that reset the channel to its defaults, as far as those are defined.
  func restored(at tick: Int) -> [ControlChange] {
    state.compactMap { setting, value -> ControlChange? in
      guard case .controller(let controller) = setting,
        let usual = ControlState.defaultValue(of: controller), usual != value
      else { return nil }
      return ControlChange(tick: tick, controller: controller, value: usual)
    }.sorted { $0.controller < $1.controller }
  }
}
