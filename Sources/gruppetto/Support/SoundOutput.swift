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
  @Option(help: ArgumentHelp("Sample rate in Hz, 8000 to 192000.", valueName: "hz"))
  var rate = 44_100

  @Option(help: ArgumentHelp("Bits per sample.", valueName: "format"))
  var bits: Bits = .sixteen

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Gain in decibels; above 0 is louder.", valueName: "db"))
  var gain = 0.0

  @OptionGroup var mix: MixOptions

  @OptionGroup var banks: SoundBankOptions
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
    guard RenderOptions.sampleRates.contains(rate) else {
      throw ValidationError("--rate is a number from 8000 to 192000, not \(rate).")
    }
    guard Self.gains.contains(gain) else {
      throw ValidationError("--gain is in decibels, from -60 to 40, not \(gain).")
    }
  }

  private static let gains = -60.0...40.0

  /// The instruments.
  /// - Parameter common: Says which, where that was left to the program.
  func instruments(_ common: CommonOptions?) throws -> LoadedSound {
    try banks.load(presets: presets, common: common)
  }

  /// Checks that the format of the file at `path` supports the options.
  /// - Parameter others: The sound files that are written beside it: what one of them has no use for can be another's.
  func check(_ path: String, besides others: [String] = []) throws {
    let format = try AudioFileFormat(path: path)
    let isEachLossy = others.allSatisfy { (try? AudioFileFormat(path: $0))?.isLossy ?? true }
    if format.isLossy, isEachLossy, Typed.hasOption("--bits") {
      throw UsageError(
        "\(path): --bits \(bits.rawValue) does not fit: .\(format.rawValue) files are compressed and have no bits per sample; write a .wav or .flac file, or drop --bits"
      )
    }
    guard format.isLossy || format.encodings.contains(bits.encoding) else {
      throw UsageError(
        "\(path): FLAC holds 16 or 24 bits; drop --bits \(bits.rawValue), or write a .wav file")
    }
    if let rates = format.sampleRates, !rates.contains(usedRate(format)) {
      let list = rates.map(String.init).joined(separator: ", ")
      throw UsageError(
        "\(path): --rate \(rate) does not fit: .\(format.rawValue) files have \(list) Hz; write a .wav or .flac file, or drop --rate"
      )
    }
  }

  /// The sample rate in a format: one that it holds, if none was asked for.
  private func usedRate(_ format: AudioFileFormat) -> Int {
    guard let rates = format.sampleRates, !rates.contains(rate), !Typed.hasOption("--rate") else {
      return rate
    }
    return 48_000
  }

  /// The options, with those of a rendering that is made again where they were not given anew.
  /// - Throws: `CompositionRecordError.damaged` for a rendering that there cannot have been.
  func following(_ repeated: PieceToRepeat) throws -> SoundOptions {
    guard let made = repeated.record.sound else { return self }
    guard RenderOptions.sampleRates.contains(made.rate), Self.gains.contains(made.gain),
      made.bits.map({ Bits(rawValue: $0) != nil }) ?? true
    else {
      throw CompositionRecordError.damaged(
        path: repeated.path,
        reason: "no sound of \(made.rate) Hz, \(made.bits ?? "no") bits and \(made.gain) dB is written")
    }
    var options = self
    guard let mix = mix.following(made) else {
      throw CompositionRecordError.damaged(
        path: repeated.path, reason: "no sound is written with such a reverb or loudness")
    }
    options.mix = mix
    if !Typed.hasOption("--rate") { options.rate = made.rate }
    if !Typed.hasOption("--bits") { options.bits = made.bits.flatMap(Bits.init) ?? .sixteen }
    if !Typed.hasOption("--gain") { options.gain = made.gain }
    if !Typed.hasOption("--sound") { options.banks.sound = made.banks ?? [SoundBankOptions.builtIn] }
    if !Typed.hasOption("--plain") { options.performance.plain = made.isPlain }
    if !Typed.hasOption("--tuning") {
      options.performance.temperament.tuning = made.tuning ?? Temperament.equal.name
      guard made.tuning == nil || options.performance.temperament.temperament != nil else {
        throw CompositionRecordError.damaged(
          path: repeated.path, reason: "no sound is written in the temperament “\(made.tuning ?? "")”")
      }
    }
    if !Typed.hasOption("--interpolation") {
      guard let made = options.performance.interpolation.following(made.interpolation) else {
        throw CompositionRecordError.damaged(
          path: repeated.path, reason: "no sound is written with such an interpolation of samples")
      }
      options.performance.interpolation = made
    }
    if !Typed.hasOption("--from-start") { options.performance.fromStart = made.startsAtBeginning }
    return options
  }

  /// The options as a record of a sound file has them.
  func record(of path: String, library: LoadedSound) throws -> CompositionRecord.Sound {
    let format = try AudioFileFormat(path: path)
    var record = CompositionRecord.Sound(
      rate: usedRate(format), bits: format.isLossy ? nil : bits.rawValue, gain: gain,
      isPlain: performance.plain, startsAtBeginning: performance.fromStart, instruments: library.fingerprint,
      banks: library.chosen == [SoundBankOptions.builtIn] ? nil : library.chosen)
    record.tuning = performance.temperament.temperament?.name
    record.interpolation = performance.interpolation.recorded
    mix.add(to: &record)
    return record
  }

  /// The rendering of `score` into the file at `path`.
  /// - Throws: `AudioError.unknownEnding`.
  func rendering(of score: Score, to path: String, tags: SoundTags) throws -> Rendering {
    let format = try AudioFileFormat(path: path)
    var options = performance.renderOptions(sampleRate: usedRate(format))
    mix.reverb.apply(to: &options)
    return Rendering(
      score: performance.instrumented(score), path: path, options: options, level: mix.level, gain: gain,
      encoding: format.isLossy ? nil : bits.encoding, tags: tags)
  }
}

