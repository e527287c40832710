internal import Audio

/// What has to be known of a whole mix before its gain can be chosen: how loud it is, how much a limiter would have to do
/// at each gain, and where it falls silent. Memory does not grow with the sound.
final class MixMeter {
  let sampleRate: Int
  /// Nil where nothing but the peak and the end are asked for.
  private let loudness: LoudnessMeter?
  /// How many frames a block has over which the largest sample is taken: 5 ms, as long as the limiter looks ahead.
  private let blockFrames: Int
  private let recovery: Float
  private let ceiling: Float
  private var blockPeak: Float = 0
  private var blockFill = 0
  private var blockCount = 0
  /// For each candidate gain: the limiter's gain now, and at how many blocks it was reduced by more than 3 dB.
  private var reductions: [Float]
  private var strongBlocks: [Int]
  private let candidates: [Float]
  /// The last block whose peak was at least that of a class, in classes of 2 dB from −120 dBFS.
  private var lastBlocks = [Int](repeating: -1, count: 80)
  /// The largest magnitude of a sample.
  private(set) var peak: Float = 0

  private static let candidateDecibels: [Double] = stride(from: -40.0, through: 30, by: 0.5).map(\.self)
  private static let strongGain: Float = 0.707_945_8

  /// - Parameters:
  ///   - ceiling: The ceiling of the limiter that will follow.
  ///   - release: That limiter's, in seconds.
  ///   - measuresLoudness: Whether a gain will be asked for; otherwise only the peak and the end.
  init(sampleRate: Int, ceiling: Float, release: Float = 0.12, measuresLoudness: Bool = true) {
    self.sampleRate = sampleRate
    self.ceiling = ceiling
    loudness = measuresLoudness ? LoudnessMeter(sampleRate: sampleRate, channelCount: 2) : nil
    blockFrames = max(1, sampleRate / 200)
    recovery = 1 - exponential(-Float(blockFrames) / Float(sampleRate) / release)
    candidates = measuresLoudness ? Self.candidateDecibels.map { decibels(Float($0)) } : []
    reductions = [Float](repeating: 1, count: candidates.count)
    strongBlocks = [Int](repeating: 0, count: candidates.count)
  }

  /// Takes more of the mix, left and right interleaved.
  func append(_ samples: Span<Float>) {
    loudness?.append(samples)
    samples.withUnsafeBufferPointer { samples in
      var index = 0
      while index < samples.count {
        let end = min(samples.count, index + 2 * (blockFrames - blockFill))
        var loudest = blockPeak
        for place in index..<end {
          // NaN is not larger.
          let magnitude = abs(samples[place])
          if magnitude > loudest { loudest = magnitude }
        }
        blockPeak = loudest
        blockFill += (end - index) / 2
        index = end
        if blockFill == blockFrames { endBlock() }
      }
    }
  }

  private func endBlock() {
    peak = max(peak, blockPeak)
    let decibels = level(ofAmplitude: blockPeak)
    let place = self.place(ofLevel: decibels)
    lastBlocks[place] = blockCount
    for index in candidates.indices {
      let loudest = blockPeak * candidates[index]
      let need = loudest > ceiling ? ceiling / loudest : 1
      let gain = min(need, reductions[index] + (1 - reductions[index]) * recovery)
      reductions[index] = gain
      if gain < Self.strongGain { strongBlocks[index] += 1 }
    }
    blockPeak = 0
    blockFill = 0
    blockCount += 1
  }

  /// The integrated loudness in LUFS; nil where nothing is loud enough to measure.
  var integratedLoudness: Double? { loudness?.integratedLoudness }

  /// The largest gain in decibels at which a limiter reduces by more than 3 dB for no more than a share of the time.
  /// - Parameter share: 0...1, of the time in which there is sound at all.
  func gain(limitingFor share: Double) -> Double {
    let sounding = (lastBlocks[10...].max() ?? 0) + 1
    let allowed = Int(share * Double(max(1, sounding)))
    let place = candidates.indices.last { strongBlocks[$0] <= allowed }
    return Self.candidateDecibels[place ?? 0]
  }

  /// Which of `lastBlocks` stands for a level in decibels.
  private func place(ofLevel decibels: Float) -> Int {
    let place = (decibels + 120) / 2
    return place > 0 ? Int(min(place, Float(lastBlocks.count - 1))) : 0
  }

  /// After how many frames the mix stays below an amplitude.
  func end(below amplitude: Float) -> Int {
    let decibels = level(ofAmplitude: amplitude)
    let first = place(ofLevel: decibels)
    return ((lastBlocks[first...].max() ?? -1) + 1) * blockFrames
  }
}
