/// The times of a SoundFont envelope, in frames.
struct EnvelopeTimes: BitwiseCopyable {
  var delay: Int
  var attack: Int
  var hold: Int
  /// From the peak to nothing: 96 dB or 100 %.
  var decay: Float
}

/// An envelope in stages (SoundFont 2.04, §9.1.7): linear in what it changes, but for the attack, whose shape its owner knows.
struct RegionEnvelope: BitwiseCopyable {
  enum Stage: BitwiseCopyable { case delay, attack, hold, decay, sustain, release, done }

  private(set) var stage = Stage.done
  /// In the attack the part of its way that is done; otherwise the level, 1 at the peak.
  private(set) var value: Float = 0
  private var framesLeft = 0
  private var times = EnvelopeTimes(delay: 0, attack: 0, hold: 0, decay: 0)
  private var releaseFrames: Float = 0
  private var sustain: Float = 0

  init() {}

  init(_ times: EnvelopeTimes, sustain: Float) {
    self.times = times
    self.sustain = sustain
    framesLeft = times.delay
    stage = .delay
    settle()
  }

  /// How many frames until its course has a corner.
  var framesToCorner: Int {
    switch stage {
    case .delay, .attack, .hold: framesLeft
    default: Int.max
    }
  }

  /// Whether its value changes.
  var isMoving: Bool {
    switch stage {
    case .attack, .decay, .release: true
    case .delay, .hold, .sustain, .done: false
    }
  }

  /// For how many frames a level in decibels can be replaced by an amplitude that moves evenly: for 1 dB, of which the amplitude in the
  /// middle is 0.02 dB off.
  var evenFrames: Int {
    switch stage {
    case .decay: Int(times.decay / 96)
    case .release: Int(releaseFrames / 96)
    default: Int.max
    }
  }

  /// Goes on by `frames`, at most as many as there are to the corner.
  mutating func advance(_ frames: Int) {
    switch stage {
    case .delay, .hold:
      framesLeft -= frames
      settle()
    case .attack:
      framesLeft -= frames
      value = 1 - Float(framesLeft) / Float(max(1, times.attack))
      settle()
    case .decay:
      value -= Float(frames) / max(1, times.decay)
      if value <= sustain {
        value = sustain
        stage = .sustain
      }
    case .release:
      value -= Float(frames) / max(1, releaseFrames)
      if value <= 0 {
        value = 0
        stage = .done
      }
    case .sustain, .done: break
    }
  }

  /// Enters the stage that follows where one is over.
  private mutating func settle() {
    while framesLeft <= 0 {
      switch stage {
      case .delay:
        stage = .attack
        framesLeft = times.attack
        value = 0
      case .attack:
        stage = .hold
        framesLeft = times.hold
        value = 1
      case .hold:
        stage = sustain < 1 ? .decay : .sustain
        return
      default: return
      }
    }
  }

  /// The key is released; the release begins at `level`.
  mutating func release(from level: Float, frames: Float) {
    guard stage != .done else { return }
    releaseFrames = frames
    value = level
    stage = level > 0 ? .release : .done
  }
}

/// A triangle wave that begins at 0 after a delay and rises first (SoundFont 2.04, §9.1.6).
struct TriangleOscillator: BitwiseCopyable {
  private var delay = 0
  /// In turns.
  private var phase: Float = 0

  init(delay: Int = 0) { self.delay = delay }

  /// For how many frames it waits.
  var framesToStart: Int { delay }

  /// Between −1 and 1.
  var value: Float {
    let place = phase < 0.75 ? phase : phase - 1
    return place <= 0.25 ? 4 * place : 2 - 4 * place
  }

  mutating func advance(_ frames: Int, cyclesPerSample: Float) {
    let waited = min(delay, frames)
    delay -= waited
    phase += Float(frames - waited) * cyclesPerSample
    phase -= phase.rounded(.down)
  }
}
