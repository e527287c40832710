/// Limits every sample to a ceiling by reducing the gain before a peak.
///
/// The gain that each frame needs is held back over the look-ahead (a sliding minimum), recovers slowly, and is
/// averaged over the look-ahead: an average of values none of which is above what the peak needs is not above it
/// either, and moves without corners that could be heard.
struct Limiter {
  /// Frames by which the output lags the input.
  let delay: Int
  private let ceiling: Float
  private let recovery: Float
  private let left: UnsafeMutablePointer<Float>
  private let right: UnsafeMutablePointer<Float>
  private let held: UnsafeMutablePointer<Float>
  /// A queue of gains that rise from its front, with the frames they belong to: its front is the window's least.
  private let queueGains: UnsafeMutablePointer<Float>
  private let queueFrames: UnsafeMutablePointer<Int>
  private var queueStart = 0
  private var queueCount = 0
  private var frame = 0
  private var position = 0
  private var smoothed: Float = 1
  private var sum: Double

  /// - Parameters:
  ///   - ceiling: The largest amplitude of the output.
  ///   - lookAhead: In seconds.
  ///   - release: Seconds in which the gain recovers 63 % of the way.
  init(ceiling: Float, lookAhead: Float = 0.005, release: Float = 0.12, sampleRate: Float, arena: Arena) {
    delay = max(4, Int(lookAhead * sampleRate))
    self.ceiling = ceiling
    recovery = 1 - exponential(-1 / (release * sampleRate))
    left = arena.allocate(delay, of: 0)
    right = arena.allocate(delay, of: 0)
    held = arena.allocate(delay, of: 1)
    queueGains = arena.allocate(delay + 1, of: 1)
    queueFrames = arena.allocate(delay + 1, of: 0)
    sum = Double(delay)
  }

  /// Limits `frames` frames in place; the output is delayed by `delay` frames.
  mutating func process(
    left samplesLeft: UnsafeMutablePointer<Float>, right samplesRight: UnsafeMutablePointer<Float>,
    _ frames: Int
  ) {
    for index in 0..<frames {
      let peak = max(abs(samplesLeft[index]), abs(samplesRight[index]))
      let least = windowMinimum(adding: peak > ceiling ? ceiling / peak : 1)
      smoothed = min(least, smoothed + (1 - smoothed) * recovery)
      sum += Double(smoothed) - Double(held[position])
      held[position] = smoothed
      let gain = Float(sum / Double(delay))
      let outLeft = left[position] * gain
      let outRight = right[position] * gain
      left[position] = samplesLeft[index]
      right[position] = samplesRight[index]
      position = position &+ 1 == delay ? 0 : position &+ 1
      // Rounding could leave a peak slightly above; nothing audible is clipped here.
      samplesLeft[index] = min(max(outLeft, -ceiling), ceiling)
      samplesRight[index] = min(max(outRight, -ceiling), ceiling)
    }
  }

  /// The least gain of the last `delay` + 1 frames.
  @inline(__always)
  private mutating func windowMinimum(adding gain: Float) -> Float {
    let capacity = delay + 1
    if queueCount > 0, queueFrames[queueStart] < frame - delay {
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