/// A score that is to be rendered into a file.
struct Rendering: Sendable {
  var score: Score
  var path: String
  var options: RenderOptions
  /// How loud it becomes, and decibels on top of that.
  var level: LevelTarget
  var gain: Double
  /// How samples are stored; nil where the format does not ask.
  var encoding: SampleEncoding?
  /// What the file tells of itself.
  var tags: SoundTags

  /// Renders it.
  /// - Returns: What was written; nil if it was canceled.
  func run(
    _ library: LoadedSound, cancellation: Cancellation, progress: ProgressHandler?
  ) throws(AudioError) -> MasteredSound? {
    var options = options
    options.isLimited = false
    var source = ScoreRenderer(score: score, bank: library, options: options)
    return try Mastering.write(
      &source, to: path, level: level, gain: gain, encoding: encoding, tags: tags,
      threadCount: options.threadCount, cancellation: cancellation, progress: progress)
  }

  /// Renders it, and stops at Ctrl-C.
  /// - Throws: `InterruptedError`; then no file was written.
  func write(_ library: LoadedSound, progress: ProgressHandler?) throws -> RenderedFile {
    let began = DispatchTime.now().uptimeNanoseconds
    let written = try run(library, cancellation: Interruption.cancellation(), progress: progress)
    guard let written else { throw InterruptedError("interrupted; \(path) was not written") }
    return report(written, library, seconds: Double(DispatchTime.now().uptimeNanoseconds - began) / 1e9)
  }

  /// The report of what was written.
  /// - Parameters:
  ///   - library: What it was rendered with.
  ///   - seconds: How long that took.
  func report(_ written: MasteredSound, _ library: LoadedSound, seconds spent: Double) -> RenderedFile {
    let sound = written.sound
    return RenderedFile(
      file: path, seconds: sound.seconds, pieceSeconds: score.seconds,
      startSeconds: score.timeMap.seconds(at: options.start.tick(in: score)),
      lastNoteSeconds: score.lastNoteSeconds, peak: Double(sound.peak), truePeak: Double(sound.truePeak),
      loudness: sound.loudness, loudnessAskedFor: level.loudness, gain: written.gain,
      limiter: .init(
        greatestReduction: written.greatestReduction, shareAbove3dB: written.strongReductionShare),
      isLong: isLong(sound), sound: library.chosen.joined(separator: ", "),
      realTimeFactor: sound.seconds / max(spent, 1e-9))
  }

