internal import CSndfile

/// The kinds of sound file that can be written. (Any kind that libsndfile knows can be read.)
public enum AudioFileFormat: String, Sendable, CaseIterable {
  /// RIFF WAVE, uncompressed; RF64 where it passes 4 GiB.
  case wav
  /// FLAC, compressed without loss.
  case flac
  /// Ogg Vorbis, compressed with loss.
  case ogg

  /// The format that the ending of `path` names.
  /// - Throws: `AudioError.unknownEnding`.
  public init(path: String) throws(AudioError) {
    let name = path.split(separator: "/").last ?? ""
    let ending = name.split(separator: ".", omittingEmptySubsequences: false).dropFirst().last?.lowercased()
    switch ending {
    case "wav", "wave": self = .wav
    case "flac": self = .flac
    case "ogg", "oga": self = .ogg
    default: throw .unknownEnding(path: path)
    }
  }

  /// The encodings that the format can hold; none where it is compressed with loss.
  public var encodings: [SampleEncoding] {
    switch self {
    case .wav: [.pcm16, .pcm24, .float]
    case .flac: [.pcm16, .pcm24]
    case .ogg: []
    }
  }

  /// libsndfile's number for the format with this encoding; nil if the format cannot hold it.
  /// - Parameter isLong: whether a WAV file may pass 4 GiB.
  func code(_ encoding: SampleEncoding?, isLong: Bool) -> Int32? {
    let subtype: Int
    switch (self, encoding) {
    case (.ogg, nil): subtype = SF_FORMAT_VORBIS
    case (.wav, .float): subtype = SF_FORMAT_FLOAT
    case (.wav, .pcm24), (.flac, .pcm24): subtype = SF_FORMAT_PCM_24
    case (.wav, .pcm16), (.wav, nil), (.flac, .pcm16), (.flac, nil): subtype = SF_FORMAT_PCM_16
    case (.ogg, _), (.flac, .float): return nil
    }
    let container =
      switch self {
      case .wav: isLong ? SF_FORMAT_RF64 : SF_FORMAT_WAV
      case .flac: SF_FORMAT_FLAC
      case .ogg: SF_FORMAT_OGG
      }
    return Int32(container | subtype)
  }
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
