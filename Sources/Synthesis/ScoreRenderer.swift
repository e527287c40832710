public import Audio
public import Music

/// Turns a score into stereo samples, block by block.
///
/// All memory is allocated and every wave computed when it is created; `render(into:)` neither allocates nor waits nor
/// reads a file, and may be called from an audio thread. The samples depend on score, instruments and options alone, not
/// on how large the blocks are.
public final class ScoreRenderer: SampleSource {
  /// Frames a second.
  public let sampleRate: Int
  /// Two: left and right, interleaved.
  public let channelCount = 2
  /// About how long the sound will be in seconds, the last release and the reverb included. The sound itself
  /// continues until it is silent.
  public let totalSeconds: Double

  /// `totalSeconds` in frames.
  public var frameCount: Int? { Int((totalSeconds * Double(sampleRate)).rounded()) }

  private let arena = Arena()
  private let patches: [Patch]
  /// The place in `patches` of each program and drum key that the score uses; −1 elsewhere.
  private let patchOfProgram: UnsafeMutablePointer<Int>
  private let patchOfDrumKey: UnsafeMutablePointer<Int>
  private let events: [Timeline.Event]
  private let parts: UnsafeMutablePointer<Part>
  private let partCount: Int
  private var pool: VoicePool
  private var reverb: Reverb
  private var limiter: Limiter
  private let gain: Float
  private let workspace: Workspace
  private let voiceLeft: UnsafeMutablePointer<Float>
  private let voiceRight: UnsafeMutablePointer<Float>
  private let mixLeft: UnsafeMutablePointer<Float>
  private let mixRight: UnsafeMutablePointer<Float>
  private let send: UnsafeMutablePointer<Float>
  private let gainsBefore: UnsafeMutablePointer<SIMD4<Float>>

  /// The part of the mix below 5 Hz, which is inaudible but takes headroom; it is subtracted.
  private var offset = SIMD2<Float>(repeating: 0)
  private let offsetShare: Float
  private var nextEvent = 0
  private var frame = 0
  /// The frames of the last segment, and how many of them have been given out.
  private var segmentCount = 0
  private var segmentOffset = 0
  private var framesToSkip: Int
  private var quietFrames = 0
  private var isFinished = false
  private let framesAfterLastEvent: Int

  /// The largest amplitude: −1 dBFS, which leaves room for lossy coders and converters.
  private static let ceiling: Float = 0.891_25
  /// Amplitudes below this, −80 dBFS, are silence.
  private static let silence: Float = 1e-4
  /// However long an instrument sounds, the rendering ends this long after the last event, in seconds.
  private static let longestTail = 20.0

  /// Prepares the rendering of a score.
  /// - Precondition: `options.sampleRate` is 8,000...192,000 and `options.maximumVoices` 1...1,024.
  public init(score: Score, library: InstrumentLibrary, options: RenderOptions = RenderOptions()) {
    precondition(
      RenderOptions.sampleRates.contains(options.sampleRate),
      "\(options.sampleRate) Hz is outside \(RenderOptions.sampleRates)")
    precondition(
      RenderOptions.voiceCounts.contains(options.maximumVoices),
      "\(options.maximumVoices) voices are outside \(RenderOptions.voiceCounts)")
    sampleRate = options.sampleRate
    let rate = Float(options.sampleRate)
    let timeline = Timeline(
      score: options.expression?.performed(score) ?? score, sampleRate: options.sampleRate,
      start: options.start.tick(in: score))
    events = timeline.events
    partCount = timeline.parts.count
    parts = arena.allocate(partCount, of: Part(isDrum: false, program: 0))
    for (index, part) in timeline.parts.enumerated() {
      parts[index] = Part(isDrum: part.isDrum, program: part.program ?? 0)
    }
    patchOfProgram = arena.allocate(128, of: -1)
    patchOfDrumKey = arena.allocate(128, of: -1)
    patches = Self.preparePatches(
      timeline, library: library, sampleRate: rate, programs: patchOfProgram, drumKeys: patchOfDrumKey)
    pool = VoicePool(
      limit: options.maximumVoices, patches: patches, lowestKey: timeline.lowestKey, sampleRate: rate,
      arena: arena)
    reverb = Reverb(
      options.reverb, amount: Float(max(0, options.reverbAmount)), sampleRate: rate, arena: arena)
    limiter = Limiter(ceiling: Self.ceiling, sampleRate: rate, arena: arena)
    gain = decibels(Float(options.gain))
    offsetShare = 2 * .pi * 5 / rate
    workspace = Workspace(arena: arena)
    voiceLeft = arena.allocate(segmentFrames, of: 0)
    voiceRight = arena.allocate(segmentFrames, of: 0)
    mixLeft = arena.allocate(segmentFrames, of: 0)
    mixRight = arena.allocate(segmentFrames, of: 0)
    send = arena.allocate(segmentFrames, of: 0)
    gainsBefore = arena.allocate(partCount, of: .init(repeating: 0))
    framesToSkip = limiter.delay
    framesAfterLastEvent = Int(Self.longestTail * Double(options.sampleRate))
    let release = Double(patches.map(\.longestRelease).max() ?? 0)
    totalSeconds =
      Double(events.last?.frame ?? 0) / Double(sampleRate) + min(release, 3)
      + (options.reverbAmount > 0 ? Double(options.reverb.decay) : 0)
    for part in 0..<partCount { parts[part].follow(share: 1) }
  }

