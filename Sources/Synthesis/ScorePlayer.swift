public import Audio
public import Music

/// Plays a score that can be led while it sounds: to another place, and at another tempo, with every pitch as it was.
///
/// What a `ScoreRenderer` renders from beginning to end is performed here event by event, in quanta of 64 frames, by one synthesizer
/// whose sounds are prepared once. Like it, `render(into:)` neither allocates nor reads a file. One thread uses it.
public final class ScorePlayer: SampleSource {
  /// Frames a second.
  public let sampleRate: Int
  /// Left and right, interleaved.
  public let channelCount = 2
  /// The score's own length in seconds at its own tempo, to the end of its last note.
  public let totalSeconds: Double

  private let synthesizer: Synthesizer
  private let timeline: Timeline
  private let clock: TimeMap
  /// Seconds of the score before the first frame.
  private let startSeconds: Double
  /// The first event that was not given to the synthesizer.
  private var nextEvent = 0
  /// Where score and sound meet: `origin` frames of the score at its own tempo sound at `output`, and from there on `factor` of them
  /// in each frame.
  private struct Meeting {
    var output: Int
    var origin: Double
    var factor: Double
  }
  private var meetings: [Meeting]
  /// Frames that were rendered.
  private var frame = 0
  private var loudEnd = 0
  private var isFinished = false

  /// How many changes of place or tempo are remembered for `position(atFrame:)`.
  private static let meetingLimit = 64
  /// The tempos that can be asked for, as factors of the score's own.
  public static let tempoFactors = 0.25...4.0
  /// Amplitudes below −80 dBFS are silence.
  private static let silence: Float = 1e-4

  /// Prepares a score.
  /// - Parameters:
  ///   - score: What is played.
  ///   - bank: Where its sounds are; what it needs of them is prepared now.
  ///   - options: How it is played; parts are not separated.
  /// - Precondition: `options.sampleRate` is 8,000...192,000 and `options.maximumVoices` 1...1,024.
  public init(score: Score, bank: any SoundBank, options: RenderOptions = RenderOptions()) {
    var options = options
    options.separatesParts = false
    options.threadCount = 1
    sampleRate = options.sampleRate
    let performed = options.expression?.performed(score) ?? score
    timeline = Timeline(
      score: options.placesParts ? StereoPlacement.placed(performed) : performed,
      sampleRate: options.sampleRate)
    synthesizer = Synthesizer(
      bank: bank, channels: timeline.channels, usage: timeline.usage, options: options,
      longestQuantum: segmentFrames, eventCapacity: timeline.events.count + 1,
      byteCapacity: timeline.systemExclusives.count)
    clock = performed.timeMap
    totalSeconds = performed.lastNoteSeconds
    startSeconds = clock.seconds(at: options.start.tick(in: score))
    meetings = [Meeting(output: 0, origin: startSeconds * Double(sampleRate), factor: 1)]
    meetings.reserveCapacity(Self.meetingLimit + 1)
    // What is before the beginning holds from it on.
    if startSeconds > 0 { restore(to: startSeconds * Double(sampleRate)) }
  }

  /// About how many frames are left, the last release not counted.
  public var frameCount: Int? {
    let left = totalSeconds * Double(sampleRate) - origin(at: frame)
    return frame + max(0, Int(left / tempoFactor))
  }

  /// How many voices the last block had.
  public var voiceCount: Int { synthesizer.output.voiceCount }

  /// How fast the score is played, 1 being its own tempo; one of `tempoFactors`. A change takes effect with the next block: what sounds
  /// goes on.
  public var tempoFactor: Double {
    get { meetings[meetings.count - 1].factor }
    set {
      let factor = min(max(newValue, Self.tempoFactors.lowerBound), Self.tempoFactors.upperBound)
      guard factor != tempoFactor else { return }
      meet(at: origin(at: synthesizer.frame), factor: factor)
    }
  }

  /// By how many decibels it is louder than it was made to be, before the limiter. A change takes effect with the next block, without a click.
  public var gain = 0.0 {
    didSet { synthesizer.setTrim(decibels(Float(gain))) }
  }

  /// The place in the score that sounds in a frame, in seconds at the score's own tempo and in ticks.
  /// - Parameter frame: A frame, counted from the first that was rendered.
  public func position(atFrame frame: Int) -> (seconds: Double, tick: Int) {
    let seconds = max(0, origin(at: frame) / Double(sampleRate))
    return (seconds, clock.tick(atSeconds: seconds))
  }

