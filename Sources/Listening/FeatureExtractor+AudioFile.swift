public import Audio
public import Groundwork

extension FeatureExtractor {
  /// The most values that are taken from a file: 4 GiB of memory, 37 hours in 80 values 100 times a second.
  public static let valueLimit = 1 << 30

  /// The features of a sound file, of any kind that libsndfile reads, block by block.
  ///
  /// The options' sample rate is replaced by the file's, so that frames have the duration of the options.
  /// - Parameters:
  ///   - path: the file.
  ///   - channel: which channel, counted from 0.
  ///   - options: what is computed.
  ///   - cancellation: stops the work.
  ///   - progress: called with the seconds of sound done.
  /// - Returns: the features and the options with the file's sample rate; nil if it was canceled.
  /// - Throws: `AudioError` for a file that cannot be read, `FeatureError` for options that do not fit it or give more
  ///   than `valueLimit` values.
  public static func features(
    ofFile path: String, channel: Int = 0, options: FeatureOptions, cancellation: Cancellation? = nil,
    progress: ProgressHandler? = nil
  ) throws -> (features: FeatureMatrix, options: FeatureOptions)? {
    try features(
      of: AudioFileReader(path: path), channel: channel, options: options, cancellation: cancellation,
      progress: progress)
  }

  /// The features of a sound, read block by block from its reader's position; otherwise as for a file.
  /// - Parameters:
  ///   - reader: The sound.
  ///   - channel: Which channel, counted from 0.
  ///   - options: What is computed.
  ///   - cancellation: Stops the work.
  ///   - progress: Called with the seconds of sound done.
  ///   - truncation: Called at the end with what is missing of the file, if something is (`AudioFileReader.missingSound`).
  /// - Returns: The features and the options with the file's sample rate; nil if it was canceled.
  /// - Throws: As for a file.
  public static func features(
    of reader: consuming AudioFileReader, channel: Int = 0, options: FeatureOptions,
    cancellation: Cancellation? = nil, progress: ProgressHandler? = nil,
    truncation: ((_ missing: MissingSound) -> Void)? = nil
  ) throws -> (features: FeatureMatrix, options: FeatureOptions)? {
    var reader = reader
    let path = reader.path
    guard (0..<reader.channelCount).contains(channel) else {
      throw FeatureError.noChannel(path: path, channel: channel, channelCount: reader.channelCount)
    }
    var options = options
    options.frames.sampleRate = Double(reader.sampleRate)
    let extractor = try FeatureExtractor(options)
    var features = extractor.emptyMatrix
    let channels = reader.channelCount
    var block = [Float](repeating: 0, count: 16_384 * channels)
    let total = reader.declaredFrameCount.map { Double($0) / Double(reader.sampleRate) }
    while case let count = try reader.read(into: &block), count > 0 {
      if cancellation?.isRequested == true { return nil }
      let samples = block.span.extracting(channel..<(count - 1) * channels + channel + 1)
      let frames = count / options.frames.shift + 1
      guard features.values.count + frames * features.dimension <= valueLimit else {
        throw FeatureError.tooLong(path: path, limit: valueLimit)
      }
      extractor.append(samples, stride: channels, to: &features)
      progress?(
        ProgressReport(
          activity: "listening", completed: Double(reader.position) / Double(reader.sampleRate), total: total,
          unit: "seconds"))
    }
    if let missing = reader.missingSound { truncation?(missing) }
    extractor.finish(into: &features)
    guard features.frameCount > 0 else {
      throw FeatureError.tooShort(
        path: path, sampleCount: extractor.sampleCount,
        needed: options.frames.snipsEdges ? options.frames.length : (options.frames.shift + 1) / 2)
    }
    return (features, options)
  }
}
