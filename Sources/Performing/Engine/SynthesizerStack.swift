internal import Audio
internal import MIDI
internal import Music
internal import Synthesis

/// Synthesizers that sound together: the latest, which takes all new notes, and those before it, which let theirs die away.
///
/// A synthesizer prepares its sounds when it is made. Where music comes to ask for others, another is made beside it, by a thread that has
/// time, and takes over on a bar line.
final class SynthesizerStack {
  /// A synthesizer with what it was prepared for; made by one thread, played by another.
  final class Prepared: @unchecked Sendable {
    let synthesizer: Synthesizer
    let programs: Set<PresetAddress>

    init(_ synthesizer: Synthesizer, programs: Set<PresetAddress>) {
      self.synthesizer = synthesizer
      self.programs = programs
    }
  }

  private struct Layer {
    var synthesizer: Synthesizer
    /// The frame of the performance that its first frame is.
    var origin: Int
    /// The frame after which it has nothing to do but to hold what is down, or to die away.
    var lastEvent: Int
    /// The keys and pedals that are down.
    var held = HeldKeys()
    /// Releases for which its synthesizer had no room yet.
    var overdue: [(message: ChannelMessage, channel: Int, frame: Int)] = []
    /// For how many frames it has been silent, in whole blocks of the performance.
    var silentFrames = 0
    /// The largest magnitude in the current block.
    var peak: Float = 0
    /// The frame at which it begins to fade out; nil while it does not.
    var fadeStart: Int?

    init(_ synthesizer: Synthesizer, at frame: Int) {
      self.synthesizer = synthesizer
      (origin, lastEvent) = (frame, frame)
    }

    /// Has a message performed.
    /// - Returns: false if it is lost; a release is kept until there is room for it.
    mutating func send(_ message: ChannelMessage, _ channel: Int, _ frame: Int) -> Bool {
      held.follow(.midi(MIDIMessage(message, channel: channel)))
      lastEvent = max(lastEvent, frame)
      if overdue.isEmpty || !message.isRelease,
        synthesizer.send(message, channel: channel, at: frame - origin)
      {
        return true
      }
      if message.isRelease { overdue.append((message, channel, frame)) }
      return message.isRelease
    }

    /// Has a system-exclusive message performed.
    /// - Returns: false if it is lost.
    mutating func send(exclusive message: [UInt8], _ effect: ExclusiveEffect, _ frame: Int) -> Bool {
      // It silences all.
      if effect == .reset { held = HeldKeys() }
      lastEvent = max(lastEvent, frame)
      return synthesizer.send(systemExclusive: message.span, at: frame - origin)
    }

    /// Tries again with what there was no room for.
    mutating func catchUp() {
      guard !overdue.isEmpty else { return }
      let waiting = overdue
      overdue.removeAll(keepingCapacity: true)
      for (message, channel, frame) in waiting { _ = send(message, channel, frame) }
    }
  }

  private var layers: [Layer] = []
  private let sampleRate: Int
  private let fadeFrames: Int
  private let block: UnsafeMutableBufferPointer<Float>
  /// What each channel was told: a new synthesizer is told it too.
  private var channels = [ChannelMemory](repeating: ChannelMemory(), count: 16)
  /// What all channels were told together.
  private var system = SystemMemory()
  private var noteCount = 0
  private var lostCount = 0

  /// How many frames are rendered at once.
  static let blockFrames = 256
  /// How far a synthesizer is ahead of what it has given, at most, in frames.
  static let quantum = 64
  /// A synthesizer before the last is given up when it was silent for as long, or nothing has held it for as long, in seconds.
  private static let silence = 0.5, longestTail = 12.0
  /// At most so many sound together; the oldest fade out.
  static let layerLimit = 8
  /// What is given up while it sounds fades out in so many seconds.
  private static let fadeSeconds = 0.05
  private static let shortestNote = 0.01

  init(sampleRate: Int) {
    self.sampleRate = sampleRate
    fadeFrames = max(1, Int(Self.fadeSeconds * Double(sampleRate)))
    block = .allocate(capacity: 2 * Self.blockFrames)
  }

  deinit { block.deallocate() }

  /// How many messages were lost since the last time.
  func takeLostCount() -> Int {
    defer { lostCount = 0 }
    return lostCount
  }

  /// Whether any sounds, or might.
  var isSounding: Bool { layers.contains { !isOver($0) } }

  /// How many messages wait for their frame, in the synthesizer that has the most.
  var waitingCount: Int { layers.map { $0.synthesizer.waitingCount + $0.overdue.count }.max() ?? 0 }

  /// How many synthesizers there are.
  var layerCount: Int { layers.count }

  /// Lets a synthesizer take over.
  func take(_ prepared: Prepared, at frame: Int) {
    layers.append(Layer(prepared.synthesizer, at: frame))
    // At once: it has not begun, and tunings of all keys would be more than can wait.
    for message in system.messages { prepared.synthesizer.perform(systemExclusive: message.span) }
    for channel in channels.indices {
      for message in channels[channel].messages { tell(message, channel, frame) }
    }
    for message in system.lastMessages {
      if !prepared.synthesizer.send(systemExclusive: message.span) { lostCount += 1 }
    }
  }