  /// The tempo that the score itself has at a tick, times the factor, in quarter notes a minute.
  /// - Parameters:
  ///   - tick: A place in the score.
  ///   - tempos: The score's tempos.
  public func quartersPerMinute(at tick: Int, of tempos: [TempoChange]) -> Double {
    (tempos.last { $0.tick <= tick } ?? .standard).quartersPerMinute * tempoFactor
  }

  /// Goes on from another place: keys are lifted, controllers, programs and tunings are as they would be there, and notes that sound
  /// across it begin again. What has been rendered stays as it is.
  /// - Parameter tick: A place in the score.
  public func seek(to tick: Int) {
    let origin = clock.seconds(at: max(0, tick)) * Double(sampleRate)
    meet(at: origin, factor: tempoFactor)
    restore(to: origin)
    isFinished = false
    loudEnd = frame
  }

  private func meet(at origin: Double, factor: Double) {
    meetings.append(Meeting(output: synthesizer.frame, origin: origin, factor: factor))
    if meetings.count > Self.meetingLimit { meetings.removeFirst() }
  }

  /// The frame of the score at its own tempo that sounds in a rendered frame.
  private func origin(at frame: Int) -> Double {
    let meeting = meetings.last { $0.output <= frame } ?? meetings[0]
    return meeting.origin + Double(frame - meeting.output) * meeting.factor
  }

  /// Brings the synthesizer to the state that it has at a frame of the score.
  private func restore(to origin: Double) {
    synthesizer.restart(timeline.channels)
    var sounding: [Int: (onset: TimedEvent, order: Int)] = [:]
    nextEvent = timeline.events.count
    for (index, event) in timeline.events.enumerated() {
      guard Double(event.frame) < origin else {
        nextEvent = index
        break
      }
      switch event.action {
      case .message(.noteOn(_, _, let note)): sounding[note] = (event, index)
      case .message(.noteOff(_, let note)): sounding[note] = nil
      case .systemExclusive(let start, let count):
        timeline.systemExclusives[start..<start + count].withUnsafeBufferPointer {
          synthesizer.perform(systemExclusive: $0)
        }
      case .message: synthesizer.perform(event, at: 0)
      case .end: break
      }
    }
    for (event, _) in sounding.values.sorted(by: { $0.order < $1.order })
    where !timeline.channels[event.channel].isDrum {
      synthesizer.perform(event, at: 0)
    }
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
          feed()
          synthesizer.advance()
          watchForTheEnd()
        }
        written += synthesizer.take(into: block, from: written, upTo: wanted)
      }
      frame += written
      return written
    }
  }

  /// Gives the synthesizer the events of its next quantum.
  private func feed() {
    let meeting = meetings[meetings.count - 1]
    let end = synthesizer.frame + segmentFrames
    while nextEvent < timeline.events.count {
      let event = timeline.events[nextEvent]
      let output = meeting.output + Int(((Double(event.frame) - meeting.origin) / meeting.factor).rounded())
      guard output < end else { return }
      nextEvent += 1
      if case .systemExclusive(let start, let count) = event.action {
        timeline.systemExclusives[start..<start + count].withUnsafeBufferPointer {
          _ = synthesizer.queue.add(systemExclusive: $0, at: output)
        }
      } else {
        var event = event
        event.frame = output
        _ = synthesizer.queue.add(event)
      }
    }
  }

  private func watchForTheEnd() {
    let stage = synthesizer.output
    let bus = synthesizer.outputBus(0)
    for index in 0..<stage.quantum.frames
    where max(abs(bus.left[index]), abs(bus.right[index])) >= Self.silence {
      loudEnd = synthesizer.frame
    }
    guard nextEvent == timeline.events.count, stage.isLast, !stage.isSounding else { return }
    isFinished = synthesizer.frame > loudEnd + sampleRate / 10
  }
}

extension Synthesizer {
  /// Takes back all that events have changed: keys are lifted, and each channel is as it began.
  fileprivate func restart(_ setups: [ChannelSetup]) {
    while queue.next != nil { queue.removeFirst() }
    tunings.reset()
    for channel in 0..<channelTotal {
      pool.silence(channel: channel, at: 0)
      courses[channel].resetGenerators()
      channels[channel] = Channel(setups[channel])
      channels[channel].sound = sounds.place(of: channels[channel].address)
      tunings.write(courses[channel].tunings, for: channels[channel])
    }
  }
}
