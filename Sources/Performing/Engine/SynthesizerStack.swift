internal import Audio
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
    /// The frame after which it has nothing to do but to die away.
    var lastEvent: Int
    /// For how many frames it has been silent, in whole blocks of the performance.
    var silentFrames = 0
    /// The largest magnitude in the current block.
    var peak: Float = 0
  }

  private var layers: [Layer] = []
  private let sampleRate: Int
  private let block: UnsafeMutableBufferPointer<Float>
  /// What each channel was told: a new synthesizer is told it too.
  private var channels = [ChannelMemory](repeating: ChannelMemory(), count: 16)
  private var noteCount = 0
  private var lostCount = 0

  /// How many frames are rendered at once.
  static let blockFrames = 256
  /// How far a synthesizer is ahead of what it has given, at most, in frames.
  static let quantum = 64
  /// A synthesizer before the last is given up when it was silent for as long, or has died away for as long, in seconds.
  private static let silence = 0.5, longestTail = 12.0
  private static let shortestNote = 0.01

  init(sampleRate: Int) {
    self.sampleRate = sampleRate
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

  /// Lets a synthesizer take over.
  func take(_ prepared: Prepared, at frame: Int) {
    layers.append(Layer(synthesizer: prepared.synthesizer, origin: frame, lastEvent: frame))
    for channel in channels.indices {
      for message in channels[channel].messages { tell(message, channel, frame) }
    }
  }

  /// Has a message performed by the latest.
  func send(_ message: ChannelMessage, channel: Int, at frame: Int) {
    channels[channel].follow(message)
    switch message {
    case .noteOff, .control:
      // The note may be one of an earlier synthesizer.
      for index in layers.indices.dropLast() {
        _ = layers[index].synthesizer.send(message, channel: channel, at: frame - layers[index].origin)
      }
    default: break
    }
    tell(message, channel, frame)
  }

  private func tell(_ message: ChannelMessage, _ channel: Int, _ frame: Int) {
    guard let last = layers.indices.last else { return }
    if !layers[last].synthesizer.send(message, channel: channel, at: frame - layers[last].origin) {
      lostCount += 1
    }
    layers[last].lastEvent = max(layers[last].lastEvent, frame)
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

  /// Releases all keys.
  func releaseAll(at frame: Int) {
    for channel in channels.indices {
      for index in layers.indices {
        _ = layers[index].synthesizer.send(
          .control(123, value: 0), channel: channel, at: frame - layers[index].origin)
      }
    }
  }

  /// Renders the next frames, interleaved, and drops who is silent.
  /// - Parameters:
  ///   - output: At most `blockFrames` frames, none of them beyond the next multiple of that number.
  ///   - frame: The frame of the performance that the first is.
  func render(into output: UnsafeMutableBufferPointer<Float>, at frame: Int) {
    output.update(repeating: 0)
    let frames = output.count / 2
    for index in layers.indices {
      let part = UnsafeMutableBufferPointer(rebasing: block[..<output.count])
      var room = part.mutableSpan
      _ = layers[index].synthesizer.render(into: &room)
      var peak = layers[index].peak
      for place in part.indices {
        output[place] += part[place]
        peak = max(peak, abs(part[place]))
      }
      layers[index].peak = peak
    }
    // What is decided by loudness is decided at frames that do not depend on the size of the blocks.
    guard (frame + frames) % Self.blockFrames == 0 else { return }
    for index in layers.indices {
      layers[index].silentFrames =
        layers[index].peak < 1e-5 ? layers[index].silentFrames + Self.blockFrames : 0
      layers[index].peak = 0
    }
    let rate = Double(sampleRate)
    for index in layers.indices.dropLast().reversed() {
      let since = Double(frame + frames - layers[index].lastEvent)
      if isOver(layers[index]) && since > 0 || since > Self.longestTail * rate { layers.remove(at: index) }
    }
  }

  private func isOver(_ layer: Layer) -> Bool {
    Double(layer.silentFrames) > Self.silence * Double(sampleRate)
  }
}
