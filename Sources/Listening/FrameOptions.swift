public import Arithmetic

/// How sound is cut into frames and what is done to each before its spectrum is taken: Kaldi's `FrameExtractionOptions`.
///
/// Names on Kaldi's command line are given in parentheses.
public struct FrameOptions: Sendable, Hashable, Codable {
  /// Samples per second, in Hz (`sample-frequency`, 16000).
  public var sampleRate: Double = 16_000
  /// From the beginning of a frame to that of the next, in milliseconds (`frame-shift`, 10). Rounded down to whole
  /// samples.
  public var shiftMilliseconds: Double = 10
  /// The length of a frame, in milliseconds (`frame-length`, 25). Rounded down to whole samples.
  public var lengthMilliseconds: Double = 25
  /// What samples at full scale ±1 are multiplied with. Kaldi's levels are those of 16-bit integers: 32768.
  public var sampleScale: Float = 32_768
  /// The standard deviation of noise that is added to each sample, in scaled units (`dither`; Kaldi's default is 1, here it is 0,
  /// which gives the same values each time without a seed). It prevents an energy of zero for digital silence.
  public var dither: Double = 0
  /// The seed of the noise.
  public var seed: UInt64 = 0
  /// Whether each frame's mean is subtracted (`remove-dc-offset`, true).
  public var removesMean = true
  /// a of the filter y[n] = x[n] − a x[n − 1] within each frame, 0 for none (`preemphasis-coefficient`, 0.97).
  public var preemphasis: Float = 0.97
  /// The window (`window-type`, povey).
  public var window = Window.povey
  /// The coefficient of Blackman's window; the other windows have none (`blackman-coeff`, 0.42).
  public var blackmanCoefficient: Double = 0.42
  /// Whether frames are padded with zeros to a power of two before the Fourier transform (`round-to-power-of-two`, true).
  public var padsToPowerOfTwo = true
  /// Whether only frames that lie within the sound are taken (`snip-edges`, true). If not, the number of frames is the
  /// sound's length divided by the shift, rounded, frames are centered on the middles of the shifts, and the sound is
  /// mirrored at its ends.
  public var snipsEdges = true

  /// Kaldi's defaults, without dither.
  public init() {}

  /// Samples between the beginnings of frames.
  public var shift: Int { Self.samples(sampleRate * 0.001 * shiftMilliseconds) }
  /// Samples in a frame.
  public var length: Int { Self.samples(sampleRate * 0.001 * lengthMilliseconds) }
  /// Samples that the Fourier transform takes.
  public var transformLength: Int {
    guard padsToPowerOfTwo else { return length }
    var size = 1
    while size < length { size *= 2 }
    return size
  }

  /// The most samples that a frame has, or that lie between two.
  private static let lengthLimit = 1e7
  /// The largest deviation of the dither and the largest scale: with them, and with the longest frame, the power of
  /// a sound within full scale stays within single precision.
  private static let amplitudeLimit = 1e6

  /// A number of samples, rounded down, and limited so that no value of the options overflows.
  private static func samples(_ count: Double) -> Int { count > 0 ? Int(min(count, 2 * lengthLimit)) : 0 }

  /// Checks that frames can be made.
  /// - Throws: `FeatureError.unusable`, which names the option.
  func validate() throws(FeatureError) {
    let limit = Self.lengthLimit
    try FeatureError.require(sampleRate.isFinite && sampleRate > 0, "a sample rate of \(sampleRate) Hz")
    try FeatureError.require(shiftMilliseconds.isFinite, "frames every \(shiftMilliseconds) ms")
    try FeatureError.require(lengthMilliseconds.isFinite, "frames of \(lengthMilliseconds) ms")
    try FeatureError.require(
      sampleRate <= limit
        && sampleRate * 0.001 * max(shiftMilliseconds, lengthMilliseconds) <= limit,
      "frames of \(lengthMilliseconds) ms every \(shiftMilliseconds) ms at \(sampleRate) Hz (too long)")
    try FeatureError.require(
      shiftMilliseconds > 0 && shift >= 1, "a frame shift of \(shiftMilliseconds) ms, less than a sample")
    try FeatureError.require(
      lengthMilliseconds > 0 && length >= 2,
      "a frame length of \(lengthMilliseconds) ms, less than two samples")
    try FeatureError.require(
      padsToPowerOfTwo || length.isMultiple(of: 2),
      "an odd number of samples a frame (\(length)) without padding to a power of two")
    try FeatureError.require(
      preemphasis >= 0 && preemphasis <= 1, "a pre-emphasis of \(preemphasis), outside 0 … 1")
    try FeatureError.require(
      dither >= 0 && dither <= Self.amplitudeLimit, "a dither of \(dither), outside 0 … 1,000,000")
    try FeatureError.require(
      sampleScale != 0 && Double(sampleScale.magnitude) <= Self.amplitudeLimit,
      "a sample scale of \(sampleScale), which must not be 0 and lie within −1,000,000 … 1,000,000")
    try FeatureError.require(
      blackmanCoefficient.magnitude <= 10,
      "a Blackman coefficient of \(blackmanCoefficient), outside −10 … 10")
  }
}
