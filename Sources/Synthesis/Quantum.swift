/// The longest stretch of sound that is computed at once, in frames. Which voice is stolen is decided at its beginning.
let quantumFrames = 1024

/// The longest stretch within a quantum for which controllers stand still, in frames: modulation moves at least this often.
let segmentFrames = 64

/// A stretch of sound that is computed at once, and how it is divided: in segments of `segmentFrames`, the last of which may
/// be shorter. Quanta follow from the events alone, so that the samples depend neither on blocks nor on threads.
struct Quantum: BitwiseCopyable {
  var frames = 0

  static let longestSegmentCount = (quantumFrames + segmentFrames - 1) / segmentFrames

  var segmentCount: Int { (frames + segmentFrames - 1) / segmentFrames }

  /// The segment that a frame is in.
  func segment(of frame: Int) -> Int { min(frame / segmentFrames, segmentCount - 1) }

  /// The frame at which a segment ends.
  func end(ofSegment segment: Int) -> Int { min((segment + 1) * segmentFrames, frames) }
}

/// How a channel's state goes during a quantum: the state of each segment, and the gains at its ends.
struct ChannelCourse: BitwiseCopyable {
  private let states: UnsafeMutablePointer<Channel>
  private let stateOfSegment: UnsafeMutablePointer<Int>
  /// The gains of built-in instruments at the beginning of each segment and, last, at the end of the quantum.
  let gains: UnsafeMutablePointer<SIMD4<Float>>
  /// The gains at the end of the quantum that was closed last, where the next one begins.
  private var lastGains: SIMD4<Float>
  /// What NRPNs add to the generators of SoundFonts (SoundFont 2.04, §9.6), by generator; and what they put in their place, or
  /// no number.
  let generatorOffsets: UnsafeMutablePointer<Float>
  let generatorReplacements: UnsafeMutablePointer<Float>
  /// How often they were changed; 0 if never.
  var generatorRevision = 0
  /// How the rotary speaker stands at the beginning of each segment and, last, at the end of the quantum.
  let speakers: UnsafeMutablePointer<RotarySpeaker>
  private var lastSpeaker = RotarySpeaker()
  /// Semitones that each key is tuned by.
  let tunings: UnsafeMutablePointer<Float>
  /// How many states the quantum has so far; the first is there before the first quantum begins.
  private var stateCount = 1
  /// The first segment that the latest state holds for.
  private var lastSegment = 0
  /// The segment from whose beginning controllers take effect at once, since nothing sounds before it; −1 for none.
  private var jumpSegment = -1

  init(arena: Arena, initial: Channel) {
    states = arena.allocate(Quantum.longestSegmentCount, of: initial)
    stateOfSegment = arena.allocate(Quantum.longestSegmentCount, of: 0)
    gains = arena.allocate(Quantum.longestSegmentCount + 1, of: initial.gains)
    lastGains = initial.gains
    generatorOffsets = arena.allocate(60, of: 0)
    generatorReplacements = arena.allocate(60, of: .nan)
    tunings = arena.allocate(128, of: 0)
    speakers = arena.allocate(Quantum.longestSegmentCount + 1, of: RotarySpeaker())
  }

  /// Changes a generator of the channel's SoundFont sounds.
  mutating func take(_ change: GeneratorChange) {
    guard (0..<60).contains(change.generator) else { return }
    if change.isAbsolute {
      generatorReplacements[change.generator] = change.value
    } else {
      generatorOffsets[change.generator] = change.value
    }
    generatorRevision += 1
  }

  /// Takes all changes of generators back.
  mutating func resetGenerators() {
    guard generatorRevision > 0 else { return }
    generatorOffsets.update(repeating: 0, count: 60)
    generatorReplacements.update(repeating: .nan, count: 60)
    generatorRevision += 1
  }

  mutating func begin(_ state: Channel) {
    states[0] = state
    stateCount = 1
    lastSegment = 0
    jumpSegment = -1
  }

  /// From `segment` on the channel is in this state.
  mutating func change(to state: Channel, segment: Int) {
    if segment > lastSegment {
      for index in lastSegment..<segment { stateOfSegment[index] = stateCount - 1 }
      lastSegment = segment
      stateCount += 1
    }
    states[stateCount - 1] = state
  }

  /// Nothing sounds before `segment`.
  mutating func jump(segment: Int) { if jumpSegment < 0 { jumpSegment = segment } }

  /// Ends the quantum: knows the state of every segment, and moves the gains.
  /// - Parameters:
  ///   - sampleRate: Frames a second.
  ///   - share: How far the gains move in a segment towards what the controllers ask for.
  mutating func close(_ quantum: Quantum, sampleRate: Float, share: (_ frames: Int) -> Float) {
    for index in lastSegment..<max(lastSegment, quantum.segmentCount) {
      stateOfSegment[index] = stateCount - 1
    }
    var known = -1
    var target = SIMD4<Float>(repeating: 0)
    var current = lastGains
    var start = 0
    for segment in 0..<quantum.segmentCount {
      if stateOfSegment[segment] != known {
        known = stateOfSegment[segment]
        target = states[known].gains
      }
      if segment == jumpSegment { current = target }
      gains[segment] = current
      let end = quantum.end(ofSegment: segment)
      if current != target { current += (target - current) * share(end - start) }
      speakers[segment] = lastSpeaker
      lastSpeaker.turn(Float(end - start) / sampleRate, isFast: states[known].controller(1) >= 64)
      start = end
    }
    gains[quantum.segmentCount] = current
    speakers[quantum.segmentCount] = lastSpeaker
    lastGains = current
  }

  /// The frame at which another state than that of a segment begins, or the quantum ends.
  @inline(__always)
  func end(ofStateAt segment: Int, _ quantum: Quantum) -> Int {
    var next = segment + 1
    while next < quantum.segmentCount, stateOfSegment[next] == stateOfSegment[segment] { next += 1 }
    return quantum.end(ofSegment: next - 1)
  }

  /// The state during a segment.
  @inline(__always)
  func state(ofSegment segment: Int) -> UnsafePointer<Channel> {
    UnsafePointer(states + stateOfSegment[segment])
  }
}
