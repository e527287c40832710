/// Samples in floating point, full scale at ±1, as integers.
///
/// A sample is scaled by 2^(bits − 1), rounded to the nearest integer (ties to even) and clipped to the range, so that
/// integers read from a file and written again are the same. NaN becomes silence. Where dither is asked for, its noise comes
/// from a generator that begins with the file: the same sound always gives the same bytes.
package enum SampleConversion {
  /// Converts as many samples as both buffers hold to 16 bits.
  package static func convert(
    _ samples: UnsafeBufferPointer<Float>, to integers: UnsafeMutableBufferPointer<Int16>
  ) {
    for index in 0..<min(samples.count, integers.count) { integers[index] = rounded16(samples[index]) }
  }

  /// Converts as many samples as both buffers hold to 16 bits, with dither.
  package static func convert(
    _ samples: UnsafeBufferPointer<Float>, to integers: UnsafeMutableBufferPointer<Int16>,
    dither: inout Dither
  ) {
    for index in 0..<min(samples.count, integers.count) {
      // Digital silence stays what it is.
      let noise = dither.next() * (samples[index] == 0 ? 0 : 1 / 32768)
      integers[index] = rounded16(samples[index] + noise)
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

  /// Converts the samples to 24 bits in three bytes each, little-endian; `bytes` has room for all of them.
  package static func convertToPacked24Bits(
    _ samples: UnsafeBufferPointer<Float>, to bytes: UnsafeMutableRawBufferPointer
  ) {
    for index in samples.indices {
      let value = Int32(rounded(samples[index], scale: 8_388_608, limit: 8_388_607))
      bytes[3 * index] = UInt8(truncatingIfNeeded: value)
      bytes[3 * index + 1] = UInt8(truncatingIfNeeded: value >> 8)
      bytes[3 * index + 2] = UInt8(truncatingIfNeeded: value >> 16)
    }
  }

  /// Converts as many samples as both buffers hold to 32 bits.
  package static func convert(
    _ samples: UnsafeBufferPointer<Float>, to integers: UnsafeMutableBufferPointer<Int32>
  ) {
    for index in 0..<min(samples.count, integers.count) {
      integers[index] = full(samples[index])
    }
  }

  private static func full(_ sample: Float) -> Int32 {
    let scaled = (sample * 2_147_483_648).rounded(.toNearestOrEven)
    if scaled.isNaN { return 0 }
    if scaled >= 2_147_483_648 { return .max }
    return scaled <= -2_147_483_648 ? .min : Int32(scaled)
  }

  /// The same as `rounded` for 16 bits, without a call: a sum with 1.5 · 2²³ has no place for fractions, so that it is rounded to the
  /// nearest integer, ties to even.
  @inline(__always)
  private static func rounded16(_ sample: Float) -> Int16 {
    let scaled = sample * 32768
    // A comparison with NaN does not hold.
    let low = scaled > -32768 ? scaled : scaled.isNaN ? 0 : -32768
    let clipped = low < 32767 ? low : 32767
    return Int16(truncatingIfNeeded: Int32(bitPattern: (clipped + 12_582_912).bitPattern))
  }

  private static func rounded(_ sample: Float, scale: Float, limit: Float) -> Float {
    guard !sample.isNaN else { return 0 }
    return max(-scale, min(limit, (sample * scale).rounded(.toNearestOrEven)))
  }
}
