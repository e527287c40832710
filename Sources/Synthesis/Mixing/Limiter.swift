internal import Audio

/// Limits a stereo sound to a ceiling by reducing the gain before a peak.
///
/// The gain that each frame needs is held back over the look-ahead (a sliding minimum), recovers slowly, and is
/// averaged over the look-ahead: an average of values none of which is above what the peak needs is not above it
/// either, and moves without corners that could be heard. Peaks are those of the samples or, where that is asked for, those that
/// a converter makes of them (ITU-R BS.1770-4, annex 2).
struct Limiter {
  /// What the limiter has done.
  struct Statistics: Hashable {
    /// How many frames came out.
    var frames = 0
    /// At how many of them the gain was reduced by more than 3 dB.
    var strongFrames = 0
    /// The least gain, as a factor.
    var leastGain: Float = 1
  }

  /// Frames by which the output lags the input.
  let delay: Int
  private(set) var statistics = Statistics()

  private let ceiling: Float
  private let recovery: Float
  private let findsTruePeaks: Bool
  /// How long the look-ahead is, in frames.
  private let window: Int
  private let left: UnsafeMutablePointer<Float>
  private let right: UnsafeMutablePointer<Float>
  private var audioPosition = 0
  private let held: UnsafeMutablePointer<Float>
  private var position = 0
  /// A queue of gains that rise from its front, with the frames they belong to: its front is the window's least.
  private let queueGains: UnsafeMutablePointer<Float>
  private let queueFrames: UnsafeMutablePointer<Int>
  private var queueStart = 0
  private var queueCount = 0
  private var frame = 0
  private var smoothed: Float = 1
  private var sum: Double
  /// For how many frames nothing was reduced.
  private var idleFrames: Int
  /// The last samples of each side, and those of a block.
  private let recentLeft: UnsafeMutablePointer<Float>
  private let recentRight: UnsafeMutablePointer<Float>
  /// The peak at each frame of a block.
  private let peaks: UnsafeMutablePointer<Float>
  private let taps: UnsafeMutablePointer<Float>

  private static let blockFrames = 64
  private static let history = TruePeakFilter.length - 1
  /// How late the interpolating filter finds a peak, in frames.
  private static let lateness = TruePeakFilter.length / 2
  /// −3 dB.
  private static let strongGain: Float = 0.707_945_8

  /// - Parameters:
  ///   - ceiling: The largest amplitude of the output.
  ///   - findsTruePeaks: Whether peaks between samples count. The gain moves between them, so that they may pass the ceiling by
  ///     some hundredths of a decibel.
  ///   - lookAhead: In seconds.
  ///   - release: Seconds in which the gain recovers 63 % of the way.
  init(
    ceiling: Float, findsTruePeaks: Bool = false, lookAhead: Float = 0.005, release: Float = 0.12,
    sampleRate: Float, arena: Arena
  ) {
    window = max(4, Int(lookAhead * sampleRate))
    delay = window + Self.lateness
    self.ceiling = ceiling
    self.findsTruePeaks = findsTruePeaks
    recovery = 1 - exponential(-1 / (release * sampleRate))
    left = arena.allocate(delay, of: 0)
    right = arena.allocate(delay, of: 0)
    held = arena.allocate(window, of: 1)
    queueGains = arena.allocate(window + 1, of: 1)
    queueFrames = arena.allocate(window + 1, of: 0)
    sum = Double(window)
    idleFrames = window + 1
    recentLeft = arena.allocate(Self.history + Self.blockFrames + 4, of: 0)
    recentRight = arena.allocate(Self.history + Self.blockFrames + 4, of: 0)
    peaks = arena.allocate(Self.blockFrames, of: 0)
    taps = arena.allocate(TruePeakFilter.coefficients.count, of: 0)
    for (index, tap) in TruePeakFilter.coefficients.enumerated() { taps[index] = tap }
  }

  /// Limits `frames` frames in place; the output is delayed by `delay` frames.
  mutating func process(
    left samplesLeft: UnsafeMutablePointer<Float>, right samplesRight: UnsafeMutablePointer<Float>,
    _ frames: Int
  ) {
    var start = 0
    while start < frames {
      let count = min(Self.blockFrames, frames - start)
      processBlock(samplesLeft + start, samplesRight + start, count)
      start += count
    }
  }

