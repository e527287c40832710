public import Audio
public import Music

/// Turns a score into stereo samples, block by block: a timeline, and a synthesizer that performs it.
///
/// All memory is allocated and every sound prepared when it is created; `render(into:)` neither allocates nor reads a file and,
/// with one thread, waits for nothing, so that it may be called from an audio thread. The samples depend on score, sounds and
/// options alone, not on how large the blocks are or how many threads there are.
public final class ScoreRenderer: SampleSource {
  /// Frames a second.
  public let sampleRate: Int
  /// Left and right, interleaved; those of each part, if parts are separated.
  public let channelCount: Int
  /// The parts, each with the names of its tracks, in the order in which they come out where they are separated.
  public let parts: [RenderedPart]
  /// About how long the sound will be in seconds, the last release and the reverb included. The sound itself
  /// continues until it is silent.
  public let totalSeconds: Double

  /// `totalSeconds` in frames.
  public var frameCount: Int? { Int((totalSeconds * Double(sampleRate)).rounded()) }

  private let synthesizer: Synthesizer
  /// The frame of the last event.
  private let lastEvent: Int
  /// The frame at which the output begins that the synthesizer will give next.
  private var frame = 0
  /// The frame after the last that was not silent.
  private var loudEnd = 0
  /// The frame at which the last voice was over.
  private var voicesEnd = 0
  private var isFinished = false

  /// Amplitudes below this are silence: −80 dBFS, or −100 where the gain is still to come.
  private let silence: Float
  /// However long an instrument sounds, the rendering ends this long after the last event, in seconds.
  private static let longestTail = 20

  /// Prepares the rendering of a score.
  /// - Parameters:
  ///   - score: What is rendered.
  ///   - bank: Where its sounds are; what it needs of them is prepared now.
  ///   - options: How it is rendered.
  /// - Precondition: `options.sampleRate` is 8,000...192,000 and `options.maximumVoices` 1...1,024.
  public init(score: Score, bank: any SoundBank, options: RenderOptions = RenderOptions()) {
    sampleRate = options.sampleRate
    let performed = options.expression?.performed(score) ?? score
    let timeline = Timeline(
      score: options.placesParts ? StereoPlacement.placed(performed) : performed,
      sampleRate: options.sampleRate, start: options.start.tick(in: score))
    parts = timeline.parts(of: score)
    silence = options.isLimited && !options.separatesParts ? 1e-4 : 1e-5
    lastEvent = timeline.events.last?.frame ?? 0
    synthesizer = Synthesizer(
      bank: bank, channels: timeline.channels, usage: timeline.usage, options: options,
      longestQuantum: quantumFrames, eventCapacity: timeline.events.count + 1,
      byteCapacity: timeline.systemExclusives.count)
    channelCount = synthesizer.channelCount
    synthesizer.take(timeline)
    totalSeconds =
      Double(lastEvent) / Double(sampleRate) + min(Double(synthesizer.sounds.longestRelease), 3)
      + (options.reverbAmount > 0 ? Double(options.reverbSettings.usedDecay) : 0)
  }

  /// Prepares the rendering of a score by the built-in instruments.
  /// - Precondition: `options.sampleRate` is 8,000...192,000 and `options.maximumVoices` 1...1,024.
  public convenience init(score: Score, library: InstrumentLibrary, options: RenderOptions = RenderOptions())
  {
    self.init(score: score, bank: library, options: options)
  }

  /// Fills `block` with the next interleaved samples.
  /// - Returns: the frames written; fewer than there is room for once the sound has ended.
  public func render(into block: inout MutableSpan<Float>) -> Int {
    block.withUnsafeMutableBufferPointer { block in
      let wanted = block.count / channelCount
      var written = 0
      while written < wanted {
        if synthesizer.outputOffset == synthesizer.output.quantum.frames {
          if isFinished { break }
          synthesizer.advance()
          watchForTheEnd()
        }
        written += synthesizer.take(into: block, from: written, upTo: wanted)
      }
      return written
    }
  }

  /// Renders all that is left, and hands it out in order. With several threads `take` runs on any of them, beside the rendering of what
  /// follows, but one call at a time.
  /// - Parameter take: Given interleaved samples of up to 1,024 frames; says whether it wants more.
  func renderRest(_ take: @escaping (Span<Float>) -> Bool) {
    let room = UnsafeMutableBufferPointer<Float>.allocate(capacity: channelCount * quantumFrames)
    room.initialize(repeating: 0)
    defer { room.deallocate() }
    var isWanted = true
    let hand = { [self] in
      guard isWanted else { return }
      let frames = synthesizer.take(into: room, from: 0, upTo: quantumFrames)
      if frames > 0 { isWanted = take(UnsafeBufferPointer(rebasing: room[..<(frames * channelCount)]).span) }
    }
    while isWanted, !isFinished {
      synthesizer.advance(beside: hand)
      watchForTheEnd()
    }
    hand()
  }

  /// Ends the sound when it is silent, or fades it out where it would continue too long.
  private func watchForTheEnd() {
    let stage = synthesizer.output
    let frames = stage.quantum.frames
    frame += frames
    if stage.voiceCount > 0 { voicesEnd = frame - frames + stage.voicesEnd }
    guard stage.isLast else { return }
    let last = lastEvent + Self.longestTail * sampleRate
    let fade = sampleRate / 2
    let start = frame - frames
    for place in 0..<synthesizer.busCount {
      let bus = synthesizer.outputBus(place)
      if frame > last - fade {
        for index in 0..<frames {
          let left = max(0, Float(last - (start + index)) / Float(fade))
          bus.left[index] *= min(1, left)
          bus.right[index] *= min(1, left)
        }
      }
      for index in 0..<frames where max(abs(bus.left[index]), abs(bus.right[index])) >= silence {
        loudEnd = max(loudEnd, start + index + 1)
      }
    }
    let end = max(max(loudEnd, lastEvent) + sampleRate / 10, voicesEnd)
    guard frame >= last || (!stage.isSounding && frame >= end) else { return }
    isFinished = true
    synthesizer.cutOutput(to: min(last, max(end, start)) - start)
  }
}

extension Synthesizer {
  /// Takes all events of a timeline.
  fileprivate func take(_ timeline: Timeline) {
    for event in timeline.events {
      guard case .systemExclusive(let start, let count) = event.action else {
        _ = queue.add(event)
        continue
      }
      timeline.systemExclusives[start..<start + count].withUnsafeBufferPointer {
        _ = queue.add(systemExclusive: $0, at: event.frame)
      }
    }
  }
}
