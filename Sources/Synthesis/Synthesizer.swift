internal import Arithmetic
public import Audio
internal import Synchronization

/// Turns channel events into stereo samples. It knows no score: whoever has one gives its events (`ScoreRenderer`).
///
/// All memory is taken and every sound prepared when it is created; `render(into:)` and the functions that take events neither
/// allocate nor read a file. The samples depend on sounds, events and options alone, not on the size of the blocks or the
/// number of threads.
///
/// It works in quanta of up to 1,024 frames, or 64 for `isLive`. For each the events are performed first, one after the
/// other, and tell voices when to begin and end; then voices are rendered in groups of eight, by as many threads as there are;
/// then the groups are summed in their order and go through the effects. With several threads the effects of one quantum run
/// beside the voices of the next.
public final class Synthesizer: SampleSource {
  /// Frames a second.
  public let sampleRate: Int
  /// Two, left and right, interleaved; as many for each channel, if they are separated.
  public let channelCount: Int

  let arena = Arena()
  let sounds: PreparedSounds
  let channels: UnsafeMutablePointer<Channel>
  let courses: UnsafeMutablePointer<ChannelCourse>
  let channelTotal: Int
  var pool: VoicePool
  var queue: EventQueue
  var tunings: KeyTunings
  /// How many notes have begun.
  var births = 0
  /// One for all channels, or one for each.
  private let chains: UnsafeMutablePointer<MixChain>
  let busCount: Int
  private let separatesChannels: Bool
  private let longestQuantum: Int
  private let team: ThreadTeam?
  private let workspaces: UnsafeMutablePointer<Workspace>
  private let nextUnit = Atomic<Int>(0)
  /// The frame at which the next quantum begins.
  private(set) var frame = 0
  /// How far controllers move in a whole segment.
  private let segmentShare: Float

  // Two sets, so that the voices of a quantum can be rendered while the effects of the one before are.
  private let groups: UnsafeMutablePointer<Bus>
  private let mixes: UnsafeMutablePointer<Bus>
  private let groupCapacity: Int
  /// Which bus each group goes to.
  private let busOfGroup: UnsafeMutablePointer<Int>
  private let activeVoices: UnsafeMutablePointer<Int>
  private var current = Stage()
  private var pending: Stage?

  /// The quantum that was finished last: where its samples are, how many there are, and how many have been taken.
  private(set) var output = Stage()
  var outputOffset = 0
  private var framesToSkip: Int

  /// A quantum on its way through the voices and the effects.
  struct Stage: BitwiseCopyable {
    var set = 0
    var quantum = Quantum()
    var groupCount = 0
    /// How many voices are rendered.
    var voiceCount = 0
    /// Whether any voice sounds after it, and otherwise at which frame the last was over.
    var isSounding = false
    var voicesEnd = 0
    /// Whether no event comes after it.
    var isLast = false
  }

  private static let voicesPerGroup = 8

  /// The most channels that it can have.
  public static let channelLimit = 1_024

  /// Prepares sounds, and takes all memory.
  /// - Parameters:
  ///   - bank: Where the sounds are.
  ///   - channels: The channels, at most `channelLimit`; events name them by their place here.
  ///   - programs: The sounds that will be asked for beside those that the channels begin with. Others are silent.
  ///   - options: Of which `start` and `expression` are for scores and mean nothing here.
  ///   - isLive: Whether events take effect within 64 frames of where the sound is, for playing from a keyboard.
  /// - Precondition: `options.sampleRate` is 8,000...192,000, `options.maximumVoices` 1...1,024, and there are no more channels.
  public convenience init(
    bank: any SoundBank, channels: [ChannelSetup] = ChannelSetup.generalMIDI, programs: [PresetAddress] = [],
    options: RenderOptions = RenderOptions(), isLive: Bool = true
  ) {
    var usage: [PresetAddress: KeySet] = [:]
    for program in programs { usage[program] = .all }
    for channel in channels { usage[Channel(channel).address] = .all }
    self.init(
      bank: bank, channels: channels, usage: usage, options: options,
      longestQuantum: isLive ? segmentFrames : quantumFrames, eventCapacity: 4096, byteCapacity: 16_384)
  }

