internal import Groundwork

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// What the expected length of a sound means for the file that will hold it.
struct AudioFileExtent {
  /// Whether a WAV file may pass the 4 GiB of a plain one and is written as RF64.
  let isLongWAV: Bool
  /// The most frames that the file can hold.
  let frameLimit: Int
  /// How many bytes a long WAV file will probably take; nil for other files, which are smaller or compressed.
  private let longByteCount: Int?

  /// What is expected is an estimate: a sound may continue for a few seconds more.
  private static let margin = 60

  /// - Throws: `AudioError.unsupportedSettings` if the format cannot hold what is expected.
  init(
    path: String, format: AudioFileFormat, encoding: SampleEncoding?, sampleRate: Int, channelCount: Int,
    expectedFrameCount: Int?
  ) throws(AudioError) {
    let (size, overflow) = max(1, channelCount).multipliedReportingOverflow(
      by: (encoding ?? .pcm16).byteCount)
    let bytesPerFrame = overflow ? Int.max : size
    let limit = format.plainFrameLimit(bytesPerFrame: bytesPerFrame)
    let expected = max(0, expectedFrameCount ?? 0)
    guard format == .wav else {
      if expected > limit { throw .unsupportedSettings(path: path, reason: format.lengthAdvice) }
      (isLongWAV, frameLimit, longByteCount) = (false, limit, nil)
      return
    }
    let latest = expected.addingReportingOverflow(Self.margin * min(max(0, sampleRate), 1 << 20))
    isLongWAV = latest.overflow || latest.partialValue > limit
    frameLimit = isLongWAV ? .max : limit
    let bytes = expected.multipliedReportingOverflow(by: bytesPerFrame)
    longByteCount = isLongWAV ? (bytes.overflow ? .max : bytes.partialValue) : nil
  }

  /// Checks before hours of rendering that a long file fits where `temporaryPath` is.
  /// - Throws: `AudioError.file` with the size and the room.
  func requireRoom(at temporaryPath: String, for path: String) throws(AudioError) {
    var status = statvfs()
    guard let longByteCount, withSystemPath(temporaryPath, { statvfs($0, &status) }) == 0 else { return }
    let (room, overflow) = Int(clamping: status.f_bavail).multipliedReportingOverflow(
      by: Int(clamping: status.f_frsize))
    guard !overflow, longByteCount > room else { return }
    let gibibytes = { (count: Int) in "\(count >> 30) GiB" }
    throw .file(
      .unwritable(
        path: path, reason: "it would take \(gibibytes(longByteCount)), but only \(gibibytes(room)) are free")
    )
  }
}

extension AudioFileFormat {
  /// The message for more frames than the format can hold.
  var lengthAdvice: String {
    switch self {
    case .wav: "a WAV file of unknown length is limited to 4 GiB; write .flac instead"
    case .aiff: "an AIFF file is limited to 4 GiB; write .wav or .caf instead"
    case .flac: "a FLAC file is limited to 68,719,476,735 frames; write .wav instead"
    case .w64, .caf, .ogg, .opus, .mp3: "the sound is too long for this format"
    }
  }

  /// How many frames a file of the format holds; as WAV, one whose header counts bytes in 32 bits.
  fileprivate func plainFrameLimit(bytesPerFrame: Int) -> Int {
    switch self {
    case .wav, .aiff: (Int(UInt32.max) - 4096) / max(1, bytesPerFrame)
    case .flac: (1 << 36) - 1
    case .w64, .caf, .ogg, .opus, .mp3: .max
    }
  }
}

extension SampleEncoding {
  /// Bytes of one sample in a WAV file.
  fileprivate var byteCount: Int {
    switch self {
    case .pcm16: 2
    case .pcm24: 3
    case .float: 4
    }
  }
}
