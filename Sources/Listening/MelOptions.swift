/// The triangular filters on the mel scale: Kaldi's `MelBanksOptions`, and HTK's variant.
///
/// Names on Kaldi's command line are given in parentheses. mel(f) = 1127 ln(1 + f / 700 Hz).
public struct MelOptions: Sendable, Hashable, Codable {
  /// Whose filters are computed.
  public enum Convention: String, Sendable, Codable, CaseIterable {
    /// Kaldi's: the triangles' edges are warped.
    case kaldi
    /// HTK's (HTK Book 3.4, section 5.6): the triangles' centers are warped by HTK's own function, bins are cut at the limits
    /// by rounding, and a filter's sum is at least 1.
    case htk
  }

  /// How many filters (`num-mel-bins`, 23).
  public var count = 23
  /// The lower end of the first filter, in Hz (`low-freq`, 20).
  public var lowFrequency: Double = 20
  /// The upper end of the last filter, in Hz; 0 and less count from half the sample rate (`high-freq`, 0).
  public var highFrequency: Double = 0
  /// Vocal tract length normalization: the factor by which the speaker's frequencies are divided; 1 for none
  /// (`vtln-warp`, 1).
  public var warpFactor: Double = 1
  /// Below it the warping function bends to meet the lower end, in Hz (`vtln-low`, 100).
  public var warpLowFrequency: Double = 100
  /// Above it the warping function bends to meet the upper end, in Hz; less than 0 counts from half the sample rate
  /// (`vtln-high`, −500).
  public var warpHighFrequency: Double = -500
  /// Whose filters are computed.
  public var convention = Convention.kaldi

  /// Kaldi's defaults.
  public init() {}

  /// The upper end of the last filter at a sample rate, in Hz.
  public func highFrequency(sampleRate: Double) -> Double {
    highFrequency > 0 ? highFrequency : sampleRate / 2 + highFrequency
  }

  /// The upper bend of the warping function at a sample rate, in Hz.
  func warpHighFrequency(sampleRate: Double) -> Double {
    warpHighFrequency < 0 ? sampleRate / 2 + warpHighFrequency : warpHighFrequency
  }

  /// Checks that filters can be made.
  /// - Throws: `FeatureError.unusable`, which names the option.
  func validate(sampleRate: Double) throws(FeatureError) {
    let nyquist = sampleRate / 2
    let high = highFrequency(sampleRate: sampleRate)
    try FeatureError.require((1...10_000).contains(count), "\(count) mel filters, outside 1 … 10,000")
    try FeatureError.require(
      lowFrequency >= 0 && lowFrequency < nyquist && high > lowFrequency && high <= nyquist,
      "mel filters from \(lowFrequency) Hz to \(high) Hz at a sample rate of \(sampleRate) Hz")
    guard warpFactor != 1 else { return }
    let bend = warpHighFrequency(sampleRate: sampleRate)
    try FeatureError.require(
      (0.1...10).contains(warpFactor), "a warp factor of \(warpFactor), outside 0.1 … 10")
    try FeatureError.require(
      warpLowFrequency > lowFrequency && warpLowFrequency < bend && bend < high,
      "a warp between \(warpLowFrequency) Hz and \(bend) Hz in filters from \(lowFrequency) Hz to \(high) Hz")
  }
}