  /// - Parameters:
  ///   - usage: What will be asked for, and on which keys.
  ///   - eventCapacity: How many events can wait, and `byteCapacity` how many bytes of system-exclusive messages.
  init(
    bank: any SoundBank, channels setups: [ChannelSetup], usage: [PresetAddress: KeySet],
    options: RenderOptions,
    longestQuantum: Int, eventCapacity: Int, byteCapacity: Int
  ) {
    precondition(
      RenderOptions.sampleRates.contains(options.sampleRate),
      "\(options.sampleRate) Hz is outside \(RenderOptions.sampleRates)")
    precondition(
      RenderOptions.voiceCounts.contains(options.maximumVoices),
      "\(options.maximumVoices) voices are outside \(RenderOptions.voiceCounts)")
    precondition(
      setups.count <= Self.channelLimit, "\(setups.count) channels are more than \(Self.channelLimit)")
    sampleRate = options.sampleRate
    self.longestQuantum = longestQuantum
    sounds = PreparedSounds(bank, usage: usage, sampleRate: Float(sampleRate))
    channelTotal = setups.count
    channels = arena.allocate(setups.count, of: Channel(ChannelSetup()))
    for (index, setup) in setups.enumerated() {
      channels[index] = Channel(setup)
      channels[index].sound = sounds.place(of: channels[index].address)
    }
    courses = arena.allocate(
      setups.count, of: ChannelCourse(arena: arena, initial: Channel(ChannelSetup())))
    tunings = KeyTunings(options.temperament, arena: arena)
    for index in setups.indices {
      courses[index] = ChannelCourse(arena: arena, initial: channels[index])
      tunings.write(courses[index].tunings, for: channels[index])
    }
    let lowestKey = usage.values.compactMap(\.first).min() ?? 60
    pool = VoicePool(
      limit: options.maximumVoices, sounds: sounds,
      reading: SampleReading(options.interpolation),
      lowestKey: max(lowestKey, 12), sampleRate: Float(sampleRate), arena: arena)
    queue = EventQueue(arena: arena, capacity: eventCapacity, byteCapacity: byteCapacity)
    separatesChannels = options.separatesParts
    busCount = separatesChannels ? max(1, setups.count) : 1
    channelCount = 2 * busCount
    let isLimited = options.isLimited && !separatesChannels
    chains = arena.allocate(busCount, of: MixChain(options, isLimited: isLimited, arena: arena))
    for index in 1..<max(1, busCount) {
      chains[index] = MixChain(options, isLimited: isLimited, arena: arena)
    }
    framesToSkip = chains[0].delay
    let threads = max(1, options.threadCount)
    team = threads > 1 ? ThreadTeam(threadCount: threads) : nil
    workspaces = arena.allocate(threads, of: Workspace(arena: arena))
    for index in 1..<max(1, threads) { workspaces[index] = Workspace(arena: arena) }
    groupCapacity =
      (pool.count + Self.voicesPerGroup - 1) / Self.voicesPerGroup + (separatesChannels ? setups.count : 0)
    let sets = threads > 1 ? 2 : 1
    groups = arena.allocate(sets * groupCapacity, of: Bus(arena: arena))
    for index in 1..<max(1, sets * groupCapacity) { groups[index] = Bus(arena: arena) }
    busOfGroup = arena.allocate(sets * groupCapacity, of: 0)
    mixes = arena.allocate(2 * busCount, of: Bus(arena: arena))
    for index in 1..<2 * busCount { mixes[index] = Bus(arena: arena) }
    activeVoices = arena.allocate(groupCapacity * Self.voicesPerGroup, of: -1)
    segmentShare = 1 - exponential(-Float(segmentFrames) / (Self.smoothing * Float(sampleRate)))
  }

