extension Synthesizer {
  /// Whether an event changes more than the state that a channel's course keeps, so that it needs to stand at the beginning of
  /// a quantum.
  func needsQuantum(_ event: TimedEvent) -> Bool {
    switch event.action {
    case .systemExclusive: true
    case .message(.control(let controller, _)): channels[event.channel].reachesFurther(controller)
    case .message, .end: false
    }
  }

  /// Performs an event.
  /// - Parameter frame: Where in the quantum.
  func perform(_ event: TimedEvent, at frame: Int) {
    switch event.action {
    case .message(let message): perform(message, channel: event.channel, at: frame)
    case .systemExclusive(let start, let count):
      let bytes = queue.bytes(start, count)
      if let message = SystemExclusive(bytes) { perform(message, bytes, at: frame) }
    case .end:
      for channel in 0..<channelTotal {
        channels[channel].liftPedals()
        pool.endHold(channel: channel, pedalIsDown: false, at: frame)
        pool.releaseAll(channel: channel, pedalIsDown: false, at: frame)
        noteChange(of: channel, at: frame)
      }
    }
  }

  /// Performs a system-exclusive message at once, before anything else that waits. Nobody renders meanwhile.
  /// - Parameter message: The bytes after 0xF0, with or without the final 0xF7.
  package func perform(systemExclusive message: Span<UInt8>) {
    message.withUnsafeBufferPointer { perform(systemExclusive: $0) }
  }

  /// Performs a system-exclusive message at once: the bytes after 0xF0, with or without the final 0xF7.
  func perform(systemExclusive bytes: UnsafeBufferPointer<UInt8>) {
    if let message = SystemExclusive(bytes) { perform(message, bytes, at: 0) }
  }

  private func perform(_ message: SystemExclusive, _ bytes: UnsafeBufferPointer<UInt8>, at frame: Int) {
    switch message {
    case .reset: tunings.reset()
    case .masterFineTuning(let semitones): tunings.fine = semitones
    case .masterCoarseTuning(let semitones): tunings.coarse = semitones
    case .keyTunings, .allTunings: tunings.take(message, bytes)
    case .drumPart, .masterVolume, .octaveTuning: break
    }
    for channel in 0..<channelTotal {
      if case .reset = message {
        pool.silence(channel: channel, at: frame)
        courses[channel].resetGenerators()
      }
      channels[channel].take(message)
      channels[channel].sound = sounds.place(of: channels[channel].address)
      tunings.write(courses[channel].tunings, for: channels[channel])
      noteChange(of: channel, at: frame)
    }
  }

  /// Lets the voices of a channel know of its new state.
  private func noteChange(of channel: Int, at frame: Int) {
    courses[channel].change(to: channels[channel], segment: frame / segmentFrames)
  }

  private func perform(_ message: ChannelMessage, channel: Int, at frame: Int) {
    switch message {
    case .noteOn(let key, let velocity, let note):
      if velocity > 0 {
        press(key & 127, velocity: min(velocity, 127), note: note, channel: channel, at: frame)
      } else {
        lift(key & 127, note: note, channel: channel, at: frame)
      }
      return
    case .noteOff(let key, let note): return lift(key & 127, note: note, channel: channel, at: frame)
    case .keyPressure(let key, let value): channels[channel].setPressure(value, ofKey: key)
    case .control(let controller, let value):
      follow(channels[channel].control(controller, value), channel: channel, at: frame)
    case .program(let program):
      let wasDrum = channels[channel].isDrum
      channels[channel].setProgram(program)
      channels[channel].sound = sounds.place(of: channels[channel].address)
      if channels[channel].isDrum != wasDrum {
        tunings.write(courses[channel].tunings, for: channels[channel])
      }
    case .pressure(let value): channels[channel].setPressure(value)
    case .bend(let value): channels[channel].setWheel(value)
    }
    noteChange(of: channel, at: frame)
  }

  private func follow(_ effect: Channel.Effect, channel: Int, at frame: Int) {
    let pedalIsDown = channels[channel].pedalIsDown
    switch effect {
    case .none: break
    case .releaseSustained:
      if channels[channel].controller(66) < 64 {
        pool.endHold(channel: channel, pedalIsDown: pedalIsDown, at: frame)
      }
      pool.releaseSustained(channel: channel, at: frame)
    case .holdKeys: pool.hold(channel: channel)
    case .releaseHeld: pool.endHold(channel: channel, pedalIsDown: pedalIsDown, at: frame)
    case .releaseAll: pool.releaseAll(channel: channel, pedalIsDown: pedalIsDown, at: frame)
    case .silence: pool.silence(channel: channel, at: frame)
    case .tune: tunings.write(courses[channel].tunings, for: channels[channel])
    case .setGenerator(let change): courses[channel].take(change)
    }
  }

