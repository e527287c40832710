internal import CALSA

/// How a playback device takes its samples; always little-endian.
public enum PCMFormat: String, Sendable, CaseIterable {
  /// 32-bit floating point.
  case float32
  /// Integers of 32 bits.
  case int32
  /// Integers of 24 bits in three bytes.
  case int24
  /// Integers of 16 bits.
  case int16

  /// Bytes of one sample.
  public var byteCount: Int {
    switch self {
    case .float32, .int32: 4
    case .int24: 3
    case .int16: 2
    }
  }

  /// ALSA's number for the format.
  var code: snd_pcm_format_t {
    switch self {
    case .float32: SND_PCM_FORMAT_FLOAT_LE
    case .int32: SND_PCM_FORMAT_S32_LE
    case .int24: SND_PCM_FORMAT_S24_3LE
    case .int16: SND_PCM_FORMAT_S16_LE
    }
  }

  /// Stores `samples` in this format at the beginning of `bytes`, without allocating.
  ///
  /// Integers are those of `SampleConversion`; floating-point samples are clipped at full scale, and NaN
  /// becomes silence.
  package func store(_ samples: UnsafeBufferPointer<Float>, in bytes: UnsafeMutableRawBufferPointer) {
    precondition(
      bytes.count >= samples.count * byteCount,
      "\(samples.count) samples do not fit into \(bytes.count) bytes")
    switch self {
    case .float32:
      let floats = bytes.bindMemory(to: Float.self)
      for index in samples.indices {
        floats[index] = samples[index].isNaN ? 0 : max(-1, min(1, samples[index]))
      }
    case .int32: SampleConversion.convert(samples, to: bytes.bindMemory(to: Int32.self))
    case .int24: SampleConversion.convertToPacked24Bits(samples, to: bytes)
    case .int16: SampleConversion.convert(samples, to: bytes.bindMemory(to: Int16.self))
    }
  }
}
