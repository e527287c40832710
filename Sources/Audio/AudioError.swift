public import Groundwork

/// What can go wrong with sound files and sound devices.
public enum AudioError: DiagnosableError, Equatable {
  /// The file could not be opened, read or written at all.
  case file(FileError)
  /// The file is not sound in a form that can be read; `reason` is the decoder's message.
  case notAudio(path: String, reason: String)
  /// The file's sound cannot be decoded from `frame` on.
  case damaged(path: String, frame: Int, reason: String)
  /// The file holds more than `limit` samples, too many to be read at once.
  case tooLong(path: String, limit: Int)
  /// The ending of an output's name is not that of a format that can be written.
  case unknownEnding(path: String)
  /// The format cannot hold sound of this kind; `reason` tells what it can hold.
  case unsupportedSettings(path: String, reason: String)
  /// The playback device cannot be opened; `others` are the names of devices that are there.
  case noDevice(name: String, reason: String, others: [String])
  /// The device was opened, but takes none of the formats that can be given to it.
  case unsuitableDevice(name: String, reason: String)
  /// The device stopped working while it played.
  case deviceFailed(name: String, reason: String)
  /// The device took no sound for this many seconds, without reporting an error.
  case deviceStalled(name: String, seconds: Double)
  /// The device was unplugged, and did not come back within this many seconds.
  case deviceLost(name: String, seconds: Double)

  /// Which kind of failure it is.
  public var kind: FailureKind {
    switch self {
    case .file(let error): error.kind
    case .notAudio, .damaged, .tooLong: .badInput
    case .unknownEnding, .unsupportedSettings: .usage
    case .noDevice, .unsuitableDevice, .deviceFailed, .deviceStalled, .deviceLost: .cannotWrite
    }
  }

  /// What is wrong, and what can be done.
  public var message: String {
    if case .file(let error) = self { error.message } else { problemWithRemedies }
  }

  /// What can be done about a device.
  public var remedies: [Remedy] {
    switch self {
    case .file(let error): error.remedies
    case .noDevice, .unsuitableDevice, .deviceFailed, .deviceStalled, .deviceLost:
      [.chooseDevice, .writeSoundFile]
    case .notAudio, .damaged, .tooLong, .unknownEnding, .unsupportedSettings: []
    }
  }

  /// What is wrong.
  public var problem: String {
    switch self {
    case .file(let error): error.problem
    case .notAudio(let path, let reason): "\(path): is not a readable sound file (\(reason))"
    case .damaged(let path, let frame, let reason):
      "\(path): is damaged; the sound cannot be read from frame \(frame) (\(reason))"
    case .tooLong(let path, let limit):
      "\(path): has more than \(limit) samples, too many to read at once; split it into parts"
    case .unknownEnding(let path):
      "\(path): the ending must be .wav, .flac, .ogg, .opus, .mp3, .aiff, .caf or .w64"
    case .unsupportedSettings(let path, let reason): "\(path): \(reason)"
    case .noDevice(let name, let reason, let others):
      "the sound device “\(name)” cannot be opened (\(reason)); "
        + (others.isEmpty
          ? "no other device was found" : "other devices are \(others.joined(separator: ", "))")
    case .unsuitableDevice(let name, let reason):
      "the sound device “\(name)” cannot be set up (\(reason))"
    case .deviceFailed(let name, let reason):
      "the sound device “\(name)” stopped working (\(reason))"
    case .deviceStalled(let name, let seconds):
      "the sound device “\(name)” stopped taking sound (nothing for \(seconds) seconds)"
    case .deviceLost(let name, let seconds):
      "the sound device “\(name)” is gone, and did not come back within \(seconds) seconds"
    }
  }

  /// The file concerned; nil for a device.
  public var file: String? {
    switch self {
    case .file(let error): error.file
    case .notAudio(let path, _), .damaged(let path, _, _), .tooLong(let path, _), .unknownEnding(let path),
      .unsupportedSettings(let path, _):
      path
    case .noDevice, .unsuitableDevice, .deviceFailed, .deviceStalled, .deviceLost: nil
    }
  }
}
