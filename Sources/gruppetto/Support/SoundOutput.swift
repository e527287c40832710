internal import Analysis
internal import ArgumentParser
internal import Audio
internal import Composing
internal import Foundation
internal import Groundwork
internal import Music
internal import Synthesis

/// How music is rendered; shared by the commands that write or play sound.
struct SoundOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Sample rate in Hz: 44100 or 48000.", valueName: "hz"))
  var rate = 44_100

  @Option(help: ArgumentHelp("Bits per sample.", valueName: "format"))
  var bits: Bits = .sixteen

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Gain in decibels; above 0 is louder.", valueName: "db"))
  var gain = 0.0

  @OptionGroup var performance: PerformanceOptions

  @Option(help: ArgumentHelp("Folder of presets (default: the one that ships).", valueName: "folder"))
  var presets: String?

  enum Bits: String, ExpressibleByArgument, CaseIterable {
    case sixteen = "16"
    case twentyFour = "24"
    case float

    var encoding: SampleEncoding {
      switch self {
      case .sixteen: .pcm16
      case .twentyFour: .pcm24
      case .float: .float
      }
    }
  }

  func validate() throws {
    guard Self.rates.contains(rate) else {
      throw ValidationError("--rate is 44100 or 48000, not \(rate).")
    }
    guard Self.gains.contains(gain) else {
      throw ValidationError("--gain is in decibels, from -60 to 40, not \(gain).")
    }
  }

  private static let rates: Set<Int> = [44_100, 48_000]
  private static let gains = -60.0...40.0

  /// The instruments of the folder of presets.
  func instruments() throws -> InstrumentLibrary {
    try InstrumentLibrary(folder: try Resources.presets(named: presets) + "/instruments")
  }

  /// Checks that the format of the file at `path` supports the options.
  func check(_ path: String) throws {
    let format = try AudioFileFormat(path: path)
    guard format == .ogg || format.encodings.contains(bits.encoding) else {
      throw UsageError(
        "\(path): FLAC holds 16 or 24 bits; drop --bits \(bits.rawValue), or write a .wav file")
    }
  }

  /// The options, with those of a rendering that is made again where they were not given anew.
  /// - Throws: `CompositionRecordError.damaged` for a rendering that there cannot have been.
  func following(_ repeated: PieceToRepeat) throws -> SoundOptions {
    guard let made = repeated.record.sound else { return self }
    guard Self.rates.contains(made.rate), Self.gains.contains(made.gain),
      made.bits.map({ Bits(rawValue: $0) != nil }) ?? true
    else {
      throw CompositionRecordError.damaged(
        path: repeated.path,
        reason: "no sound of \(made.rate) Hz, \(made.bits ?? "no") bits and \(made.gain) dB is written")
    }
    var options = self
    if !Typed.hasOption("--rate") { options.rate = made.rate }
    if !Typed.hasOption("--bits") { options.bits = made.bits.flatMap(Bits.init) ?? .sixteen }
    if !Typed.hasOption("--gain") { options.gain = made.gain }
    if !Typed.hasOption("--plain") { options.performance.plain = made.isPlain }
    if !Typed.hasOption("--from-start") { options.performance.fromStart = made.startsAtBeginning }
    return options
  }

  /// The options as a record of a sound file has them.
  func record(of path: String, library: InstrumentLibrary) throws -> CompositionRecord.Sound {
    CompositionRecord.Sound(
      rate: rate, bits: try AudioFileFormat(path: path) == .ogg ? nil : bits.rawValue, gain: gain,
      isPlain: performance.plain, startsAtBeginning: performance.fromStart, instruments: library.fingerprint)
  }

  /// The rendering of `score` into the file at `path`.
  /// - Throws: `AudioError.unknownEnding`.
  func rendering(of score: Score, to path: String, comment: String? = nil) throws -> Rendering {
    Rendering(
      score: performance.instrumented(score), path: path,
      options: performance.renderOptions(sampleRate: rate, gain: gain),
      encoding: try AudioFileFormat(path: path) == .ogg ? nil : bits.encoding, comment: comment)
  }
}

