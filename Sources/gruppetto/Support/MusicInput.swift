internal import ArgumentParser
internal import Audio
internal import Composing
internal import Groundwork
internal import MIDI
internal import Music
internal import Notation

/// Reads the music that a command was given: a file, or standard input as `-`.
enum MusicInput {
  /// The bytes of the music file at `path`, or of standard input, and its name for messages.
  /// - Throws: `SoundInput` where it is a sound file.
  static func bytes(of path: String, _ input: InputOptions) throws -> (bytes: [UInt8], name: String) {
    guard path == "-" else { return (try checked(MusicFile.bytes(of: path, limit: input.music), path), path) }
    var file = InputFile(standardInput: (), after: StandardInput.taken)
    return (try checked(MusicFile.bytes(of: &file, limit: input.music), file.name), file.name)
  }

  private static func checked(_ bytes: [UInt8], _ name: String) throws(SoundInput) -> [UInt8] {
    if let kind = SoundInput.kind(of: bytes) { throw SoundInput(name: name, format: kind) }
    return bytes
  }

  /// What an input is called in messages.
  static func name(of path: String) -> String { path == "-" ? "standard input" : path }

  /// All scores of the file at `path`.
  static func readAll(_ path: String, ornaments: ABCOrnaments, _ input: InputOptions) throws -> ScoreReading {
    let (bytes, name) = try bytes(of: path, input)
    return try ScoreReader.read(bytes: bytes, name: name, ornaments: ornaments)
  }

  /// The one score of the file at `path`; of several, the one of number `piece`, from 1.
  ///
  /// By default ornaments are not played, because models learn tunes as they are written.
  /// - Throws: `UsageError` if there is no such piece, or several and `piece` is nil.
  static func readOne(
    _ path: String, piece: Int?, ornaments: ABCOrnaments = .ignore, input: InputOptions, common: CommonOptions
  ) throws -> Score {
    let reading = try readAll(path, ornaments: ornaments, input)
    return reading.scores[try index(of: piece, in: reading, path: path, common: common)]
  }

  /// A piece to continue: the score of number `piece`, from 1, the MIDI file if it comes from one, and the fingerprint of the file's
  /// bytes. Of a file of format 2 the MIDI file is the piece's own track.
  /// - Throws: as `readOne`.
  static func readWhole(
    _ path: String, piece: Int?, input: InputOptions, common: CommonOptions
  ) throws -> (score: Score, midi: MIDIFile?, fingerprint: String) {
    let (bytes, name) = try bytes(of: path, input)
    let fingerprint = Fingerprint(of: bytes).text
    let reading = try ScoreReader.read(bytes: bytes, name: name, ornaments: .ignore)
    let index = try index(of: piece, in: reading, path: path, common: common)
    guard var midi = try? MIDIFile(bytes: bytes) else { return (reading.scores[index], nil, fingerprint) }
    if midi.format == .independent, midi.tracks.count > 1 {
      midi = MIDIFile(format: .singleTrack, division: midi.division, tracks: [midi.tracks[index]])
    }
    return (reading.scores[index], midi, fingerprint)
  }

  /// The index of a piece among those that were read.
  private static func index(
    of piece: Int?, in reading: ScoreReading, path: String, common: CommonOptions
  ) throws -> Int {
    let count = reading.scores.count
    guard piece != nil || count == 1 else {
      let titles = reading.scores.prefix(3).enumerated().map {
        "\($0.offset + 1) \(Readable.line($0.element.title ?? "untitled"))"
      }
      throw UsageError(
        "\(name(of: path)) holds \(count) pieces; choose one with --piece N (\(titles.joined(separator: ", "))\(count > 3 ? ", …" : ""))"
      )
    }
    let number = piece ?? 1
    guard (1...max(count, 1)).contains(number), count > 0 else {
      throw UsageError(
        "\(name(of: path)) has no piece \(number); it holds \(Readable.plural(count, "piece"))")
    }
    if !reading.warnings.isEmpty {
      common.remark(
        "\(name(of: path)): \(Readable.plural(reading.warnings.count, "problem")) in the file; gruppetto inspect lists them"
      )
    }
    return number - 1
  }

  /// What a sound file of a piece tells of itself: its title, and what it was made with, where the file tells that.
  /// - Parameters:
  ///   - score: The piece.
  ///   - bytes: The file that it was read from.
  ///   - name: The file's name.
  static func tags(of score: Score, bytes: [UInt8], name: String) -> SoundTags {
    let title = score.title ?? (name == "-" ? nil : String(lastName(of: name).prefix { $0 != "." }))
    let texts = (try? MIDIFile(bytes: bytes))?.texts ?? []
    guard let record = try? CompositionRecord(texts: texts, path: name) else {
      return SoundTags(title: title, software: Gruppetto.signature)
    }
    var tags = record.tags(seed: record.seed, comment: record.text)
    tags.title = score.title ?? record.title
    return tags
  }

