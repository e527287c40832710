internal import ArgumentParser
internal import Audio
internal import Composing
internal import Drawing
internal import Groundwork
internal import MIDI

/// The option that makes a piece again.
struct LikeOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Make the piece of this file again, byte for byte: model, seed and all settings are those that it tells; with --seed another piece by the same settings.",
      valueName: "file"))
  var like: String?

  /// The options that may stand beside it: what does not decide about the notes, where things are now, and the seed.
  private static let companions: Set<String> = [
    "--like", "--output", "--count", "--seed", "--primer", "--corpus", "--metadata", "--no-metadata",
    "--explain", "--json", "--quiet", "--threads", "--size-limit", "--presets", "--rate", "--bits",
    "--gain", "--plain", "--from-start",
  ]

  /// The piece; nil if none is to be made again.
  /// - Throws: `UsageError` for options that ask for something else than the file; `CompositionRecordError`, `FileError`.
  func piece(_ input: InputOptions) throws -> PieceToRepeat? {
    guard let like else { return nil }
    if let option = Typed.options.first(where: { !Self.companions.contains($0) }) {
      throw UsageError("--like takes all settings from \(like); drop \(option)")
    }
    return PieceToRepeat(path: like, record: try RecordedFile.record(of: like, input))
  }
}

/// A piece that is to be made again, by what its file tells.
struct PieceToRepeat {
  var path: String
  var record: CompositionRecord

  /// The folder of the model: the given one, else the one that the file names.
  func modelPath(given: String?) throws -> String {
    if let given { return given }
    guard isFolder(record.model.path) else { throw MissingModel(path: path, model: record.model) }
    return record.model.path
  }

  /// What was asked for, with the music that it names.
  /// - Parameters:
  ///   - model: The model.
  ///   - primer: Where the primer is now; nil for where it was.
  ///   - corpus: Where the corpus is now that is not copied; nil for where it was.
  ///   - input: How large files may be.
  ///   - common: Whether remarks and progress are shown.
  func request(
    _ model: MusicModel, primer: String?, corpus: String?, input: InputOptions, common: CommonOptions
  ) throws -> CompositionRequest {
    var request = CompositionRequest(settings: record.settings)
    if let made = record.settings.primer {
      guard let place = primer ?? (fileExists(made.path) ? made.path : nil) else {
        throw MissingPrimer(path: path, primer: made.path)
      }
      let given = try GivenPrimer(
        path: place, piece: made.piece, isKept: made.isKept, for: model, input: input, common: common)
      guard given.source.fingerprint == made.fingerprint else {
        throw CompositionRecordError.otherPrimer(
          path: path, primer: place, made: made.fingerprint, given: given.source.fingerprint)
      }
      request.primer = given
    }
    if let made = record.settings.change {
      do {
        if made.command == "harmonize" {
          request.job = try Harmonize.job(of: made.options, input: input, common: common)
        } else {
          let given = try RecordedChange.parse(made.options)
          request.job = given.fills.job(
            bars: given.length.bars, piece: given.piece.piece, input: input, common: common)
        }
      } catch {
        throw CompositionRecordError.damaged(path: path, reason: "what it changes cannot be read")
      }
    }
    if let words = record.settings.limits {
      let limits: LimitOptions
      do { limits = try LimitOptions.parse(words) } catch {
        throw CompositionRecordError.damaged(path: path, reason: "its limits cannot be read")
      }
      try limits.record(in: &request, input: input, common: common)
      guard request.settings.limitFiles == record.settings.limitFiles else {
        let names = (record.settings.limitFiles ?? [:]).keys.sorted().joined(separator: " and ")
        throw OtherSource(path: path, source: names)
      }
    }
    request.settings.styles = nil
    for made in record.settings.styles ?? [] {
      try request.add(style: made.path, weight: made.weight)
      guard let given = request.settings.styles?.last?.fingerprint, given == made.fingerprint else {
        throw OtherSource(path: path, source: made.path)
      }
    }
    if let made = record.settings.avoidCopying {
      let place = corpus ?? made.path
      let given = try ForbiddenPassages(notes: made.notes, corpus: place, of: model, common: common)
      guard given.limit.corpus == made.corpus else {
        throw CompositionRecordError.otherCorpus(
          path: path, corpus: place ?? model.name, made: made.corpus, given: given.limit.corpus)
      }
      request.passages = given.index
    }
    return request
  }
}

/// Reads what files that the program wrote tell of themselves.
enum RecordedFile {
  /// The record in the file at `path`: a MIDI file, a sound file, a picture or a page.
  /// - Throws: `CompositionRecordError`, `FileError`.
  static func record(of path: String, _ input: InputOptions) throws -> CompositionRecord {
    try CompositionRecord(texts: try texts(in: path, input), path: path)
  }

  private static func texts(in path: String, _ input: InputOptions) throws -> [String] {
    var file = try InputFile(path: path)
    let head = try file.firstBytes(132)
    if MIDIFile.recognizes(firstBytes: head), let midi = try? MIDIFile(path: path, limit: input.music) {
      return midi.texts
    }
    if let reader = try? AudioFileReader(path: path) { return reader.comment.map { [$0] } ?? [] }
    guard head.first(where: { !" \t\r\n".utf8.contains($0) }) == UInt8(ascii: "<") else { return [] }
    let text = String(decoding: try file.bytes(limit: input.limit(SizeLimit.standard)), as: UTF8.self)
    return SVG.metadata(in: text)
  }
}

/// The model that a file was made with is not where it was.
struct MissingModel: DiagnosableError {
  var path: String
  var model: CompositionRecord.Model
  var kind: FailureKind { .missingInput }
  var message: String {
    "\(path): was made with the model \(model.path) (fingerprint \(model.fingerprint)), which is not there; name its folder: "
      + "gruppetto generate MODEL --like \(path)"
  }
  var file: String? { path }
}

/// The music that a file goes on from is not where it was.
struct MissingPrimer: DiagnosableError {
  var path: String
  var primer: String
  var kind: FailureKind { .missingInput }
  var message: String {
    "\(path): goes on from "
      + (primer == "-" ? "music that came by standard input" : "\(primer), which is not there")
      + "; name the file with --primer FILE"
  }
  var file: String? { path }
}

/// A style, a rhythm or a contour is not the one that a file was made with.
struct OtherSource: DiagnosableError {
  var path: String
  var source: String
  var kind: FailureKind { .badInput }
  var message: String { "\(path): was made with another \(source) than is there now; put the original there" }
  var file: String? { path }
}

/// The options of `generate` that change a piece, as a record has them.
struct RecordedChange: ParsableArguments {
  @OptionGroup var length: ChosenBarsOption
  @OptionGroup var piece: PieceOption
  @OptionGroup var fills: FillOptions
}