/// A score that is to be rendered into a file.
struct Rendering: Sendable {
  var score: Score
  var path: String
  var options: RenderOptions
  /// How samples are stored; nil where the format does not ask.
  var encoding: SampleEncoding?
  /// What the file tells of itself.
  var comment: String?

  /// Renders it.
  /// - Returns: What was written; nil if it was canceled.
  func run(
    _ library: InstrumentLibrary, cancellation: Cancellation, progress: ProgressHandler?
  ) throws(AudioError) -> WrittenSound? {
    var source = ScoreRenderer(score: score, library: library, options: options)
    return try AudioFile.write(
      &source, to: path, encoding: encoding, comment: comment, cancellation: cancellation, progress: progress)
  }

  /// Renders it, and stops at Ctrl-C.
  /// - Throws: `InterruptedError`; then no file was written.
  func write(_ library: InstrumentLibrary, progress: ProgressHandler?) throws -> RenderedFile {
    let began = DispatchTime.now().uptimeNanoseconds
    let written = try run(library, cancellation: Interruption.cancellation(), progress: progress)
    guard let written else { throw InterruptedError("interrupted; \(path) was not written") }
    let spent = Double(DispatchTime.now().uptimeNanoseconds - began) / 1e9
    return RenderedFile(
      file: path, seconds: written.seconds, pieceSeconds: score.seconds,
      startSeconds: score.timeMap.seconds(at: options.start.tick(in: score)),
      lastNoteSeconds: score.lastNoteSeconds, peak: Double(written.peak), loudness: written.loudness,
      sound: "builtin",
      realTimeFactor: written.seconds / max(spent, 1e-9))
  }
}

/// How music is played that leaves it open; shared by the commands that write or play sound.
struct PerformanceOptions: ParsableArguments {
  @Flag(
    help: ArgumentHelp(
      "Play each note exactly as loud and as long as it is written, without accents or a slower end.",
      discussion:
        "Parts without a program are then played by a piano; otherwise they get instruments that suit them."))
  var plain = false

  @Flag(help: "Begin at the beginning of the piece, even if nothing sounds there.")
  var fromStart = false

  /// Where the sound begins.
  var start: RenderStart { fromStart ? .beginning : .firstNote }

  /// The score with instruments for its parts where it names none.
  func instrumented(_ score: Score) -> Score { plain ? score : score.withFittingPrograms() }

  /// The options of a rendering.
  func renderOptions(sampleRate: Int, gain: Double) -> RenderOptions {
    RenderOptions(
      sampleRate: sampleRate, gain: gain, start: start, expression: plain ? nil : Expression())
  }
}

/// The result of rendering, as `--json` prints it.
struct RenderedFile: Encodable {
  var file: String
  /// The length of the sound in seconds: to the end of the last note and its release.
  var seconds: Double
  /// The length of the piece, the same as `seconds` of `inspect`; a file may end in silence.
  var pieceSeconds: Double
  /// Where in the piece the sound begins, in seconds.
  var startSeconds: Double
  /// The end of the last note in seconds.
  var lastNoteSeconds: Double
  /// The largest magnitude of a sample; full scale is 1.
  var peak: Double
  /// The integrated loudness in LUFS; nil if nothing is loud enough to measure.
  var loudness: Double?
  var sound: String
  /// Seconds of sound for each second of work.
  var realTimeFactor: Double

  /// A remark if the piece is longer than its sound because it ends in silence.
  var silence: String {
    guard pieceSeconds >= startSeconds + seconds + 1 else { return "" }
    return " (the piece is \(Readable.clock(pieceSeconds)) long, and its last note ends at "
      + "\(Readable.clock(lastNoteSeconds)))"
  }

  /// The peak in decibels below full scale.
  var peakDecibels: Double { peak > 0 ? 20 * log10(peak) : -.infinity }
}