  /// Controllers are followed with this time constant in seconds, which is fast and makes no audible steps.
  private static let smoothing: Float = 0.008

  // MARK: Events

  /// Has a message performed at a frame, counted from the first that was rendered; at once, if that is past.
  /// - Returns: false if too many events are waiting; the message is lost.
  public func send(_ message: ChannelMessage, channel: Int, at frame: Int = 0) -> Bool {
    precondition((0..<channelTotal).contains(channel), "there is no channel \(channel)")
    return queue.add(TimedEvent(frame: frame, channel: channel, action: .message(message)))
  }

  /// Has a system-exclusive message performed at a frame.
  /// - Parameters:
  ///   - message: The bytes after 0xF0, with or without the final 0xF7.
  ///   - frame: When, counted from the first frame that was rendered; at once, if that is past.
  /// - Returns: false if too many events are waiting; the message is lost.
  public func send(systemExclusive message: Span<UInt8>, at frame: Int = 0) -> Bool {
    message.withUnsafeBufferPointer { queue.add(systemExclusive: $0, at: frame) }
  }

  /// How many events wait for their frame.
  package var waitingCount: Int { queue.count }

  // MARK: Sound

  /// Whether any voice, however soft, goes on after what was rendered last.
  package var hasVoices: Bool { output.isSounding }

  /// Fills `block` with the next interleaved samples. It never ends: without events it is silent.
  /// - Returns: how many frames the block has room for.
  public func render(into block: inout MutableSpan<Float>) -> Int {
    block.withUnsafeMutableBufferPointer { block in
      let wanted = block.count / channelCount
      var written = 0
      while written < wanted {
        if outputOffset == output.quantum.frames { advance() }
        written += take(into: block, from: written, upTo: wanted)
      }
      return written
    }
  }

  /// Copies what is finished to a block, from frame `written` to `wanted`.
  /// - Returns: how many frames.
  func take(into block: UnsafeMutableBufferPointer<Float>, from written: Int, upTo wanted: Int) -> Int {
    let count = min(wanted - written, output.quantum.frames - outputOffset)
    for place in 0..<busCount {
      let bus = outputBus(place)
      for index in 0..<count {
        block[channelCount * (written + index) + 2 * place] = bus.left[outputOffset + index]
        block[channelCount * (written + index) + 2 * place + 1] = bus.right[outputOffset + index]
      }
    }
    outputOffset += count
    return count
  }

  /// The samples that were finished last, of all channels or of one.
  func outputBus(_ place: Int) -> Bus { mixes[output.set * busCount + place] }

  /// Leaves out all but the first frames of what was finished last.
  func cutOutput(to frames: Int) {
    output.quantum.frames = max(outputOffset, min(frames, output.quantum.frames))
  }

  /// Finishes a quantum; `outputOffset` is then where its first frame is that is to be heard.
  /// - Parameter take: Takes what was finished before; with several threads this goes on beside the rendering.
  func advance(beside take: (() -> Void)? = nil) {
    var take = take
    if let team {
      repeat {
        let before = pending
        plan()
        renderUnits(team, before, take)
        take = nil
        noteEnds()
        pending = current
        if let before { output = before }
        if before != nil { break }
      } while true
    } else {
      take?()
      plan()
      for group in 0..<current.groupCount { render(group, workspaces[0]) }
      noteEnds()
      for place in 0..<busCount { mixDown(current, place) }
      output = current
    }
    outputOffset = min(framesToSkip, output.quantum.frames)
    framesToSkip -= outputOffset
  }

