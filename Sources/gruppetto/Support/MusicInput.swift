internal import ArgumentParser
internal import Groundwork
internal import MIDI
internal import Music
internal import Notation

/// Reads the music that a command was given: a file, or standard input as `-`.
enum MusicInput {
  /// The bytes of the file of music at `path`, or of standard input, and what it is called.
  static func bytes(of path: String, _ input: InputOptions) throws -> (bytes: [UInt8], name: String) {
    guard path == "-" else { return (try MusicFile.bytes(of: path, limit: input.music), path) }
    var file = InputFile(standardInput: ())
    return (try MusicFile.bytes(of: &file, limit: input.music), file.name)
  }

  /// All scores of the file at `path`.
  static func readAll(_ path: String, ornaments: ABCOrnaments, _ input: InputOptions) throws -> ScoreReading {
    let (bytes, name) = try bytes(of: path, input)
    return try ScoreReader.read(bytes: bytes, name: name, ornaments: ornaments)
  }

  /// The one score of the file at `path`; of several, the one of number `piece`, from 1.
  ///
  /// A tune is read as it is written unless `ornaments` says otherwise: so it is what models learn from.
  /// - Throws: `UsageError` where there is no such piece, or several and none is named.
  static func readOne(
    _ path: String, piece: Int?, ornaments: ABCOrnaments = .ignore, input: InputOptions, common: CommonOptions
  ) throws -> Score {
    let reading = try readAll(path, ornaments: ornaments, input)
    return reading.scores[try index(of: piece, in: reading, path: path, common: common)]
  }

  /// A piece to go on with: the one of number `piece`, from 1, and the MIDI file that it is, where it is one. Of a file of
  /// format 2 that is the piece's own track.
  /// - Throws: as `readOne`.
  static func readWhole(
    _ path: String, piece: Int?, input: InputOptions, common: CommonOptions
  ) throws -> (score: Score, midi: MIDIFile?) {
    let (bytes, name) = try bytes(of: path, input)
    let reading = try ScoreReader.read(bytes: bytes, name: name, ornaments: .ignore)
    let index = try index(of: piece, in: reading, path: path, common: common)
    guard var midi = try? MIDIFile(bytes: bytes) else { return (reading.scores[index], nil) }
    if midi.format == .independent, midi.tracks.count > 1 {
      midi = MIDIFile(format: .singleTrack, division: midi.division, tracks: [midi.tracks[index]])
    }
    return (reading.scores[index], midi)
  }

  /// The place of a piece among those that were read.
  private static func index(
    of piece: Int?, in reading: ScoreReading, path: String, common: CommonOptions
  ) throws -> Int {
    let count = reading.scores.count
    guard piece != nil || count == 1 else {
      let titles = reading.scores.prefix(3).enumerated().map {
        "\($0.offset + 1) \(Readable.line($0.element.title ?? "untitled"))"
      }
      throw UsageError(
        "\(path) holds \(count) pieces; choose one with --piece N (\(titles.joined(separator: ", "))\(count > 3 ? ", …" : ""))"
      )
    }
    let number = piece ?? 1
    guard (1...max(count, 1)).contains(number), count > 0 else {
      throw UsageError("\(path) has no piece \(number); it holds \(Readable.plural(count, "piece"))")
    }
    if !reading.warnings.isEmpty {
      let faults = Readable.plural(reading.warnings.count, "thing")
      common.remark(
        "\(path): \(faults) in it \(reading.warnings.count == 1 ? "is" : "are") not as should be; gruppetto inspect tells more"
      )
    }
    return number - 1
  }

  /// The one score of the file at `path`, which can be made to sound; see `readOne(_:piece:common:)`.
  /// - Throws: `SilentInput`, `EndlessInput`.
  static func readAudible(
    _ path: String, piece: Int?, ornaments: ABCOrnaments, input: InputOptions, common: CommonOptions
  ) throws -> Score {
    let score = try readOne(path, piece: piece, ornaments: ornaments, input: input, common: common)
    guard score.noteCount > 0 else { throw SilentInput(path: path) }
    let seconds = score.timeMap.seconds(at: max(score.length, score.lastNoteEnd))
    guard seconds <= EndlessInput.limit else { throw EndlessInput(path: path, seconds: seconds) }
    return score
  }
}

/// Music without a note where something should sound.
struct SilentInput: DiagnosableError {
  var path: String
  var kind: FailureKind { .badInput }
  var message: String { "\(path): there is no note in it, so there is nothing to hear" }
  var file: String? { path }
}

/// Music that would sound for days: one damaged time is enough.
struct EndlessInput: DiagnosableError {
  /// The most that is made to sound, in seconds.
  static let limit = 86_400.0

  var path: String
  var seconds: Double
  var kind: FailureKind { .badInput }
  var message: String {
    "\(path): lasts \(Readable.count(seconds / 3600)) hours, and \(Readable.count(Self.limit / 3600)) are the most that is "
      + "made to sound; the file is probably damaged"
  }
  var file: String? { path }
}

/// Which piece of a file of several is meant.
struct PieceOption: ParsableArguments {
  @Option(
    help: ArgumentHelp("Which piece of a tune book or of a MIDI file of format 2, from 1.", valueName: "n"))
  var piece: Int?

  func validate() throws {
    if let piece, piece < 1 { throw ValidationError("--piece counts from 1, and is \(piece).") }
  }
}

/// Whether a tune's ornaments are played.
struct OrnamentOption: ParsableArguments {
  enum Choice: String, ExpressibleByArgument, CaseIterable {
    case play, ignore
  }

  @Option(
    name: .customLong("ornaments"),
    help: "Whether the trills, rolls, fermatas, staccato dots and chords of a tune book are played out.")
  var choice = Choice.play

  var ornaments: ABCOrnaments { choice == .play ? .play : .ignore }
}