  /// The one score of the file at `path`, which can be rendered, and the tags of its sound file; see `readAudible`.
  static func readTagged(
    _ path: String, piece: Int?, ornaments: ABCOrnaments, input: InputOptions, common: CommonOptions
  ) throws -> (score: Score, tags: SoundTags) {
    let (bytes, name) = try bytes(of: path, input)
    let reading = try ScoreReader.read(bytes: bytes, name: name, ornaments: ornaments)
    let score = reading.scores[try index(of: piece, in: reading, path: path, common: common)]
    try requireAudible(score, path: path)
    return (score, tags(of: score, bytes: bytes, name: path))
  }

  /// The one score of the file at `path`, which has notes and can be rendered; see `readOne(_:piece:common:)`.
  /// - Throws: `SilentInput`, `EndlessInput`.
  static func readAudible(
    _ path: String, piece: Int?, ornaments: ABCOrnaments, input: InputOptions, common: CommonOptions
  ) throws -> Score {
    let score = try readOne(path, piece: piece, ornaments: ornaments, input: input, common: common)
    try requireAudible(score, path: path)
    return score
  }

  /// Checks that a score has notes and an end.
  static func requireAudible(_ score: Score, path: String) throws {
    guard score.noteCount > 0 else { throw SilentInput(path: path) }
    let seconds = score.timeMap.seconds(at: max(score.length, score.lastNoteEnd))
    guard seconds <= EndlessInput.limit else { throw EndlessInput(path: path, seconds: seconds) }
  }
}

/// A sound file where notes are needed.
struct SoundInput: DiagnosableError {
  /// What the input is called.
  var name: String
  /// What kind of sound file it is.
  var format: String
  var kind: FailureKind { .badInput }
  var file: String? { name == MusicInput.name(of: "-") ? nil : name }
  var message: String {
    "\(name): it is a sound file (\(format)), which has no notes to be read; play plays one by a name that ends as its format's do"
  }

  /// The format of a sound file, by its first bytes; nil for anything else.
  static func kind(of bytes: [UInt8]) -> String? {
    func has(_ text: String, at place: Int) -> Bool { bytes.dropFirst(place).starts(with: text.utf8) }
    if ["RIFF", "RIFX", "RF64"].contains(where: { has($0, at: 0) }), has("WAVE", at: 8) { return "WAV" }
    if has("FORM", at: 0), has("AIFF", at: 8) || has("AIFC", at: 8) { return "AIFF" }
    let signatures = [
      ("fLaC", "FLAC"), ("OggS", "Ogg"), ("caff", "CAF"), ("ID3", "MP3"), ("riff\u{2E}", "W64"),
    ]
    return signatures.first { has($0.0, at: 0) }?.1
  }
}

/// Music without notes where sound is needed.
struct SilentInput: DiagnosableError {
  var path: String
  var kind: FailureKind { .badInput }
  var message: String { "\(MusicInput.name(of: path)): it has no notes, so there is nothing to play" }
  var file: String? { path == "-" ? nil : path }
}

/// Music that would last for days, for example because of one damaged time.
struct EndlessInput: DiagnosableError {
  /// The longest music that is rendered or played, in seconds.
  static let limit = 86_400.0

  var path: String
  var seconds: Double
  var kind: FailureKind { .badInput }
  var message: String {
    "\(MusicInput.name(of: path)): lasts \(Readable.count(seconds / 3600)) hours, but the limit for sound is "
      + "\(Readable.count(Self.limit / 3600)) hours; the file is probably damaged"
  }
  var file: String? { path == "-" ? nil : path }
}

/// The option that chooses a piece of a file with several.
struct PieceOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Number of the piece in a tune book or a MIDI file of format 2, from 1.", valueName: "n"))
  var piece: Int?

  func validate() throws {
    if let piece, piece < 1 { throw ValidationError("--piece counts from 1, not \(piece).") }
  }
}

/// Whether a tune's ornaments are played.
struct OrnamentOption: ParsableArguments {
  enum Choice: String, ExpressibleByArgument, CaseIterable {
    case play, ignore
  }

  @Option(
    name: .customLong("ornaments"),
    help: "Play or ignore the trills, rolls, fermatas, staccato dots and chords of a tune book.")
  var choice = Choice.play

  var ornaments: ABCOrnaments { choice == .play ? .play : .ignore }
}