  private mutating func processBlock(
    _ samplesLeft: UnsafeMutablePointer<Float>, _ samplesRight: UnsafeMutablePointer<Float>, _ frames: Int
  ) {
    let loudest = findPeaks(samplesLeft, samplesRight, frames)
    statistics.frames += frames
    if loudest <= ceiling, idleFrames > window {
      for index in 0..<frames { _ = exchange(samplesLeft, samplesRight, index) }
      idleFrames += frames
      return
    }
    if idleFrames > window { forgetHistory() }
    for index in 0..<frames {
      let peak = peaks[index]
      let least = windowMinimum(adding: peak > ceiling ? ceiling / peak : 1)
      let recovered = smoothed + (1 - smoothed) * recovery
      // The last 0.002 dB would take forever.
      smoothed = min(least, recovered > 0.9998 ? 1 : recovered)
      idleFrames = smoothed < 1 ? 0 : idleFrames + 1
      sum += Double(smoothed) - Double(held[position])
      held[position] = smoothed
      position = position &+ 1 == window ? 0 : position &+ 1
      let gain = Float(sum / Double(window))
      let old = exchange(samplesLeft, samplesRight, index)
      if gain < Self.strongGain { statistics.strongFrames += 1 }
      statistics.leastGain = min(statistics.leastGain, gain)
      // Rounding could leave a peak slightly above; nothing audible is clipped here.
      samplesLeft[index] = min(max(old.x * gain, -ceiling), ceiling)
      samplesRight[index] = min(max(old.y * gain, -ceiling), ceiling)
    }
  }

  /// Puts a frame into the delay, and what comes out of it in its place.
  @inline(__always)
  private mutating func exchange(
    _ samplesLeft: UnsafeMutablePointer<Float>, _ samplesRight: UnsafeMutablePointer<Float>, _ index: Int
  ) -> SIMD2<Float> {
    let old = SIMD2(left[audioPosition], right[audioPosition])
    left[audioPosition] = samplesLeft[index]
    right[audioPosition] = samplesRight[index]
    audioPosition = audioPosition &+ 1 == delay ? 0 : audioPosition &+ 1
    samplesLeft[index] = old.x
    samplesRight[index] = old.y
    return old
  }

  /// Begins anew after a time in which nothing was reduced.
  private mutating func forgetHistory() {
    sum = Double(window)
    smoothed = 1
    queueCount = 0
    queueStart = 0
  }

  /// The peak at each frame of a block, the louder side's.
  /// - Returns: the largest of them.
  private func findPeaks(
    _ samplesLeft: UnsafePointer<Float>, _ samplesRight: UnsafePointer<Float>, _ frames: Int
  ) -> Float {
    var loudest: Float = 0
    for index in 0..<frames {
      let peak = max(abs(samplesLeft[index]), abs(samplesRight[index]))
      peaks[index] = peak
      loudest = max(loudest, peak)
    }
    guard findsTruePeaks else { return loudest }
    (recentLeft + Self.history).update(from: samplesLeft, count: frames)
    (recentRight + Self.history).update(from: samplesRight, count: frames)
    var before: Float = 0
    for index in 0..<Self.history { before = max(before, abs(recentLeft[index]), abs(recentRight[index])) }
    if max(loudest, before) * TruePeakFilter.greatestGain > ceiling {
      interpolatePeaks(recentLeft, frames)
      interpolatePeaks(recentRight, frames)
      for index in 0..<frames { loudest = max(loudest, peaks[index]) }
    }
    recentLeft.update(from: recentLeft + frames, count: Self.history)
    recentRight.update(from: recentRight + frames, count: Self.history)
    return loudest
  }

  /// Raises the peaks of a block to what lies between the samples, four frames at once.
  private func interpolatePeaks(_ samples: UnsafePointer<Float>, _ frames: Int) {
    var start = 0
    while start < frames {
      var most = SIMD4<Float>(repeating: 0)
      for phase in 0..<4 {
        var value = SIMD4<Float>(repeating: 0)
        for tap in 0..<TruePeakFilter.length {
          value += load4(samples, start + tap) * taps[phase * TruePeakFilter.length + tap]
        }
        most = pointwiseMax(most, pointwiseMax(value, -value))
      }
      for lane in 0..<min(4, frames - start) { peaks[start + lane] = max(peaks[start + lane], most[lane]) }
      start += 4
    }
  }

  /// The least gain of the last `window` + 1 frames.
  @inline(__always)
  private mutating func windowMinimum(adding gain: Float) -> Float {
    let capacity = window + 1
    if queueCount > 0, queueFrames[queueStart] < frame - window {
      queueStart = queueStart &+ 1 == capacity ? 0 : queueStart &+ 1
      queueCount -= 1
    }
    while queueCount > 0 {
      var last = queueStart &+ queueCount &- 1
      if last >= capacity { last -= capacity }
      guard queueGains[last] >= gain else { break }
      queueCount -= 1
    }
    var end = queueStart &+ queueCount
    if end >= capacity { end -= capacity }
    queueGains[end] = gain
    queueFrames[end] = frame
    queueCount += 1
    frame += 1
    return queueGains[queueStart]
  }
}
