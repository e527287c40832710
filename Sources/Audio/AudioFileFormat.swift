internal import CSndfile

/// The kinds of sound file that can be written. (Any kind that libsndfile knows can be read.)
public enum AudioFileFormat: String, Sendable, CaseIterable {
  /// RIFF WAVE, uncompressed; RF64 where it passes 4 GiB.
  case wav
  /// Sony Wave64, uncompressed, of any length; it holds no tags.
  case w64
  /// AIFF, uncompressed.
  case aiff
  /// Core Audio Format, uncompressed, of any length.
  case caf
  /// FLAC, compressed without loss.
  case flac
  /// Ogg Vorbis, compressed with loss.
  case ogg
  /// Ogg Opus (RFC 7845), compressed with loss; of 8, 12, 16, 24 or 48 kHz.
  case opus
  /// MPEG-1 audio layer III, compressed with loss; where the installed libsndfile can write it.
  case mp3

  /// The format that the ending of `path` names.
  /// - Throws: `AudioError.unknownEnding`.
  public init(path: String) throws(AudioError) {
    let name = path.split(separator: "/").last ?? ""
    let ending = name.split(separator: ".", omittingEmptySubsequences: false).dropFirst().last?.lowercased()
    guard let format = ending.flatMap(Self.init(ending:)) else { throw .unknownEnding(path: path) }
    self = format
  }

  /// The format that files of this ending have, in small letters and without the dot; nil for no such format.
  public init?(ending: String) {
    switch ending {
    case "wave": self = .wav
    case "aif": self = .aiff
    case "oga": self = .ogg
    default:
      guard let format = Self(rawValue: ending) else { return nil }
      self = format
    }
  }

  /// The encodings that the format can hold; none where it is compressed with loss.
  public var encodings: [SampleEncoding] {
    switch self {
    case .wav, .w64, .aiff, .caf: [.pcm16, .pcm24, .float]
    case .flac: [.pcm16, .pcm24]
    case .ogg, .opus, .mp3: []
    }
  }

  /// Whether it is compressed with loss, and so has no sample width.
  public var isLossy: Bool { encodings.isEmpty }

  /// The sample rates that the format can hold, in Hz; nil for any.
  public var sampleRates: [Int]? {
    switch self {
    case .opus: [8000, 12_000, 16_000, 24_000, 48_000]
    case .mp3: [8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000]
    case .wav, .w64, .aiff, .caf, .flac, .ogg: nil
    }
  }

  /// libsndfile's number for the format with this encoding; nil if the format cannot hold it.
  /// - Parameter isLong: whether a WAV file may pass 4 GiB.
  func code(_ encoding: SampleEncoding?, isLong: Bool) -> Int32? {
    guard let subtype = subtype(encoding) else { return nil }
    let container =
      switch self {
      case .wav: isLong ? SF_FORMAT_RF64 : SF_FORMAT_WAV
      case .w64: SF_FORMAT_W64
      case .aiff: SF_FORMAT_AIFF
      case .caf: SF_FORMAT_CAF
      case .flac: SF_FORMAT_FLAC
      case .ogg, .opus: SF_FORMAT_OGG
      case .mp3: Self.mpeg
      }
    return Int32(container | subtype)
  }

  private func subtype(_ encoding: SampleEncoding?) -> Int? {
    switch self {
    case .ogg: encoding == nil ? SF_FORMAT_VORBIS : nil
    case .opus: encoding == nil ? Self.opusCode : nil
    case .mp3: encoding == nil ? Self.layer3 : nil
    case .wav, .w64, .aiff, .caf, .flac:
      switch encoding ?? .pcm16 {
      case .pcm16: SF_FORMAT_PCM_16
      case .pcm24: SF_FORMAT_PCM_24
      case .float: self == .flac ? nil : SF_FORMAT_FLOAT
      }
    }
  }

  /// Numbers that the headers of older versions of libsndfile do not have; those versions refuse the format.
  private static let opusCode = 0x64
  private static let mpeg = 0x23_0000
  private static let layer3 = 0x82
}

/// How a sample is stored in an uncompressed or losslessly compressed file.
public enum SampleEncoding: String, Sendable, CaseIterable {
  /// Integers of 16 bits.
  case pcm16
  /// Integers of 24 bits.
  case pcm24
  /// 32-bit floating point, which also holds what lies beyond full scale.
  case float
}
