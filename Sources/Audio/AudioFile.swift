public import Groundwork

/// Whole sound files in one call.
public enum AudioFile {
  /// How many samples a file may hold to be read at once: 2 GiB of memory.
  public static let defaultSampleLimit = 1 << 29

  /// Reads the file at `path`, of any kind that libsndfile knows.
  ///
  /// Memory grows with the samples in the file, not with what its header claims.
  /// - Parameters:
  ///   - path: the file.
  ///   - sampleLimit: the most samples (frames × channels) to take.
  /// - Throws: `AudioError.file`, `.notAudio`, `.damaged` or `.tooLong`.
  public static func read(
    _ path: String, sampleLimit: Int = defaultSampleLimit
  ) throws(AudioError) -> AudioBuffer {
    var reader = try AudioFileReader(path: path)
    var buffer = AudioBuffer(sampleRate: reader.sampleRate, channelCount: reader.channelCount)
    var block = [Float](repeating: 0, count: reader.channelCount * 8192)
    while case let count = try reader.read(into: &block), count > 0 {
      guard buffer.samples.count + count * reader.channelCount <= sampleLimit else {
        throw .tooLong(path: path, limit: sampleLimit)
      }
      buffer.append(contentsOf: block.span.extracting(first: count * reader.channelCount))
    }
    return buffer
  }

  /// Writes `buffer` to `path`, atomically, in the format of the name's ending.
  /// - Throws: `AudioError.unknownEnding`, `.unsupportedSettings` or `.file`.
  public static func write(
    _ buffer: AudioBuffer, to path: String, encoding: SampleEncoding? = nil
  ) throws(AudioError) {
    var writer = try AudioFileWriter(
      path: path, encoding: encoding, sampleRate: buffer.sampleRate, channelCount: buffer.channelCount,
      expectedFrameCount: buffer.frameCount)
    try writer.write(buffer)
    try writer.commit()
  }

  /// Writes all that `source` gives to `path`, atomically, in the format of the name's ending.
  ///
  /// - Parameters:
  ///   - source: what is written, to its end.
  ///   - path: where the file will be.
  ///   - encoding: how samples are stored; see `AudioFileWriter`.
  ///   - tags: What the file tells of itself.
  ///   - isDithered: Whether there is dither where samples are rounded to 16 bits; see `AudioFileWriter`.
  ///   - cancellation: stops the work; then no file is written.
  ///   - progress: called with the seconds of sound done.
  /// - Returns: what was written; nil if it was canceled.
  /// - Throws: `AudioError.unknownEnding`, `.unsupportedSettings` or `.file`.
  @discardableResult
  public static func write(
    _ source: inout some SampleSource, to path: String, encoding: SampleEncoding? = nil,
    tags: SoundTags = SoundTags(), isDithered: Bool = false, cancellation: Cancellation? = nil,
    progress: ProgressHandler? = nil
  ) throws(AudioError) -> WrittenSound? {
    let rate = source.sampleRate
    let channels = source.channelCount
    var writer = try AudioFileWriter(
      path: path, encoding: encoding, sampleRate: rate, channelCount: channels,
      expectedFrameCount: source.frameCount, tags: tags, isDithered: isDithered)
    var block = [Float](repeating: 0, count: channels * 4096)
    let total = source.frameCount.map { Double($0) / Double(rate) }
    let meter = LoudnessMeter(sampleRate: rate, channelCount: channels)
    let peaks = TruePeakMeter(channelCount: channels)
    var isEnded = false
    while !isEnded {
      if cancellation?.isRequested == true { return nil }
      var room = block.mutableSpan
      let frames = source.render(into: &room)
      isEnded = frames < 4096
      let samples = block.span.extracting(first: frames * channels)
      peaks.append(samples)
      meter.append(samples)
      try writer.write(samples)
      progress?(
        ProgressReport(
          activity: "rendering", completed: Double(writer.frameCount) / Double(rate), total: total,
          unit: "seconds"))
    }
    peaks.finish()
    let written = WrittenSound(
      frameCount: writer.frameCount, sampleRate: rate, peak: peaks.samplePeak, truePeak: peaks.peak,
      loudness: meter.integratedLoudness)
    try writer.commit()
    return written
  }
}

/// What was written of a source.
public struct WrittenSound: Sendable, Hashable {
  /// How many frames.
  public var frameCount: Int
  /// At how many frames per second, in Hz.
  public var sampleRate: Int
  /// The largest magnitude of a sample before it was stored; full scale is 1.
  public var peak: Float
  /// The true peak before it was stored (ITU-R BS.1770-4, annex 2); full scale is 1.
  public var truePeak: Float
  /// The integrated loudness before it was stored, in LUFS; nil if no block of 400 ms lies above −70 LUFS.
  public var loudness: Double?

  /// A report.
  public init(frameCount: Int, sampleRate: Int, peak: Float, truePeak: Float, loudness: Double?) {
    self.frameCount = frameCount
    self.sampleRate = sampleRate
    self.peak = peak
    self.truePeak = truePeak
    self.loudness = loudness
  }

  /// How long it lasts, in seconds.
  public var seconds: Double { Double(frameCount) / Double(sampleRate) }
}
