internal import Arithmetic

/// Measures how loud a sound is to a listener, as it arrives: the integrated loudness of ITU-R BS.1770-4 and EBU R 128,
/// in LUFS.
///
/// Power after K-weighting is taken over blocks of 400 ms, a new one every 100 ms. Blocks below −70 LUFS do not count,
/// nor do those more than 10 LU below the mean of the rest. However the samples are cut into portions, the loudness is
/// the same, and memory does not grow with the sound.
///
///     let meter = LoudnessMeter(sampleRate: 48_000, channelCount: 2)
///     for portion in portions { meter.append(portion) }
///     if let loudness = meter.integratedLoudness { print("\(loudness) LUFS") }
public final class LoudnessMeter {
  /// Frames per second, in Hz.
  public let sampleRate: Int
  /// Samples in a frame.
  public let channelCount: Int

  private let weighting: KWeighting
  /// The weight of each channel's power.
  private let channelWeights: AlignedBuffer<Double>
  private let channels: UnsafeMutableBufferPointer<Channel>
  private var gate = LoudnessGate()

  /// How many frames were measured, how many steps (quarters of a block) are complete, and where the current one ends.
  private var frameCount = 0
  private var stepCount = 0
  private var stepEnd: Int
  /// The weighted sums of squares of the last four steps, in turn.
  private var stepSums = SIMD4<Double>()

  /// A channel's state: that of its filters, and the sum of squares of the current step.
  private struct Channel {
    var shelf = Biquad.Memory()
    var highPass = Biquad.Memory()
    var sum = 0.0
  }

  /// How many steps there are in a second; a block lasts four of them.
  private static let stepsPerSecond = 10

  /// A meter before the first sample.
  ///
  /// The channels of a file of four and more are taken in the order of WAVE_FORMAT_EXTENSIBLE: the surround channels
  /// are weighted by 1.41, and the fourth of six channels, low-frequency effects, does not count.
  /// - Parameters:
  ///   - sampleRate: frames per second, in Hz.
  ///   - channelCount: samples in a frame.
  public init(sampleRate: Int, channelCount: Int) {
    precondition(sampleRate > 0, "a sample rate of \(sampleRate) Hz")
    precondition(channelCount > 0, "a sound of \(channelCount) channels")
    self.sampleRate = sampleRate
    self.channelCount = channelCount
    weighting = KWeighting(sampleRate: sampleRate)
    channelWeights = AlignedBuffer(Self.channelWeights(channelCount))
    channels = .allocate(capacity: channelCount)
    channels.initialize(repeating: Channel())
    stepEnd = Self.end(ofStep: 0, sampleRate: sampleRate)
  }

  deinit { channels.deallocate() }

  /// Takes more interleaved samples, whole frames, full scale at ±1. Samples that are not finite count as silence.
  public func append(_ samples: Span<Float>) {
    precondition(
      samples.count.isMultiple(of: channelCount),
      "\(samples.count) samples do not fill frames of \(channelCount) channels")
    var rest = samples
    while !rest.isEmpty {
      let count = min(stepEnd - frameCount, rest.count / channelCount)
      rest.extracting(first: count * channelCount).withUnsafeBufferPointer {
        addPower(of: $0, frameCount: count)
      }
      rest = rest.extracting(droppingFirst: count * channelCount)
      frameCount += count
      if frameCount == stepEnd { endStep() }
    }
  }

  /// The integrated loudness of all samples so far, in LUFS; nil if no block of 400 ms lies above −70 LUFS.
  public var integratedLoudness: Double? { gate.integratedLoudness }

  /// The integrated loudness of `buffer`, in LUFS; nil if no block of 400 ms lies above −70 LUFS.
  public static func integratedLoudness(of buffer: AudioBuffer) -> Double? {
    let meter = LoudnessMeter(sampleRate: buffer.sampleRate, channelCount: buffer.channelCount)
    meter.append(buffer.samples.span)
    return meter.integratedLoudness
  }

  private func addPower(of samples: UnsafeBufferPointer<Float>, frameCount: Int) {
    if channelCount == 2 { return addStereoPower(of: samples, frameCount: frameCount) }
    let (shelf, highPass) = (weighting.shelf, weighting.highPass)
    for index in 0..<channelCount {
      var channel = channels[index]
      for frame in 0..<frameCount {
        let sample = samples[frame * channelCount + index]
        let shelved = shelf.next(sample.isFinite ? Double(sample) : 0, &channel.shelf)
        let weighted = highPass.next(shelved, &channel.highPass)
        channel.sum += weighted * weighted
      }
      channels[index] = channel
    }
  }

  /// The same for two channels side by side, which takes half the time.
  private func addStereoPower(of samples: UnsafeBufferPointer<Float>, frameCount: Int) {
    let (shelf, highPass) = (weighting.shelf, weighting.highPass)
    var (left, right) = (channels[0], channels[1])
    var s1 = SIMD2(left.shelf.first, right.shelf.first)
    var s2 = SIMD2(left.shelf.second, right.shelf.second)
    var h1 = SIMD2(left.highPass.first, right.highPass.first)
    var h2 = SIMD2(left.highPass.second, right.highPass.second)
    var sum = SIMD2(left.sum, right.sum)
    for frame in 0..<frameCount {
      let (l, r) = (samples[2 * frame], samples[2 * frame + 1])
      let x = SIMD2(l.isFinite ? Double(l) : 0, r.isFinite ? Double(r) : 0)
      let y = shelf.b0 * x + s1
      s1 = shelf.b1 * x - shelf.a1 * y + s2
      s2 = shelf.b2 * x - shelf.a2 * y
      let z = highPass.b0 * y + h1
      h1 = highPass.b1 * y - highPass.a1 * z + h2
      h2 = highPass.b2 * y - highPass.a2 * z
      sum += z * z
    }
    left.shelf = .init(first: s1.x, second: s2.x)
    right.shelf = .init(first: s1.y, second: s2.y)
    left.highPass = .init(first: h1.x, second: h2.x)
    right.highPass = .init(first: h1.y, second: h2.y)
    (left.sum, right.sum) = (sum.x, sum.y)
    (channels[0], channels[1]) = (left, right)
  }

  /// Adds a block to the gate at the end of a step, which is also the end of a block.
  private func endStep() {
    var sum = 0.0
    for index in 0..<channelCount {
      sum += channelWeights[index] * channels[index].sum
      channels[index].sum = 0
      channels[index].shelf.flush()
      channels[index].highPass.flush()
    }
    stepSums[stepCount % 4] = sum
    stepCount += 1
    if stepCount >= 4 {
      let start = Self.end(ofStep: stepCount - 5, sampleRate: sampleRate)
      gate.add(blockPower: stepSums.sum() / Double(stepEnd - start))
    }
    stepEnd = Self.end(ofStep: stepCount, sampleRate: sampleRate)
  }

  /// The number of the first frame after step `index`; the sound begins where step −1 ends.
  private static func end(ofStep index: Int, sampleRate: Int) -> Int {
    // A step has a frame at least, however few there are in a second.
    max(sampleRate * (index + 1) / stepsPerSecond, sampleRate < stepsPerSecond ? index + 1 : 0)
  }

  private static func channelWeights(_ count: Int) -> [Double] {
    switch count {
    case 4: [1, 1, 1.41, 1.41]
    case 5: [1, 1, 1, 1.41, 1.41]
    case 6: [1, 1, 1, 0, 1.41, 1.41]
    default: [Double](repeating: 1, count: count)
    }
  }
}