  /// Whether a WAV file is too long for its plain form.
  private func isLong(_ sound: WrittenSound) -> Bool {
    guard (try? AudioFileFormat(path: path)) == .wav else { return false }
    let width = encoding == .float ? 4 : encoding == .pcm24 ? 3 : 2
    return sound.frameCount * 2 * width > Int(UInt32.max) - 4096
  }
}

/// How music is played that leaves it open; shared by the commands that write or play sound.
struct PerformanceOptions: ParsableArguments {
  @Flag(
    help: ArgumentHelp(
      "Play each note exactly as loud and as long as it is written, without accents or a slower end, and leave parts in the middle that have no pan.",
      discussion:
        "Parts without a program are then played by a piano; otherwise they get instruments that suit them."))
  var plain = false

  @Flag(help: "Begin at the beginning of the piece, even if nothing sounds there.")
  var fromStart = false

  @OptionGroup var temperament: TuningOption
  @OptionGroup var interpolation: InterpolationOption

  /// Where the sound begins.
  var start: RenderStart { fromStart ? .beginning : .firstNote }

  /// The score with instruments for its parts where it names none.
  func instrumented(_ score: Score) -> Score { plain ? score : score.withFittingPrograms() }

  /// The options of a rendering.
  func renderOptions(sampleRate: Int) -> RenderOptions {
    RenderOptions(
      sampleRate: sampleRate, start: start, expression: plain ? nil : Expression(), placesParts: !plain,
      temperament: temperament.temperament, interpolation: interpolation.value)
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
  /// The true peak (ITU-R BS.1770); full scale is 1.
  var truePeak: Double
  /// The integrated loudness in LUFS; nil if nothing is loud enough to measure.
  var loudness: Double?
  /// The loudness that --normalize asked for; nil if it did not.
  var loudnessAskedFor: Double?
  /// The gain before the limiter in decibels: the measured one and --gain.
  var gain: Double
  var limiter: LimiterReport
  /// The files of the parts, where they were asked for.
  var stems: [StemRendering.Stem]?
  /// Whether it is an RF64 file, because a WAV file cannot pass 4 GiB.
  var isLong: Bool
  var sound: String
  /// Seconds of sound for each second of work.
  var realTimeFactor: Double

  /// What the limiter did.
  struct LimiterReport: Encodable {
    /// The most that it reduced the gain by, in decibels.
    var greatestReduction: Double
    /// The share of the time at which it reduced the gain by more than 3 dB, 0...1.
    var shareAbove3dB: Double
  }

  private enum CodingKeys: String, CodingKey {
    case file, seconds, pieceSeconds, startSeconds, lastNoteSeconds, peak, truePeak, loudness
    case loudnessAskedFor, gain, limiter
    case isLong = "rf64"
    case stems, sound, realTimeFactor
  }

  /// What was written, in a line.
  var text: String {
    "\(file): \(Readable.clock(seconds))\(silence), peak \(Readable.decimal(peakDecibels, 1)) dBFS"
      + (loudness.map { ", \(Readable.decimal($0, 1)) LUFS\(shortfall($0))" } ?? "")
      + ", rendered \(Readable.decimal(realTimeFactor, 0)) times faster than real time"
      + (stems.map { "; \(Readable.plural($0.count, "part")) beside it" } ?? "")
      + (isLong ? "; it is over 4 GiB, and so an RF64 file" : "")
  }

  /// A remark if the sound is not as loud as was asked for: a limiter cannot make everything as loud.
  private func shortfall(_ loudness: Double) -> String {
    guard let loudnessAskedFor, abs(loudness - loudnessAskedFor) > 0.5 else { return "" }
    return " instead of \(Readable.decimal(loudnessAskedFor, 1)), as near as the limiter comes"
  }

  /// A remark if the piece is longer than its sound because it ends in silence.
  var silence: String {
    guard pieceSeconds >= startSeconds + seconds + 1 else { return "" }
    return " (the piece is \(Readable.clock(pieceSeconds)) long, and its last note ends at "
      + "\(Readable.clock(lastNoteSeconds)))"
  }

  /// The peak in decibels below full scale.
  var peakDecibels: Double { peak > 0 ? 20 * log10(peak) : -.infinity }
}
