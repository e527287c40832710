public import Audio
public import Groundwork

/// What can go wrong while music is played and kept.
public enum PerformanceError: DiagnosableError {
  /// A name of a file to be recorded into has an ending that says nothing.
  case unknownRecording(path: String)
  /// The system has no thread left.
  case noThread
  /// A file cannot be written.
  case file(FileError)
  /// The sound cannot be written.
  case audio(AudioError)

  /// Whose fault it is.
  public var kind: FailureKind {
    switch self {
    case .unknownRecording: .usage
    case .noThread: .cannotWrite
    case .file(let error): error.kind
    case .audio(let error): error.kind
    }
  }

  /// What was wrong, and what to do.
  public var message: String {
    switch self {
    case .unknownRecording(let path):
      "\(path): the ending says neither MIDI nor sound; name a .mid file, or a .wav, .flac or .ogg file"
    case .noThread: "the system has no thread left for it; end other programs"
    case .file(let error): error.message
    case .audio(let error): error.message
    }
  }

  /// The file that it is about.
  public var file: String? {
    switch self {
    case .unknownRecording(let path): path
    case .noThread: nil
    case .file(let error): error.file
    case .audio(let error): error.file
    }
  }
}
