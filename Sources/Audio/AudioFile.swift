internal import Arithmetic
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
    try readTelling(path, sampleLimit: sampleLimit).sound
  }

  /// Reads the file at `path` like `read`, and tells how much of it is missing.
  /// - Parameters:
  ///   - path: the file.
  ///   - sampleLimit: the most samples (frames × channels) to take.
  /// - Returns: The sound, and what is missing of it; nil for a whole file.
  /// - Throws: `AudioError.file`, `.notAudio`, `.damaged` or `.tooLong`.
  public static func readTelling(
    _ path: String, sampleLimit: Int = defaultSampleLimit
  ) throws(AudioError) -> (sound: AudioBuffer, missing: MissingSound?) {
    var reader = try AudioFileReader(path: path)
    var buffer = AudioBuffer(sampleRate: reader.sampleRate, channelCount: reader.channelCount)
    var block = [Float](repeating: 0, count: reader.channelCount * 8192)
    while case let count = try reader.read(into: &block), count > 0 {
      guard buffer.samples.count + count * reader.channelCount <= sampleLimit else {
        throw .tooLong(path: path, limit: sampleLimit)
      }
      buffer.append(contentsOf: block.span.extracting(first: count * reader.channelCount))
    }
    return (buffer, reader.missingSound)
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
  ///   - threadCount: how many threads render, write and measure; the file does not depend on it.
  ///   - cancellation: stops the work; then no file is written.
  ///   - progress: called with the seconds of sound done.
  /// - Returns: what was written; nil if it was canceled.
  /// - Throws: `AudioError.unknownEnding`, `.unsupportedSettings` or `.file`.
  @discardableResult
  public static func write(
    _ source: inout some SampleSource, to path: String, encoding: SampleEncoding? = nil,
    tags: SoundTags = SoundTags(), isDithered: Bool = false, threadCount: Int = 1,
    cancellation: Cancellation? = nil, progress: ProgressHandler? = nil
  ) throws(AudioError) -> WrittenSound? {
    let rate = source.sampleRate
    let total = source.frameCount.map { Double($0) / Double(rate) }
    let file = MeasuredFile(
      try AudioFileWriter(
        path: path, encoding: encoding, sampleRate: rate, channelCount: source.channelCount,
        expectedFrameCount: source.frameCount, tags: tags, isDithered: isDithered))
    // One renders, one writes, one or two measure.
    let team = threadCount > 1 ? ThreadTeam(threadCount: min(threadCount, 1 + MeasuredFile.readerCount)) : nil
    source.forEachBlock(of: 8192, on: team, readers: MeasuredFile.readerCount) {
      if file.frameCount > 0 {
        progress?(
          ProgressReport(
            activity: "rendering", completed: Double(file.frameCount) / Double(rate), total: total,
            unit: "seconds"))
      }
      return file.failure == nil && cancellation?.isRequested != true
    } _: {
      file.read($1, by: $0)
    }
    return cancellation?.isRequested == true ? nil : try file.commit()
  }
}

/// A file on its way, and what is measured of its sound.
private final class MeasuredFile {
  private(set) var frameCount = 0
  private(set) var failure: AudioError?
  private var writer: AudioFileWriter?
  private let sampleRate: Int
  private let meter: LoudnessMeter
  private let peaks: TruePeakMeter

  /// Those that read each block: the writer and two meters, which know nothing of each other.
  static let readerCount = 3

  init(_ writer: consuming AudioFileWriter) {
    sampleRate = writer.sampleRate
    meter = LoudnessMeter(sampleRate: writer.sampleRate, channelCount: writer.channelCount)
    peaks = TruePeakMeter(channelCount: writer.channelCount)
    self.writer = consume writer
  }

  func read(_ block: Span<Float>, by reader: Int) {
    switch reader {
    case 0: write(block)
    case 1: meter.append(block)
    default: peaks.append(block)
    }
  }

  private func write(_ block: Span<Float>) {
    do throws(AudioError) {
      try writer?.write(block)
      frameCount += block.count / meter.channelCount
    } catch {
      failure = error
    }
  }

  func commit() throws(AudioError) -> WrittenSound {
    if let failure { throw failure }
    peaks.finish()
    if let writer = writer.take() { try writer.commit() }
    return WrittenSound(
      frameCount: frameCount, sampleRate: sampleRate, peak: peaks.samplePeak, truePeak: peaks.peak,
      loudness: meter.integratedLoudness)
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