  /// Computes the waves that the score needs.
  private static func preparePatches(
    _ timeline: Timeline, library: InstrumentLibrary, sampleRate: Float, programs: UnsafeMutablePointer<Int>,
    drumKeys: UnsafeMutablePointer<Int>
  ) -> [Patch] {
    var patches: [Patch] = []
    var places: [String: Int] = [:]
    var wavetables: [Waveform: Wavetable] = [:]
    func place(of instrument: Instrument?) -> Int {
      guard let instrument else { return -1 }
      if let place = places[instrument.name] { return place }
      patches.append(Patch(instrument, sampleRate: sampleRate, wavetables: &wavetables))
      places[instrument.name] = patches.count - 1
      return patches.count - 1
    }
    for program in timeline.programs.sorted() {
      programs[program] = place(of: library.instrument(program: program))
    }
    for key in timeline.drumKeys.sorted() { drumKeys[key] = place(of: library.instrument(drumKey: key)) }
    return patches
  }

  /// Fills `block` with the next interleaved samples.
  /// - Returns: the frames written; fewer than there is room for once the sound has ended.
  public func render(into block: inout MutableSpan<Float>) -> Int {
    block.withUnsafeMutableBufferPointer { fill($0) }
  }

  private func fill(_ output: UnsafeMutableBufferPointer<Float>) -> Int {
    let wanted = output.count / 2
    var written = 0
    while written < wanted {
      if segmentOffset == segmentCount {
        if isFinished { break }
        renderSegment()
        continue
      }
      let count = min(wanted - written, segmentCount - segmentOffset)
      for index in 0..<count {
        output[2 * (written + index)] = mixLeft[segmentOffset + index]
        output[2 * (written + index) + 1] = mixRight[segmentOffset + index]
      }
      written += count
      segmentOffset += count
    }
    return written
  }

  /// Computes up to the next event, `segmentFrames` at most, into the mix.
  private func renderSegment() {
    while nextEvent < events.count, events[nextEvent].frame <= frame {
      perform(events[nextEvent])
      nextEvent += 1
      if nextEvent == events.count { endAllNotes() }
    }
    let frames =
      nextEvent < events.count ? min(segmentFrames, events[nextEvent].frame - frame) : segmentFrames
    mixVoices(frames)
    reverb.add(send, toLeft: mixLeft, right: mixRight, frames)
    for index in 0..<frames {
      offset += (SIMD2(mixLeft[index], mixRight[index]) - offset) * offsetShare
      mixLeft[index] = (mixLeft[index] - offset.x) * gain
      mixRight[index] = (mixRight[index] - offset.y) * gain
    }
    limiter.process(left: mixLeft, right: mixRight, frames)
    frame += frames
    segmentCount = frames
    segmentOffset = min(framesToSkip, frames)
    framesToSkip -= segmentOffset
    watchForTheEnd(frames)
  }

  /// Releases all keys and pedals after the last event.
  private func endAllNotes() {
    for part in 0..<partCount {
      parts[part].liftPedal()
      pool.releaseAll(part: part, pedalIsDown: false)
    }
  }

