internal import CSndfile
internal import Groundwork

/// A sound file that is written a block at a time and appears under its name, whole, when it is committed.
///
/// Until then, and after any error, a file that had the name before is still there. The same sound and tags give the same
/// bytes.
/// Samples become integers by rounding to the nearest, clipped at full scale; those of 16 bits with dither, if that is asked for.
public struct AudioFileWriter: ~Copyable {
  /// Where the file will be.
  public let path: String
  /// Frames per second, in Hz.
  public let sampleRate: Int
  /// Samples in a frame.
  public let channelCount: Int
  /// How many frames have been written.
  public private(set) var frameCount = 0

  private let format: AudioFileFormat
  private let encoding: SampleEncoding?
  private let frameLimit: Int
  private let scratch: ConversionScratch
  private var dither: Dither?
  private var handle: SoundFileHandle
  private let replacement: AtomicReplacement

  /// How many samples are converted and handed to libsndfile at a time. Its Vorbis encoder puts a whole call's samples
  /// on the stack.
  private static let blockLength = 8192

  /// Begins a file.
  /// - Parameters:
  ///   - path: where it will be.
  ///   - format: its format; nil chooses by the ending of `path`.
  ///   - encoding: how samples are stored: 16 bits where it is nil; must be nil for what is compressed with loss.
  ///   - sampleRate: frames per second, in Hz.
  ///   - channelCount: samples in a frame.
  ///   - expectedFrameCount: about how many frames will be written; nil if that is not known. A WAV file that may
  ///     pass 4 GiB, which a plain one cannot, is written as RF64 (EBU Tech 3306); where it turns out shorter, it
  ///     becomes a plain one.
  ///   - tags: What the file tells of itself.
  ///   - isDithered: Whether noise of a step is added before samples are rounded to 16 bits, so that what is soft is not
  ///     distorted. Other encodings never have it: the steps of 24 bits are below what any converter gives out.
  /// - Throws: `AudioError.unknownEnding`, `.unsupportedSettings` or `.file`.
  public init(
    path: String, format: AudioFileFormat? = nil, encoding: SampleEncoding? = nil, sampleRate: Int,
    channelCount: Int, expectedFrameCount: Int? = nil, tags: SoundTags = SoundTags(),
    isDithered: Bool = false
  ) throws(AudioError) {
    let chosen: AudioFileFormat
    if let format { chosen = format } else { chosen = try AudioFileFormat(path: path) }
    let extent = try AudioFileExtent(
      path: path, format: chosen, encoding: encoding, sampleRate: sampleRate, channelCount: channelCount,
      expectedFrameCount: expectedFrameCount)
    guard let code = chosen.code(encoding, isLong: extent.isLongWAV) else {
      throw .unsupportedSettings(path: path, reason: chosen.encodingAdvice)
    }
    guard var info = SF_INFO(code: code, sampleRate: sampleRate, channelCount: channelCount),
      sf_format_check(&info) != 0
    else {
      throw .unsupportedSettings(
        path: path, reason: chosen.refusal(channelCount: channelCount, sampleRate: sampleRate))
    }
    let replacement: AtomicReplacement
    do throws(FileError) { replacement = try AtomicReplacement(path: path) } catch { throw .file(error) }
    try extent.requireRoom(at: replacement.temporaryPath, for: path)
    let handle = try SoundFileHandle.writing(replacement, info: info)
    handle.configure(quality: chosen.quality)
    if chosen.holdsTags, !handle.set(tags) {
      throw .unsupportedSettings(
        path: path,
        reason: "\(chosen.rawValue) cannot hold a comment of \(tags.comment?.utf8.count ?? 0) bytes")
    }
    dither = isDithered ? Dither() : nil
    self.handle = handle
    self.replacement = replacement
    frameLimit = extent.frameLimit
    self.path = path
    self.format = chosen
    self.encoding = chosen.isLossy ? nil : encoding ?? .pcm16
    self.sampleRate = sampleRate
    self.channelCount = channelCount
    scratch = ConversionScratch(count: Self.blockLength / channelCount * channelCount)
  }

  /// Appends interleaved samples, whole frames, full scale at ±1.
  /// - Throws: `AudioError.file` when the disk is full, `.unsupportedSettings` when the file would pass what its format
  ///   holds and that was not expected: 4 GiB as WAV, 2³⁶ frames as FLAC.
  public mutating func write(_ samples: Span<Float>) throws(AudioError) {
    precondition(
      samples.count.isMultiple(of: channelCount),
      "\(samples.count) samples do not fill frames of \(channelCount) channels")
    guard frameCount + samples.count / channelCount <= frameLimit else {
      throw .unsupportedSettings(path: path, reason: format.lengthAdvice)
    }
    var start = 0
    while start < samples.count {
      let end = min(start + scratch.count, samples.count)
      let block = samples.extracting(start..<end)
      let written = block.withUnsafeBufferPointer {
        scratch.write($0, as: encoding, dither: &dither, to: handle.raw)
      }
      guard written == block.count else { throw writingFailure() }
      frameCount += block.count / channelCount
      start = end
    }
  }

  /// Appends a buffer, which must have the file's rate and channels.
  /// - Throws: as for samples.
  public mutating func write(_ buffer: AudioBuffer) throws(AudioError) {
    precondition(
      buffer.sampleRate == sampleRate && buffer.channelCount == channelCount,
      "\(buffer.channelCount) channels at \(buffer.sampleRate) Hz written to a file of \(channelCount) at \(sampleRate) Hz"
    )
    try write(buffer.samples.span)
  }

