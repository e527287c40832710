/// An envelope of a sounding note.
struct EnvelopeGenerator {
  private enum Stage { case delay, attack, hold, decay, release, done }

  private var stage = Stage.done
  private(set) var level: Float = 0
  private var framesLeft = 0
  private var holdFrames = 0
  private var sustain: Float = 0
  private var attackFactor: Float = 0
  private var decayFactor: Float = 0
  private var releaseFactor: Float = 0
  /// The factors of a whole segment.
  private var attackSegment: Float = 0
  private var decaySegment: Float = 0
  private var releaseSegment: Float = 0

  /// An attack approaches this level exponentially, as a capacitor charges, and is cut at 1.
  private static let attackTarget: Float = 1.25
  /// Below this, −90 dB, nothing can be heard.
  private static let silence: Float = 3.2e-5

  /// Whether it is over.
  var isDone: Bool { stage == .done }
  /// Whether it can only fall, to silence.
  var isFalling: Bool {
    switch stage {
    case .release, .done: true
    case .decay: sustain == 0
    case .delay, .attack, .hold: false
    }
  }

  init() {}

  /// The beginning of a note `octaves` above middle C.
  init(_ envelope: Envelope, octaves: Float, sampleRate: Float) {
    let scale = exponential2(-envelope.keyScaling * octaves)
    sustain = envelope.sustain
    framesLeft = Int(envelope.delay * sampleRate)
    holdFrames = Int(envelope.hold * sampleRate)
    // An attack shorter than half a millisecond is heard as a click.
    let attack = max(envelope.attack, 0.0005) * sampleRate
    let logarithm = logarithm2((Self.attackTarget - 1) / Self.attackTarget)
    attackFactor = exponential2(logarithm / attack)
    attackSegment = exponential2(logarithm / attack * Float(segmentFrames))
    let decay = timeConstantsTo60Decibels / max(1, envelope.decay * scale * sampleRate)
    decayFactor = exponential(-decay)
    decaySegment = exponential(-decay * Float(segmentFrames))
    let release = timeConstantsTo60Decibels / max(1, envelope.release * scale * sampleRate)
    releaseFactor = exponential(-release)
    releaseSegment = exponential(-release * Float(segmentFrames))
    stage = framesLeft > 0 ? .delay : .attack
  }

  /// The key is released.
  mutating func release() {
    guard stage != .done else { return }
    stage = stage == .delay ? .done : .release
  }

  /// Writes the next `frames` levels.
  mutating func fill(_ output: UnsafeMutablePointer<Float>, _ frames: Int) {
    var index = 0
    while index < frames {
      switch stage {
      case .delay: fillSteady(output, &index, frames, next: .attack)
      case .attack: fillAttack(output, &index, frames)
      case .hold: fillSteady(output, &index, frames, next: .decay)
      case .decay: fillTowards(sustain, decayFactor, output, &index, frames)
      case .release: fillTowards(0, releaseFactor, output, &index, frames)
      case .done:
        while index < frames {
          output[index] = 0
          index += 1
        }
      }
    }
  }

  /// A segment in which a difference shrinks by no more than this is even: a straight line is within 0.05 dB of it.
  private static let evenFactor: Float = 0.8

  /// The levels at the ends of the next `frames`, where a straight line between them will do; otherwise nil, and nothing changes.
  mutating func ramp(_ frames: Int) -> (from: Float, to: Float)? {
    let from = level
    switch stage {
    case .done: return (0, 0)
    case .delay, .hold:
      guard framesLeft > frames else { return nil }
      framesLeft -= frames
    case .attack:
      guard attackSegment >= Self.evenFactor else { return nil }
      let factor = frames == segmentFrames ? attackSegment : power(attackFactor, Float(frames))
      let next = Self.attackTarget + (level - Self.attackTarget) * factor
      guard next < 1 else { return nil }
      level = next
    case .decay:
      guard decaySegment >= Self.evenFactor else { return nil }
      approach(sustain, frames == segmentFrames ? decaySegment : power(decayFactor, Float(frames)))
    case .release:
      guard releaseSegment >= Self.evenFactor else { return nil }
      approach(0, frames == segmentFrames ? releaseSegment : power(releaseFactor, Float(frames)))
    }
    return (from, level)
  }

  /// The level after `frames` more, for what moves only once a segment.
  mutating func skip(_ frames: Int, scratch: UnsafeMutablePointer<Float>) -> Float {
    if ramp(frames) == nil { fill(scratch, frames) }
    return level
  }

  private mutating func fillSteady(
    _ output: UnsafeMutablePointer<Float>, _ index: inout Int, _ frames: Int, next: Stage
  ) {
    let count = min(framesLeft, frames - index)
    for _ in 0..<count {
      output[index] = level
      index += 1
    }
    framesLeft -= count
    if framesLeft == 0 { stage = next }
  }

  private mutating func fillAttack(
    _ output: UnsafeMutablePointer<Float>, _ index: inout Int, _ frames: Int
  ) {
    var level = level
    while index < frames, level < 1 {
      level = Self.attackTarget + (level - Self.attackTarget) * attackFactor
      output[index] = min(level, 1)
      index += 1
    }
    self.level = min(level, 1)
    guard level >= 1 else { return }
    framesLeft = holdFrames
    stage = holdFrames > 0 ? .hold : .decay
  }

  private mutating func fillTowards(
    _ target: Float, _ factor: Float, _ output: UnsafeMutablePointer<Float>, _ index: inout Int, _ frames: Int
  ) {
    var difference = level - target
    while index < frames {
      difference *= factor
      output[index] = target + difference
      index += 1
    }
    arrive(at: target, difference)
  }

  private mutating func approach(_ target: Float, _ factor: Float) {
    arrive(at: target, (level - target) * factor)
  }

  private mutating func arrive(at target: Float, _ difference: Float) {
    // A difference that keeps shrinking would become a denormal number, which is slow.
    level = target + (abs(difference) < 1e-9 ? 0 : difference)
    if target == 0, level < Self.silence { stage = .done }
  }
}