  // MARK: Keys

  private func press(_ key: Int, velocity: Int, note: Int, channel: Int, at frame: Int) {
    let birth = births + 1
    if channels[channel].isLegato {
      channels[channel].melody.press(key)
      if slur(to: key, velocity: velocity, note: note, channel: channel, at: frame) { return }
      if channels[channel].isMono { pool.yield(channel: channel, to: birth, at: frame) }
    }
    start(key: key, velocity: velocity, note: note, channel: channel, at: frame)
    glide(to: key, birth: birth, channel: channel)
    channels[channel].lastKey = key
    channels[channel].lastVelocity = velocity
  }

  private func lift(_ key: Int, note: Int, channel: Int, at frame: Int) {
    let pedalIsDown = channels[channel].pedalIsDown
    var previous: Int?
    if channels[channel].isLegato {
      // The key before sounds again where it is still down.
      let sounded = channels[channel].melody.latest
      channels[channel].melody.lift(key)
      previous = sounded == key ? channels[channel].melody.latest : nil
    }
    let velocity = channels[channel].lastVelocity
    if let previous, slur(to: previous, velocity: velocity, note: -1, channel: channel, at: frame) { return }
    pool.release(channel: channel, key: key, note: note, pedalIsDown: pedalIsDown, at: frame)
    guard channels[channel].isMono, let previous else { return }
    press(previous, velocity: velocity, note: -1, channel: channel, at: frame)
  }

  /// How long the pitch of a slur takes where no portamento says so, in seconds.
  private static let slurTime: Float = 0.03

  /// Has the note whose key is down go on at another key, without a new attack: of built-in instruments that sustain.
  /// - Returns: whether there is one.
  private func slur(to key: Int, velocity: Int, note: Int, channel: Int, at frame: Int) -> Bool {
    guard case .patch(let patch) = sounds.sound(at: channels[channel].sound), patch.isSustained,
      let voice = pool.heldVoice(channel: channel, of: patch)
    else { return false }
    let portamento = channels[channel].hasPortamento ? channels[channel].portamentoTime : 0
    pool.voices[voice].slur(
      to: NoteStart(key: key, velocity: velocity, seed: 0, pan: 0, sampleRate: Float(sampleRate)), note: note,
      frames: Int(max(Self.slurTime, portamento) * Float(sampleRate)), at: frame)
    channels[channel].portamentoKey = -1
    channels[channel].lastKey = key
    channels[channel].lastVelocity = velocity
    return true
  }

  /// A portamento from the key before, or from the one that controller 84 has named.
  private func glide(to key: Int, birth: Int, channel: Int) {
    let named = channels[channel].portamentoKey
    channels[channel].portamentoKey = -1
    let from = named >= 0 ? named : channels[channel].hasPortamento ? channels[channel].lastKey : -1
    let frames = Int(channels[channel].portamentoTime * Float(sampleRate))
    guard from >= 0, from != key, frames > 0 else { return }
    pool.glide(birth: birth, from: Float(from - key), frames: frames)
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
    guard let voice = pool.take(for: identity.birth, isRegion: true, at: frame) else { return }
    pool.voices[voice].start(
      region, key: key, velocity: velocity, identity, sampleRate: Float(sampleRate),
      course: courses[identity.channel], state: channels + identity.channel, at: frame)
  }

  private func start(_ patch: PatchView, key: Int, velocity: Int, _ identity: NoteIdentity, at frame: Int) {
    pool.silenceRivals(
      ofKey: key, exclusiveClass: patch.chokeGroup, birth: identity.birth, channel: identity.channel,
      at: frame)
    guard let voice = pool.take(for: identity.birth, isRegion: false, at: frame) else { return }
    let seed = UInt64(identity.note >= 0 ? identity.note : identity.birth)
    pool.voices[voice].start(
      patch,
      NoteStart(
        key: key, velocity: velocity, seed: seed, pan: patch.keyPan * Float(key - 60) / 48,
        sampleRate: Float(sampleRate)),
      identity, at: frame)
  }
}
