internal import Audio

/// Brings a mix that is heard while it comes to be to the loudness of a rendering (`Mastering`), under its ceiling.
///
/// The loudness of the last half minute to minute (ITU-R BS.1770-4, with its gates) is measured, and what a limiter would have to do
/// (`MixMeter`). Every half second the gain moves towards what these ask for, by a quarter of a decibel up or one down at most, so that nobody
/// hears it move. The samples do not depend on the size of the blocks.
package final class LiveLeveler {
  /// Frames by which the output lags the input.
  package let delay: Int
  /// The gain now, in decibels.
  package private(set) var gain: Double

  private let arena = Arena()
  private let sampleRate: Int
  private let target: Double?
  private let extra: Double
  /// A factor on top that may change while it sounds, and where it is going.
  private var trim: Float = 1
  private var wantedTrim: Float = 1
  private var limiter: Limiter
  private let left: UnsafeMutablePointer<Float>
  private let right: UnsafeMutablePointer<Float>
  /// What is being measured, for how long already: the older one counts.
  private var older: MixMeter
  private var newer: MixMeter
  private let stepFrames: Int
  private var frame = 0
  /// The factor of the next frame, and by how much it grows with each.
  private var factor: Float
  private var growth: Float = 0

  private static let blockFrames = 256
  /// After this many steps of half a second a new measurement begins.
  private static let stepsPerMeter = 60
  /// The sound of as many steps says nothing yet.
  private static let firstSteps = 4
  /// How far the gain moves in a step, in decibels.
  private static let rise = 0.25, fall = 1.0

  /// - Parameters:
  ///   - level: What it is brought to; `.asMixed` leaves the gain at `initialGain`.
  ///   - initialGain: The gain in decibels that it begins with, an estimate (`Mastering.estimatedGain`).
  ///   - extraGain: Decibels on top.
  ///   - lookAhead: How far the limiter looks ahead, in seconds; as long is the delay.
  package init(
    sampleRate: Int, level: LevelTarget = .measured, initialGain: Double = 0, extraGain: Double = 0,
    lookAhead: Double = 0.005
  ) {
    self.sampleRate = sampleRate
    switch level {
    case .asMixed: target = nil
    case .measured: target = Mastering.usualLoudness
    case .loudness(let loudness): target = loudness
    }
    extra = extraGain
    gain = initialGain
    factor = decibels(Float(initialGain + extraGain))
    limiter = Limiter(
      ceiling: decibels(Float(Mastering.ceiling)), lookAhead: Float(lookAhead), sampleRate: Float(sampleRate),
      arena: arena)
    delay = limiter.delay
    left = arena.allocate(Self.blockFrames, of: 0)
    right = arena.allocate(Self.blockFrames, of: 0)
    stepFrames = max(1, sampleRate / 2)
    older = Self.makeMeter(sampleRate)
    newer = Self.makeMeter(sampleRate)
  }

  private static func makeMeter(_ sampleRate: Int) -> MixMeter {
    MixMeter(sampleRate: sampleRate, ceiling: decibels(Float(Mastering.ceiling)))
  }

  /// Sets the gain at once, before the first sound.
  package func begin(withGain gain: Double) {
    self.gain = gain
    factor = decibels(Float(gain + extra))
    growth = 0
  }

  /// Makes all louder or softer from now on, within some milliseconds; the measured loudness is not changed by it.
  /// - Parameter decibels: How much, on top of the extra gain that it was made with.
  package func setTrim(_ decibels: Double) { wantedTrim = Synthesis.decibels(Float(decibels)) }

  /// Moves a factor towards the wanted one, as far as it goes in a frame.
  private func stepTrim() {
    trim += (wantedTrim - trim) * (200 / Float(sampleRate))
    if abs(wantedTrim - trim) < 1e-4 * wantedTrim { trim = wantedTrim }
  }

  /// Levels interleaved stereo samples in place; what comes out lags by `delay` frames.
  package func process(_ samples: UnsafeMutableBufferPointer<Float>) {
    let frames = samples.count / 2
    var done = 0
    while done < frames {
      let count = min(frames - done, Self.blockFrames, stepFrames - frame % stepFrames)
      let part = UnsafeMutableBufferPointer(rebasing: samples[2 * done..<2 * (done + count)])
      if target != nil {
        let span = UnsafeBufferPointer(part).span
        older.append(span)
        newer.append(span)
      }
      for index in 0..<count {
        left[index] = part[2 * index] * (factor * trim)
        right[index] = part[2 * index + 1] * (factor * trim)
        factor += growth
        if trim != wantedTrim { stepTrim() }
      }
      limiter.process(left: left, right: right, count)
      for index in 0..<count {
        part[2 * index] = left[index]
        part[2 * index + 1] = right[index]
      }
      done += count
      frame += count
      if frame % stepFrames == 0 { endStep(frame / stepFrames) }
    }
  }

  /// Chooses where the gain goes in the next step.
  private func endStep(_ step: Int) {
    factor = decibels(Float(gain + extra))
    growth = 0
    defer {
      if step % Self.stepsPerMeter == 0 { (older, newer) = (newer, Self.makeMeter(sampleRate)) }
    }
    guard let target, step >= Self.firstSteps, let measured = older.integratedLoudness else { return }
    var wanted = target - measured
    if target == Mastering.usualLoudness {
      wanted = min(wanted, older.gain(limitingFor: Mastering.strongShare))
    }
    wanted = min(max(wanted, Mastering.gains.lowerBound), Mastering.gains.upperBound)
    gain = min(max(wanted, gain - Self.fall), gain + Self.rise)
    growth = (decibels(Float(gain + extra)) - factor) / Float(stepFrames)
  }
}
