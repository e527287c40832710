internal import MIDI
public import Music

/// Standard MIDI Files, also in a RIFF (RMID) or MacBinary wrapper.
public struct MIDIFormat: ScoreFormat {
  /// The format.
  public init() {}

  /// What a file of it is called.
  public var name: String { "a MIDI file" }
  /// `mid`, `midi`, `rmi` (RIFF) and `kar` (karaoke).
  public var fileEndings: [String] { ["mid", "midi", "rmi", "kar"] }
  /// Always.
  public var canWrite: Bool { true }

  /// Whether a chunk named `MThd` is at the beginning, or after a RIFF header or 128 bytes of MacBinary.
  public func recognizes(firstBytes: [UInt8]) -> Bool {
    MIDIFile.recognizes(firstBytes: firstBytes)
  }

  /// One score, or in format 2 one for each track.
  /// - Throws: `MIDIError.inFile`.
  public func read(_ bytes: [UInt8], name: String, options: ScoreReadingOptions) throws -> ScoreReading {
    do throws(MIDIError) {
      return Score.reading(try MIDIFile(bytes: bytes), options: options.midi)
    } catch {
      throw MIDIError.inFile(path: name, error)
    }
  }

  /// A file of format 1, as `MIDIFile.init(score:)` makes it.
  public func encode(_ score: Score) throws(ScoreError) -> EncodedScore {
    let writing = try ScoreWriting(score)
    return EncodedScore(bytes: writing.file.encoded(), warnings: writing.warnings)
  }
}