  /// Renders the voices of a quantum beside the effects of the one before and what is done with the one before that: the longest pieces of
  /// work begin first.
  private func renderUnits(_ team: ThreadTeam, _ before: Stage?, _ take: (() -> Void)?) {
    nextUnit.store(0, ordering: .relaxed)
    team.run { thread in
      while true {
        let unit = nextUnit.add(1, ordering: .relaxed).oldValue
        if unit < busCount {
          if let before { mixDown(before, unit) }
        } else if unit == busCount {
          take?()
        } else if unit <= busCount + current.groupCount {
          render(unit - busCount - 1, workspaces[thread])
        } else {
          break
        }
      }
    }
  }

  /// Performs the events of the next quantum.
  private func plan() {
    for index in 0..<channelTotal { courses[index].begin(channels[index]) }
    var end = frame + longestQuantum
    while let event = queue.next, event.frame < end {
      if event.frame > frame, needsQuantum(event) {
        end = event.frame
        break
      }
      queue.removeFirst()
      perform(event, at: max(0, event.frame - frame))
    }
    let quantum = Quantum(frames: end - frame)
    for index in 0..<channelTotal {
      courses[index].close(quantum, sampleRate: Float(sampleRate), share: share)
    }
    frame = end
    let set = team == nil ? 0 : 1 - current.set
    let (groupCount, voiceCount) = arrangeVoices(set)
    current = Stage(
      set: set, quantum: quantum, groupCount: groupCount, voiceCount: voiceCount, isLast: queue.isEmpty)
  }

  /// Puts the active voices into groups; where channels are separated, each group has voices of one alone.
  private func arrangeVoices(_ set: Int) -> (groups: Int, voices: Int) {
    var (place, voices) = (0, 0)
    for bus in 0..<busCount {
      let first = place
      for index in 0..<pool.used where pool.voices[index].isActive {
        if separatesChannels, pool.voices[index].channel != bus { continue }
        activeVoices[place] = index
        place += 1
      }
      voices += place - first
      while place % Self.voicesPerGroup != 0 {
        activeVoices[place] = -1
        place += 1
      }
      for group in first / Self.voicesPerGroup..<place / Self.voicesPerGroup {
        busOfGroup[set * groupCapacity + group] = bus
      }
    }
    return (place / Self.voicesPerGroup, voices)
  }

  /// Notes which voices have ended in the quantum that was rendered.
  private func noteEnds() {
    defer { pool.forgetEnded() }
    for place in 0..<current.groupCount * Self.voicesPerGroup where activeVoices[place] >= 0 {
      let voice = pool.voices + activeVoices[place]
      if voice.pointee.isActive { current.isSounding = true }
      current.voicesEnd = max(current.voicesEnd, voice.pointee.endFrame)
    }
  }

  private func share(_ frames: Int) -> Float {
    frames == segmentFrames
      ? segmentShare : 1 - exponential(-Float(frames) / (Self.smoothing * Float(sampleRate)))
  }

  /// Renders the voices of a group into its bus.
  private func render(_ group: Int, _ workspace: Workspace) {
    let bus = groups[current.set * groupCapacity + group]
    bus.clear(current.quantum.frames)
    let first = group * Self.voicesPerGroup
    for place in first..<first + Self.voicesPerGroup where activeVoices[place] >= 0 {
      let voice = pool.voices + activeVoices[place]
      voice.pointee.render(current.quantum, courses[voice.pointee.channel], into: bus, workspace)
    }
  }

  /// Multiplies the mix by a factor from now on, before it is limited.
  func setTrim(_ factor: Float) {
    for place in 0..<busCount { chains[place].setTrim(factor) }
  }

  /// Sums the groups of a bus in a quantum, and applies its effects.
  private func mixDown(_ stage: Stage, _ place: Int) {
    let frames = stage.quantum.frames
    let bus = mixes[stage.set * busCount + place]
    bus.clear(frames)
    let first = stage.set * groupCapacity
    for group in first..<first + stage.groupCount where busOfGroup[group] == place {
      bus.add(groups[group], frames, workspaces[0].kernels)
    }
    chains[place].process(bus, frames)
  }
}
