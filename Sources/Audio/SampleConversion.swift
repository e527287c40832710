/// Samples in floating point, full scale at ±1, as integers.
///
/// A sample is scaled by 2^(bits − 1), rounded to the nearest integer (ties to even) and clipped to the range, so that
/// integers read from a file and written again are the same. What is no number becomes silence. There is no dither:
/// the same sound always gives the same bytes.
package enum SampleConversion {
  /// Converts as many samples as both buffers hold to 16 bits.
  package static func convert(
    _ samples: UnsafeBufferPointer<Float>, to integers: UnsafeMutableBufferPointer<Int16>
  ) {
    for index in 0..<min(samples.count, integers.count) {
      integers[index] = Int16(rounded(samples[index], scale: 32768, limit: 32767))
    }
  }

  /// Converts as many samples as both buffers hold to 24 bits, left-aligned in 32: the low eight bits are zero.
  package static func convertTo24Bits(
    _ samples: UnsafeBufferPointer<Float>, to integers: UnsafeMutableBufferPointer<Int32>
  ) {
    for index in 0..<min(samples.count, integers.count) {
      integers[index] = Int32(rounded(samples[index], scale: 8_388_608, limit: 8_388_607)) << 8
    }
  }

  /// Converts as many samples as both buffers hold to 32 bits.
  package static func convert(
    _ samples: UnsafeBufferPointer<Float>, to integers: UnsafeMutableBufferPointer<Int32>
  ) {
    for index in 0..<min(samples.count, integers.count) {
      // A Float has 24 significant bits, so that scaling is exact and only the upper limit needs care.
      let scaled = samples[index] * 2_147_483_648
      integers[index] =
        scaled >= 2_147_483_648
        ? .max : scaled > -2_147_483_648 ? Int32(scaled.rounded(.toNearestOrEven)) : scaled.isNaN ? 0 : .min
    }
  }

  private static func rounded(_ sample: Float, scale: Float, limit: Float) -> Float {
    guard !sample.isNaN else { return 0 }
    return max(-scale, min(limit, (sample * scale).rounded(.toNearestOrEven)))
  }
}
