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

  /// An attack approaches this level exponentially, as a capacitor charges, and is cut at 1.
  private static let attackTarget: Float = 1.25
  /// Below this, −90 dB, nothing can be heard.
  private static let silence: Float = 3.2e-5

  /// Whether it is over.
  var isDone: Bool { stage == .done }

  init() {}

  /// The beginning of a note `octaves` above middle C.
  init(_ envelope: Envelope, octaves: Float, sampleRate: Float) {
    let scale = exponential2(-envelope.keyScaling * octaves)
    sustain = envelope.sustain
    framesLeft = Int(envelope.delay * sampleRate)
    holdFrames = Int(envelope.hold * sampleRate)
    // An attack shorter than half a millisecond is heard as a click.
    let attack = max(envelope.attack, 0.0005) * sampleRate
    attackFactor = power((Self.attackTarget - 1) / Self.attackTarget, 1 / attack)
    decayFactor = exponential(-timeConstantsTo60Decibels / max(1, envelope.decay * scale * sampleRate))
    releaseFactor = exponential(-timeConstantsTo60Decibels / max(1, envelope.release * scale * sampleRate))
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

  /// The level after `frames` more, for what moves only once a segment.
  mutating func skip(_ frames: Int, scratch: UnsafeMutablePointer<Float>) -> Float {
    if stage == .decay, abs(level - sustain) < 1e-4 { return level }
    fill(scratch, frames)
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
    // A difference that keeps shrinking would become a denormal number, which is slow.
    if abs(difference) < 1e-9 { difference = 0 }
    level = target + difference
    if target == 0, level < Self.silence { stage = .done }
  }
}