  /// Has a system-exclusive message performed by all; what a synthesizer does not understand is left out.
  /// - Parameter message: What follows 0xF0.
  func send(exclusive message: [UInt8], at frame: Int) {
    guard let effect = system.follow(message) else { return }
    if effect == .reset { channels = Array(repeating: ChannelMemory(), count: channels.count) }
    for index in layers.indices {
      let isTaken = layers[index].send(exclusive: message, effect, frame)
      if !isTaken, index == layers.count - 1 { lostCount += 1 }
    }
  }

  /// Has a message performed by the latest, and by those before it what is not for new notes alone: the note that it changes may be theirs.
  func send(_ message: ChannelMessage, channel: Int, at frame: Int) {
    channels[channel].follow(message)
    if case .program = message { system.chooseProgram(channel: channel) }
    let isForNewNotes =
      switch message {
      case .noteOn: !message.isRelease
      case .program: true
      default: false
      }
    if !isForNewNotes {
      for index in layers.indices.dropLast() { _ = layers[index].send(message, channel, frame) }
    }
    tell(message, channel, frame)
  }

  private func tell(_ message: ChannelMessage, _ channel: Int, _ frame: Int) {
    guard let last = layers.indices.last else { return }
    if !layers[last].send(message, channel, frame) { lostCount += 1 }
  }

  /// Has a bar performed from a frame on.
  func play(_ bar: PerformedBar, at start: Double) {
    let clock = bar.timeMap
    let rate = Double(sampleRate)
    func frame(_ tick: Int) -> Int { Int((start + clock.seconds(at: tick) * rate).rounded()) }
    let first = frame(0)
    for part in bar.soundingParts {
      if channels[part.channel].program != part.program {
        send(.program(part.program), channel: part.channel, at: first)
      }
      if channels[part.channel].controllers[10] != part.pan {
        send(.control(10, value: part.pan), channel: part.channel, at: first)
      }
    }
    let notes = bar.playedNotes(shortest: Int(Self.shortestNote * rate), at: frame)
    for event in notes.events {
      let (note, number) = (event.note, noteCount + event.index)
      tell(
        event.isOn
          ? .noteOn(key: note.key, velocity: note.velocity, note: number)
          : .noteOff(key: note.key, note: number), note.channel, event.time)
    }
    noteCount += notes.count
  }

  /// Renders the next frames, interleaved, and drops who is silent.
  /// - Parameters:
  ///   - output: At most `blockFrames` frames, none of them beyond the next multiple of that number.
  ///   - frame: The frame of the performance that the first is.
  func render(into output: UnsafeMutableBufferPointer<Float>, at frame: Int) {
    output.update(repeating: 0)
    let frames = output.count / 2
    for index in layers.indices {
      layers[index].catchUp()
      let part = UnsafeMutableBufferPointer(rebasing: block[..<output.count])
      var room = part.mutableSpan
      _ = layers[index].synthesizer.render(into: &room)
      if let start = layers[index].fadeStart { fade(part, from: frame - start) }
      var peak = layers[index].peak
      for place in part.indices {
        output[place] += part[place]
        peak = max(peak, abs(part[place]))
      }
      layers[index].peak = peak
    }
    // What is decided by loudness is decided at frames that do not depend on the size of the blocks.
    if (frame + frames) % Self.blockFrames == 0 { dropLayers(at: frame + frames) }
  }

  /// Lets a layer fade out, which was full before the first frame of its fade.
  private func fade(_ samples: UnsafeMutableBufferPointer<Float>, from first: Int) {
    for index in 0..<samples.count / 2 {
      let left = max(0, 1 - Float(first + index) / Float(fadeFrames))
      let gain = left * left * (3 - 2 * left)
      samples[2 * index] *= gain
      samples[2 * index + 1] *= gain
    }
  }

  /// Drops the layers before the last that are silent, and has those fade out that hold nothing and have had their time, or are too many.
  private func dropLayers(at frame: Int) {
    for index in layers.indices {
      layers[index].silentFrames =
        layers[index].peak < 1e-5 ? layers[index].silentFrames + Self.blockFrames : 0
      layers[index].peak = 0
    }
    for index in layers.indices.dropLast().reversed() {
      if let start = layers[index].fadeStart {
        if frame - start >= fadeFrames { layers.remove(at: index) }
        continue
      }
      let since = frame - layers[index].lastEvent
      let isHolding = !layers[index].held.isEmpty
      if isOver(layers[index]), since > 0, !isHolding || !layers[index].synthesizer.hasVoices {
        layers.remove(at: index)
      } else if !isHolding, Double(since) > Self.longestTail * Double(sampleRate) {
        layers[index].fadeStart = frame
      }
    }
    // Keys that nobody lets go would keep any number of layers.
    var excess = layers.count { $0.fadeStart == nil } - Self.layerLimit
    for index in layers.indices where excess > 0 && layers[index].fadeStart == nil {
      layers[index].fadeStart = frame
      excess -= 1
    }
  }

  private func isOver(_ layer: Layer) -> Bool {
    Double(layer.silentFrames) > Self.silence * Double(sampleRate)
  }
}

extension ChannelMessage {
  /// Whether it lets go of keys or pedals, or silences them.
  var isRelease: Bool {
    switch self {
    case .noteOff: true
    case .noteOn(_, let velocity, _): velocity == 0
    case .control(64, let value), .control(66, let value), .control(69, let value): value < 64
    case .control(let controller, _): controller >= 120
    default: false
    }
  }
}
