public import Music

/// A format of files that hold scores. `ScoreReader.formats` lists those that this package knows: a new one is a type that
/// conforms to this protocol, and a line there.
public protocol ScoreFormat: Sendable {
  /// What a file of it is called, with its article: `a MIDI file`.
  var name: String { get }
  /// The endings of such files' names in lower case without the dot, the usual one first.
  var fileEndings: [String] { get }
  /// Whether scores can be written in it.
  var canWrite: Bool { get }

  /// Whether a file of any name that begins with these bytes is of this format.
  /// - Parameter firstBytes: the first `ScoreReader.recognizableLength` bytes of a file, all of them where it has fewer. More do
  ///   no harm.
  func recognizes(firstBytes: [UInt8]) -> Bool

  /// The scores that `bytes` hold, and everything that is wrong with them.
  /// - Parameters:
  ///   - bytes: the whole content of a file.
  ///   - name: the file's name, for messages.
  ///   - options: what the reading leaves to taste.
  /// - Throws: a `DiagnosableError` where nothing can be read.
  func read(_ bytes: [UInt8], name: String, options: ScoreReadingOptions) throws -> ScoreReading

  /// The content of a file that holds `score`.
  /// - Throws: `ScoreError.unrepresentable` if the format has no room for a value of it, `.notWritable` where `canWrite` is false.
  func encode(_ score: Score) throws(ScoreError) -> EncodedScore
}

extension ScoreFormat {
  /// False by default.
  public var canWrite: Bool { false }

  /// Throws `ScoreError.notWritable`.
  public func encode(_ score: Score) throws(ScoreError) -> EncodedScore { throw .notWritable(format: name) }
}

/// Options for reading scores; each format takes from it what it knows.
public struct ScoreReadingOptions: Sendable, Hashable {
  /// How scores are made of MIDI files.
  public var midi: MIDIScoreOptions
  /// Whether the ornaments of a tune book are played.
  public var ornaments: ABCOrnaments

  /// Options.
  public init(midi: MIDIScoreOptions = MIDIScoreOptions(), ornaments: ABCOrnaments = .play) {
    self.midi = midi
    self.ornaments = ornaments
  }
}