  private func mixVoices(_ frames: Int) {
    for index in 0..<frames {
      mixLeft[index] = 0
      mixRight[index] = 0
      send[index] = 0
    }
    // Controllers are followed with a time constant of 8 ms, which is fast and makes no audible steps.
    let share = 1 - exponential(-Float(frames) / (0.008 * Float(sampleRate)))
    for part in 0..<partCount {
      gainsBefore[part] = parts[part].gains
      parts[part].follow(share: share)
    }
    for index in 0..<pool.count where pool.voices[index].isActive { mixVoice(index, frames) }
  }

  private func mixVoice(_ index: Int, _ frames: Int) {
    for frame in 0..<frames {
      voiceLeft[frame] = 0
      voiceRight[frame] = 0
    }
    let part = pool.voices[index].part
    pool.voices[index].add(
      toLeft: voiceLeft, right: voiceRight, frames, bend: parts[part].bend, wheel: parts[part].vibrato,
      workspace)
    var gains = gainsBefore[part]
    let step = (parts[part].gains - gains) / Float(frames)
    let voiceSend = pool.voices[index].reverbSend
    for frame in 0..<frames {
      gains += step
      let l = voiceLeft[frame]
      let r = voiceRight[frame]
      mixLeft[frame] += l * gains.x
      mixRight[frame] += r * gains.y
      send[frame] += (l + r) * gains.z * voiceSend
    }
  }

  private func perform(_ event: Timeline.Event) {
    let part = event.part
    switch event.action {
    case .noteOn(let note, let key, let velocity): start(note: note, key: key, velocity: velocity, part: part)
    case .noteOff(let note): pool.release(note: note, pedalIsDown: parts[part].pedalIsDown)
    case .program(let program): parts[part].program = program
    case .wheel(let value): parts[part].setWheel(value)
    case .pressure(let value): parts[part].setPressure(value)
    case .control(let controller, let value):
      switch parts[part].control(controller, value) {
      case .none: break
      case .releaseSustained: pool.releaseSustained(part: part)
      case .releaseAll: pool.releaseAll(part: part, pedalIsDown: parts[part].pedalIsDown)
      case .silence: pool.silence(part: part)
      }
    }
  }

  private func start(note: Int, key: Int, velocity: Int, part: Int) {
    let place = parts[part].isDrum ? patchOfDrumKey[key] : patchOfProgram[parts[part].program]
    guard place >= 0 else { return }
    // The controllers of a silent part take effect at once.
    if !pool.isSounding(part: part) { parts[part].follow(share: 1) }
    let patch = patches[place]
    pool.start(
      patch,
      NoteStart(
        key: key, velocity: velocity, seed: UInt64(note), pan: patch.keyPan * Float(key - 60) / 48,
        sampleRate: Float(sampleRate)),
      note: note, part: part)
  }

  /// Ends the sound when it is silent, or fades it out where it would continue too long.
  private func watchForTheEnd(_ frames: Int) {
    guard nextEvent == events.count else { return }
    let last = (events.last?.frame ?? 0) + framesAfterLastEvent
    let fade = sampleRate / 2
    if frame > last - fade {
      for index in 0..<frames {
        let left = max(0, Float(last - (frame - frames + index)) / Float(fade))
        mixLeft[index] *= left
        mixRight[index] *= left
      }
    }
    var loudest: Float = 0
    for index in 0..<frames { loudest = max(loudest, abs(mixLeft[index]), abs(mixRight[index])) }
    quietFrames = loudest < Self.silence ? quietFrames + frames : 0
    if frame >= last || (!pool.isSounding && quietFrames > sampleRate / 10) { isFinished = true }
  }
}

extension Timeline {
  /// The programs that its parts use at any time.
  var programs: Set<Int> {
    var programs = Set(parts.filter { !$0.isDrum }.map { $0.program ?? 0 })
    for case .program(let program) in events.lazy.map(\.action) { programs.insert(program) }
    return programs
  }

  /// The keys that its drums use.
  var drumKeys: Set<Int> {
    var keys: Set<Int> = []
    for event in events where parts[event.part].isDrum {
      if case .noteOn(_, let key, _) = event.action { keys.insert(key) }
    }
    return keys
  }

  /// The lowest key of all; 60 if there is none.
  var lowestKey: Int {
    events.lazy.compactMap { if case .noteOn(_, let key, _) = $0.action { key } else { nil } }.min() ?? 60
  }
}
