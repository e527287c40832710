internal import CSoxr

/// A source at another rate, by libsoxr's high quality: band-limited interpolation with a stop band 120 dB down and a linear phase.
/// Frames keep their time: the converter's delay is taken out.
public struct ResampledSource<Source: SampleSource>: SampleSource {
  /// What is resampled.
  public private(set) var source: Source
  /// Frames per second that it comes out at, in Hz.
  public let sampleRate: Int
  /// The source's.
  public let channelCount: Int
  /// The source's, at the new rate.
  public var frameCount: Int? {
    source.frameCount.map { Int((Double($0) * Double(sampleRate) / Double(source.sampleRate)).rounded(.up)) }
  }

  private let resampler: Resampler
  private let block: FixedStorage<Float>
  /// The frames of `block` that the converter has not taken.
  private var pending = 0..<0
  private var isEnded = false

  private static var blockFrames: Int { 1024 }

  /// A source at another rate.
  /// - Parameters:
  ///   - source: What is resampled.
  ///   - sampleRate: The new rate in Hz, from 1,000 to 1,000,000.
  public init(_ source: Source, sampleRate: Int) {
    precondition((1000...1_000_000).contains(sampleRate), "\(sampleRate) Hz cannot be resampled to")
    self.source = source
    self.sampleRate = sampleRate
    channelCount = source.channelCount
    resampler = Resampler(from: source.sampleRate, to: sampleRate, channelCount: source.channelCount)
    block = FixedStorage(count: Self.blockFrames * source.channelCount, of: 0)
  }

  /// Fills `block` with the next frames.
  public mutating func render(into target: inout MutableSpan<Float>) -> Int {
    var written = 0
    let wanted = target.count / channelCount
    target.withUnsafeMutableBufferPointer { target in
      while written < wanted {
        if pending.isEmpty, !isEnded {
          let buffer = block.buffer
          var room = buffer.mutableSpan
          let count = source.render(into: &room)
          pending = 0..<count
          isEnded = count < Self.blockFrames
        }
        let input = UnsafeBufferPointer(
          rebasing: block.buffer[pending.lowerBound * channelCount..<pending.upperBound * channelCount])
        let output = UnsafeMutableBufferPointer(
          rebasing: target[written * channelCount..<wanted * channelCount])
        let (taken, given) = resampler.process(
          input, isLast: isEnded && pending.isEmpty, into: output)
        pending = pending.lowerBound + taken..<pending.upperBound
        written += given
        // Nothing is left, or nothing can be converted any more.
        if taken == 0, given == 0, isEnded || !pending.isEmpty { break }
      }
    }
    return written
  }
}

/// A stream through libsoxr.
final class Resampler: @unchecked Sendable {
  private let handle: soxr_t
  private let channelCount: Int

  init(from: Int, to: Int, channelCount: Int) {
    self.channelCount = channelCount
    var failure: soxr_error_t?
    var quality = soxr_quality_spec(UInt(SOXR_HQ), 0)
    var form = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_I)
    var runtime = soxr_runtime_spec(1)
    guard
      let handle = soxr_create(
        Double(from), Double(to), UInt32(channelCount), &failure, &form, &quality, &runtime)
    else {
      preconditionFailure("libsoxr: \(failure.map { String(cString: $0) } ?? "no memory")")
    }
    self.handle = handle
  }

  deinit { soxr_delete(handle) }

  /// Takes and gives frames.
  /// - Parameters:
  ///   - input: Interleaved samples.
  ///   - isLast: Whether nothing more comes.
  ///   - output: Room for frames.
  /// - Returns: How many frames were taken, and how many given.
  func process(
    _ input: UnsafeBufferPointer<Float>, isLast: Bool, into output: UnsafeMutableBufferPointer<Float>
  ) -> (taken: Int, given: Int) {
    var (taken, given) = (0, 0)
    // Without input the converter gives what it still holds.
    _ = soxr_process(
      handle, isLast ? nil : input.baseAddress, isLast ? 0 : input.count / channelCount, &taken,
      output.baseAddress, output.count / channelCount, &given)
    return (taken, given)
  }
}
