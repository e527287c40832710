extension Synthesizer {
  /// Whether an event changes more than the state that a channel's course keeps, so that it needs to stand at the beginning of
  /// a quantum.
  func needsQuantum(_ event: TimedEvent) -> Bool {
    switch event.action {
    case .systemExclusive: true
    case .message, .end: false
    }
  }

  /// Performs an event.
  /// - Parameter frame: Where in the quantum.
  func perform(_ event: TimedEvent, at frame: Int) {
    switch event.action {
    case .message(let message): perform(message, channel: event.channel, at: frame)
    case .systemExclusive: break
    case .end:
      for channel in 0..<channelTotal {
        channels[channel].liftPedals()
        pool.releaseAll(channel: channel, pedalIsDown: false, at: frame)
      }
    }
  }

  private func perform(_ message: ChannelMessage, channel: Int, at frame: Int) {
    switch message {
    case .noteOn(let key, let velocity, let note):
      if velocity > 0 {
        start(key: key & 127, velocity: min(velocity, 127), note: note, channel: channel, at: frame)
      } else {
        perform(.noteOff(key: key, note: note), channel: channel, at: frame)
      }
      return
    case .noteOff(let key, let note):
      pool.release(
        channel: channel, key: key, note: note, pedalIsDown: channels[channel].pedalIsDown, at: frame)
      return
    case .keyPressure(let key, let value): channels[channel].setPressure(value, ofKey: key)
    case .control(let controller, let value):
      switch channels[channel].control(controller, value) {
      case .none: break
      case .releaseSustained: pool.releaseSustained(channel: channel, at: frame)
      case .releaseAll:
        pool.releaseAll(channel: channel, pedalIsDown: channels[channel].pedalIsDown, at: frame)
      case .silence: pool.silence(channel: channel, at: frame)
      }
    case .program(let program):
      channels[channel].program = program & 127
      channels[channel].sound = sounds.place(of: channels[channel].address)
    case .pressure(let value): channels[channel].setPressure(value)
    case .bend(let value): channels[channel].setWheel(value)
    }
    courses[channel].change(to: channels[channel], segment: frame / segmentFrames)
  }

  private func start(key: Int, velocity: Int, note: Int, channel: Int, at frame: Int) {
    // The controllers of a silent channel take effect at once.
    if !pool.isSounding(channel: channel) { courses[channel].jump(segment: frame / segmentFrames) }
    births += 1
    let identity = NoteIdentity(note: note, channel: channel, birth: births)
    switch sounds.sound(at: channels[channel].sound) {
    case .silence: break
    case .patch(let patch): start(patch, key: key, velocity: velocity, identity, at: frame)
    case .kit(let places):
      guard places[key] >= 0 else { return }
      start(sounds.views[Int(places[key])], key: key, velocity: velocity, identity, at: frame)
    case .regions(let regions, let count):
      for index in 0..<count where regions[index].plays(key: key, velocity: velocity) {
        start(regions + index, key: key, velocity: velocity, identity, at: frame)
      }
    }
  }

  private func start(
    _ region: UnsafePointer<Region>, key: Int, velocity: Int, _ identity: NoteIdentity, at frame: Int
  ) {
    pool.silenceRivals(
      ofKey: key, exclusiveClass: region.pointee.exclusiveClass, birth: identity.birth,
      channel: identity.channel, at: frame)
    guard let voice = pool.take(at: frame) else { return }
    pool.voices[voice].start(
      region, key: key, velocity: velocity, identity, sampleRate: Float(sampleRate),
      course: courses[identity.channel], state: channels + identity.channel, at: frame)
  }

  private func start(_ patch: PatchView, key: Int, velocity: Int, _ identity: NoteIdentity, at frame: Int) {
    pool.silenceRivals(
      ofKey: key, exclusiveClass: patch.chokeGroup, birth: identity.birth, channel: identity.channel, at: frame)
    guard let voice = pool.take(at: frame) else { return }
    let seed = UInt64(identity.note >= 0 ? identity.note : identity.birth)
    pool.voices[voice].start(
      patch,
      NoteStart(
        key: key, velocity: velocity, seed: seed, pan: patch.keyPan * Float(key - 60) / 48,
        sampleRate: Float(sampleRate)),
      identity, at: frame)
  }
}
