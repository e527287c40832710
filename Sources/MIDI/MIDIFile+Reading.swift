public import Groundwork

/// What a reader does with a file that breaks the standard.
public struct MIDIReadingOptions: Sendable, Hashable {
  /// How much a file may be wrong.
  public enum Policy: Sendable, Hashable {
    /// Keep what can be kept and warn. Only what is no MIDI file at all is an error.
    ///
    /// Damage inside a track ends that track at the damage; what came before it stays. Data bytes above 127 become
    /// 127. Events after an end of track are not read, as a player would not play them.
    case lenient
    /// The first thing that the standard forbids (`MIDIRule.isViolation`) is `MIDIError.violation`.
    case strict
  }

  /// What to do with what the standard forbids.
  public var policy: Policy

  /// Options; lenient by default.
  public init(policy: Policy = .lenient) { self.policy = policy }
}

extension MIDIFile {
  /// Reads a Standard MIDI File, also out of a RIFF (RMID) or MacBinary wrapper, in one pass over the bytes.
  /// - Throws: `MIDIError`, with the byte offset, where this is no MIDI file (or, strictly read, breaks the standard).
  public init(bytes: [UInt8], options: MIDIReadingOptions = MIDIReadingOptions()) throws(MIDIError) {
    self = try bytes.withUnsafeBytes { buffer in
      Result { () throws(MIDIError) in
        var reader = FileReader(buffer, storage: bytes, options: options)
        return try reader.read()
      }
    }.get()
  }

  /// Reads a Standard MIDI File out of memory that the caller keeps only for the call.
  /// - Throws: as `init(bytes:options:)` for an array.
  package init(
    bytes: UnsafeRawBufferPointer, options: MIDIReadingOptions = MIDIReadingOptions()
  ) throws(MIDIError) {
    var reader = FileReader(bytes, storage: [UInt8](bytes), options: options)
    self = try reader.read()
  }

  /// Whether a file that begins with these bytes may be one: a chunk named `MThd` is at the beginning, or behind a RIFF header
  /// or 128 bytes of MacBinary.
  package static func recognizes(firstBytes: [UInt8]) -> Bool {
    let magic = Array("MThd".utf8)
    return firstBytes.starts(with: magic) || firstBytes.starts(with: Array("RIFF".utf8))
      || firstBytes.dropFirst(128).starts(with: magic)
  }

  /// Reads the Standard MIDI File at `path`.
  /// - Parameters:
  ///   - path: the file.
  ///   - options: what is done with a file that breaks the standard.
  ///   - limit: how many bytes are read at most; of a file that does not begin as a MIDI file does, few.
  /// - Throws: `FileError` where it cannot be read or is too large, `MIDIError.inFile` where it is no MIDI file.
  public init(
    path: String, options: MIDIReadingOptions = MIDIReadingOptions(), limit: Int = SizeLimit.music
  ) throws {
    var file = try InputFile(path: path)
    let bytes = try file.bytes(limit: limit, headLength: 132, ifRecognized: Self.recognizes)
    do throws(MIDIError) {
      guard let bytes else { throw MIDIError.notMIDI(offset: 0) }
      try self.init(bytes: bytes, options: options)
    } catch {
      throw MIDIError.inFile(path: path, error)
    }
  }
}