  /// Puts the finished file in its place.
  /// - Throws: `AudioError.file`; then a file that was there before still is.
  public consuming func commit() throws(AudioError) {
    let isWhole = handle.close()
    guard isWhole, handle.stream.errorNumber == 0 else { throw writingFailure() }
    do throws(FileError) {
      if format == .ogg || format == .opus { try OggSerialNumber.settle(inFileAt: replacement.temporaryPath) }
      try replacement.commit()
    } catch {
      throw .file(error)
    }
  }

  private borrowing func writingFailure() -> AudioError {
    let number = handle.stream.errorNumber
    if number != 0 { return .file(.writing(path, errorNumber: number)) }
    return .file(.unwritable(path: path, reason: handle.failure ?? "the encoder failed"))
  }
}

extension AudioFileFormat {
  /// The message for an encoding that the format cannot hold.
  fileprivate var encodingAdvice: String {
    switch self {
    case .wav, .w64, .aiff, .caf: "such a file holds 16 bits, 24 bits or float"
    case .flac: "a FLAC file holds 16 or 24 bits"
    case .ogg, .opus, .mp3: "what is compressed with loss has no sample width; drop that setting"
    }
  }

  /// The message for a rate or a number of channels that the format cannot hold.
  fileprivate func refusal(channelCount: Int, sampleRate: Int) -> String {
    if let sampleRates, !sampleRates.contains(sampleRate) {
      let rates = sampleRates.map(String.init).joined(separator: ", ")
      return "\(rawValue) holds \(rates) Hz, not \(sampleRate)"
    }
    return "\(rawValue) cannot hold \(channelCount) channels at \(sampleRate) Hz"
      + (self == .mp3 || self == .opus ? ", or this libsndfile cannot write it; write .ogg instead" : "")
  }

  /// The quality of what is compressed with loss, 0...1; nil for the others.
  fileprivate var quality: Double? {
    switch self {
    // About 190 kbit/s for stereo at 44.1 kHz.
    case .ogg: 0.6
    // About 160 kbit/s for stereo.
    case .opus: 0.3
    // Variable, about 190 kbit/s.
    case .mp3: 0.8
    case .wav, .w64, .aiff, .caf, .flac: nil
    }
  }

  /// Whether libsndfile writes tags into it.
  fileprivate var holdsTags: Bool { self != .w64 }
}

extension SF_INFO {
  /// The description of a file to be written; nil if a number does not fit.
  fileprivate init?(code: Int32, sampleRate: Int, channelCount: Int) {
    guard let rate = Int32(exactly: sampleRate), let channels = Int32(exactly: channelCount), rate > 0,
      channels > 0
    else { return nil }
    self.init(frames: 0, samplerate: rate, channels: channels, format: code, sections: 0, seekable: 0)
  }
}

extension SoundFileHandle {
  /// Settings that must be made before the first sample.
  fileprivate borrowing func configure(quality: Double?) {
    // An RF64 file that stays below 4 GiB becomes one that every WAV reader knows; other files ignore it.
    sf_command(raw, Int32(SFC_RF64_AUTO_DOWNGRADE), nil, Int32(SF_TRUE))
    // The PEAK chunk holds the time of writing.
    sf_command(raw, Int32(SFC_SET_ADD_PEAK_CHUNK), nil, Int32(SF_FALSE))
    if var quality {
      sf_command(raw, Int32(SFC_SET_VBR_ENCODING_QUALITY), &quality, Int32(MemoryLayout<Double>.size))
    }
  }
}

extension SoundFileHandle {
  /// Gives the file its tags; before the first sample.
  /// - Returns: Whether the format takes the comment; the others are left out where it does not take them.
  fileprivate borrowing func set(_ tags: SoundTags) -> Bool {
    for (kind, text) in [
      (SF_STR_TITLE, tags.title), (SF_STR_ARTIST, tags.artist), (SF_STR_SOFTWARE, tags.software),
    ] {
      if let text, !text.isEmpty { sf_set_string(raw, Int32(kind), text) }
    }
    return tags.comment.map { sf_set_string(raw, Int32(SF_STR_COMMENT), $0) == 0 } ?? true
  }
}

/// Room to convert one block of samples in.
private final class ConversionScratch {
  let count: Int
  private let integers: UnsafeMutableBufferPointer<Int32>

  init(count: Int) {
    self.count = count
    integers = .allocate(capacity: count)
  }

  deinit { integers.deallocate() }

  /// Converts and writes at most `count` samples.
  /// - Returns: how many samples were written.
  func write(
    _ block: UnsafeBufferPointer<Float>, as encoding: SampleEncoding?, dither: inout Dither?,
    to handle: OpaquePointer?
  ) -> Int {
    let length = sf_count_t(block.count)
    switch encoding {
    case .pcm16:
      return integers.withMemoryRebound(to: Int16.self) { shorts in
        let room = UnsafeMutableBufferPointer(rebasing: shorts[..<block.count])
        if var noise = dither {
          SampleConversion.convert(block, to: room, dither: &noise)
          dither = noise
        } else {
          SampleConversion.convert(block, to: room)
        }
        return Int(sf_write_short(handle, shorts.baseAddress, length))
      }
    case .pcm24:
      SampleConversion.convertTo24Bits(block, to: integers)
      return Int(sf_write_int(handle, integers.baseAddress, length))
    case .float:
      return Int(sf_write_float(handle, block.baseAddress, length))
    case nil:
      return integers.withMemoryRebound(to: Float.self) { floats in
        // A single NaN would silence the Vorbis encoder to the end of the file.
        for index in block.indices { floats[index] = block[index].isFinite ? block[index] : 0 }
        return Int(sf_write_float(handle, floats.baseAddress, length))
      }
    }
  }
}
