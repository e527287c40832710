internal import Arithmetic

/// The interpolating filter of ITU-R BS.1770-4, annex 2: four phases of twelve coefficients, which give the samples of
/// a signal at four times its rate.
package enum TruePeakFilter {
  /// How many samples a phase is a sum of.
  package static let length = 12

  /// The coefficients of the first two phases; those of the third and fourth are the same backwards.
  private static let first: [Float] = [
    0.0017089843750, 0.0109863281250, -0.0196533203125, 0.0332031250000, -0.0594482421875, 0.1373291015625,
    0.9721679687500, -0.1022949218750, 0.0476074218750, -0.0266113281250, 0.0148925781250, -0.0083007812500,
  ]
  private static let second: [Float] = [
    -0.0291748046875, 0.0292968750000, -0.0517578125000, 0.0891113281250, -0.1665039062500, 0.4650878906250,
    0.7797851562500, -0.2003173828125, 0.1015625000000, -0.0582275390625, 0.0330810546875, -0.0189208984375,
  ]

  /// The coefficients of the four phases, one after the other, each from the oldest sample to the newest.
  package static let coefficients: [Float] =
    Array(first.reversed()) + second.reversed() + second + first

  /// By how much a value between samples can exceed the largest sample at most: the largest sum of magnitudes of a phase.
  package static let greatestGain: Float = 2.03

  /// The largest magnitude at four places between the sixth and the seventh of twelve samples.
  /// - Parameters:
  ///   - samples: Twelve samples, the newest last.
  ///   - coefficients: `TruePeakFilter.coefficients`.
  @inline(__always)
  package static func peak(
    _ samples: UnsafePointer<Float>, _ coefficients: UnsafePointer<Float>
  ) -> Float {
    let raw = UnsafeRawPointer(samples)
    let a = raw.loadUnaligned(as: SIMD4<Float>.self)
    let b = raw.loadUnaligned(fromByteOffset: 16, as: SIMD4<Float>.self)
    let c = raw.loadUnaligned(fromByteOffset: 32, as: SIMD4<Float>.self)
    var most: Float = 0
    for phase in 0..<4 {
      let taps = UnsafeRawPointer(coefficients + phase * length)
      let sum =
        a * taps.loadUnaligned(as: SIMD4<Float>.self)
        + b * taps.loadUnaligned(fromByteOffset: 16, as: SIMD4<Float>.self)
        + c * taps.loadUnaligned(fromByteOffset: 32, as: SIMD4<Float>.self)
      most = max(most, abs((sum.x + sum.z) + (sum.y + sum.w)))
    }
    return most
  }
}

/// Measures the true peak of a sound as it arrives (ITU-R BS.1770-4, annex 2): the largest magnitude that a converter
/// makes of it, which lies between the samples and may be larger than all of them.
///
/// The samples are interpolated to four times their rate. Where all samples are so small that nothing between them can be
/// larger than what was found already, that is left out; memory does not grow with the sound.
public final class TruePeakMeter {
  /// Samples in a frame.
  public let channelCount: Int
  /// The largest magnitude so far; full scale is 1.
  public private(set) var peak: Float = 0
  /// The largest magnitude of a sample so far; full scale is 1.
  public private(set) var samplePeak: Float = 0

  private let coefficients = AlignedBuffer(TruePeakFilter.coefficients)
  /// For each channel the last samples, then those of a block.
  private let history: AlignedBuffer<Float>
  private static let blockFrames = 128
  private static let rowLength = blockFrames + TruePeakFilter.length

  /// A meter before the first sample.
  /// - Parameter channelCount: Samples in a frame.
  public init(channelCount: Int) {
    precondition(channelCount > 0, "a sound of \(channelCount) channels")
    self.channelCount = channelCount
    history = AlignedBuffer(count: channelCount * Self.rowLength)
  }

  /// Takes more interleaved samples, whole frames. Samples that are not finite count as silence.
  public func append(_ samples: Span<Float>) {
    precondition(
      samples.count.isMultiple(of: channelCount),
      "\(samples.count) samples do not fill frames of \(channelCount) channels")
    samples.withUnsafeBufferPointer { samples in
      let frames = samples.count / channelCount
      for start in stride(from: 0, to: frames, by: Self.blockFrames) {
        let count = min(Self.blockFrames, frames - start)
        for channel in 0..<channelCount { measure(samples, start, count, channel) }
      }
    }
  }

  /// The true peak and the largest sample of a buffer.
  public static func peaks(of buffer: AudioBuffer) -> (truePeak: Float, samplePeak: Float) {
    let meter = TruePeakMeter(channelCount: buffer.channelCount)
    meter.append(buffer.samples.span)
    meter.finish()
    return (meter.peak, meter.samplePeak)
  }

  /// Takes the silence after the sound, into which its last samples ring.
  public func finish() {
    let silence = [Float](repeating: 0, count: TruePeakFilter.length * channelCount)
    append(silence.span)
  }

  private func measure(_ samples: UnsafeBufferPointer<Float>, _ start: Int, _ count: Int, _ channel: Int) {
    let kept = TruePeakFilter.length - 1
    let row = history.baseAddress + channel * Self.rowLength
    let taps = UnsafePointer(coefficients.baseAddress)
    var largest: Float = 0
    for index in 0..<kept { largest = max(largest, abs(row[index])) }
    var loudest: Float = 0
    for frame in 0..<count {
      let sample = samples[(start + frame) * channelCount + channel]
      let value = sample.isFinite ? sample : 0
      row[kept + frame] = value
      loudest = max(loudest, abs(value))
    }
    samplePeak = max(samplePeak, loudest)
    peak = max(peak, loudest)
    if max(largest, loudest) * TruePeakFilter.greatestGain > peak {
      for frame in 0..<count { peak = max(peak, TruePeakFilter.peak(row + frame, taps)) }
    }
    for index in 0..<kept { row[index] = row[count + index] }
  }
}
