public import Groundwork

/// Why features could not be computed.
public enum FeatureError: DiagnosableError, Equatable {
  /// The options cannot be used; `reason` names the one that is wrong.
  case unusable(reason: String)
  /// The file has no channel of this number, counted from 0.
  case noChannel(path: String, channel: Int, channelCount: Int)
  /// The file is too short for a single frame.
  case tooShort(path: String, sampleCount: Int, needed: Int)
  /// With these options the file has more than `limit` values.
  case tooLong(path: String, limit: Int)

  /// Which kind of failure it is.
  public var kind: FailureKind {
    switch self {
    case .unusable, .noChannel, .tooLong: .usage
    case .tooShort: .badInput
    }
  }

  /// What is wrong.
  public var message: String {
    switch self {
    case .unusable(let reason): "cannot compute features with \(reason)"
    case .noChannel(let path, let channel, let channelCount):
      // People count from 1, and so does the command line.
      "\(path): has no channel \(channel &+ 1); the last is \(channelCount)"
    case .tooShort(let path, let sampleCount, let needed):
      "\(path): \(sampleCount) samples are too few for one frame of \(needed) samples"
    case .tooLong(let path, let limit):
      "\(path): would have more than \(limit) values; use a longer frame shift or fewer values for each frame"
    }
  }

  /// The file concerned.
  public var file: String? {
    switch self {
    case .unusable: nil
    case .noChannel(let path, _, _), .tooShort(let path, _, _), .tooLong(let path, _): path
    }
  }

  /// Throws `unusable` unless the condition holds.
  static func require(_ condition: Bool, _ reason: @autoclosure () -> String) throws(FeatureError) {
    if !condition { throw .unusable(reason: reason()) }
  }
}
