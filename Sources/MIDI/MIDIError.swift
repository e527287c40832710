public import Groundwork

/// Why bytes could not be read as a Standard MIDI File at all.
public enum MIDIError: DiagnosableError, Equatable {
  /// There are no bytes.
  case emptyFile
  /// No header chunk where one should be.
  case notMIDI(offset: Int)
  /// The header chunk is shorter than six bytes, or the file ends in it.
  case headerTooShort(offset: Int, length: Int)
  /// Neither the header's length nor its format can be: what follows is noise.
  case headerIsNonsense(offset: Int, length: Int, format: Int)
  /// The division is zero: a tick would have no duration.
  case divisionIsZero(offset: Int)
  /// A frame rate that SMPTE does not know.
  case unknownFrameRate(offset: Int, framesPerSecond: Int)
  /// More than 4 GB, which offsets of 32 bits cannot address.
  case fileTooLarge(byteCount: Int)
  /// Something that the standard forbids, met by the strict reader.
  case violation(Diagnostic)
  /// Any of these, in the file at `path`.
  indirect case inFile(path: String, MIDIError)

  /// Whose fault it is.
  public var kind: FailureKind { .badInput }

  /// What was wrong and where, in a sentence.
  public var message: String {
    switch self {
    case .emptyFile: "the file is empty, so it is not a MIDI file"
    case .notMIDI(let offset):
      "this is not a MIDI file: it has no MThd chunk at byte \(offset); export it again as a Standard MIDI File"
    case .headerTooShort(let offset, let length):
      "the MIDI header at byte \(offset) has \(length) bytes instead of six"
    case .headerIsNonsense(let offset, let length, let format):
      "this is not a MIDI file, or a damaged one: the header at byte \(offset) gives a length of \(length) bytes instead of six "
        + "and format \(format), which does not exist; export it again as a Standard MIDI File"
    case .divisionIsZero(let offset):
      "the division at byte \(offset) is zero, so events have no times; export it again as a Standard MIDI File"
    case .unknownFrameRate(let offset, let framesPerSecond):
      "the division at byte \(offset) gives \(framesPerSecond) frames per second, but only 24, 25, 29 (29.97) and 30 exist"
    case .fileTooLarge(let byteCount): "\(byteCount) bytes exceed the 4 GB limit of a MIDI file"
    case .violation(let diagnostic): "\(diagnostic) (\(diagnostic.rule))"
    case .inFile(let path, let error): "\(path): \(error.message)"
    }
  }

  /// The file that it is about, where known.
  public var file: String? {
    if case .inFile(let path, _) = self { path } else { nil }
  }

  /// The byte offset in the file, where known.
  public var offset: Int? {
    switch self {
    case .emptyFile, .fileTooLarge: nil
    case .notMIDI(let offset), .headerTooShort(let offset, _), .divisionIsZero(let offset),
      .headerIsNonsense(let offset, _, _), .unknownFrameRate(let offset, _):
      offset
    case .violation(let diagnostic): diagnostic.offset
    case .inFile(_, let error): error.offset
    }
  }
}
