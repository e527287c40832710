internal import ArgumentParser
internal import Audio
internal import Foundation
internal import Groundwork
internal import Music
internal import Synthesis

/// How music is made to sound; shared by the commands that write or play sound.
struct SoundOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Frames a second in the file: 44100 or 48000.", valueName: "hz"))
  var rate = 44_100

  @Option(help: ArgumentHelp("How samples are stored: 16, 24 or float.", valueName: "form"))
  var bits: Bits = .sixteen

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Louder or softer, in decibels.", valueName: "db"))
  var gain = 0.0

  @Option(help: ArgumentHelp("The folder of presets (default: the one that ships).", valueName: "folder"))
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
    guard [44_100, 48_000].contains(rate) else {
      throw ValidationError("--rate is 44100 or 48000, not \(rate).")
    }
    guard (-60...40).contains(gain) else {
      throw ValidationError("--gain is a number of decibels from -60 to 40, not \(gain).")
    }
  }

  /// The instruments that ship, or those of the folder that was named.
  func instruments() throws -> InstrumentLibrary {
    try InstrumentLibrary(folder: try Resources.presets(named: presets) + "/instruments")
  }

  /// What turns `score` into samples.
  func renderer(of score: Score, library: InstrumentLibrary, rate: Int? = nil) -> ScoreRenderer {
    ScoreRenderer(
      score: score, library: library, options: RenderOptions(sampleRate: rate ?? self.rate, gain: gain))
  }

  /// Checks that the file at `path` can hold what was asked for.
  func check(_ path: String) throws {
    let format = try AudioFileFormat(path: path)
    guard format == .ogg || format.encodings.contains(bits.encoding) else {
      throw UsageError(
        "\(path): FLAC holds 16 or 24 bits; leave --bits \(bits.rawValue) away, or write a .wav file")
    }
  }

  /// Renders `score` into the file at `path`.
  /// - Throws: `InterruptedError` where Ctrl-C stopped it; then no file was written.
  func write(
    _ score: Score, library: InstrumentLibrary, to path: String, progress: ProgressHandler?
  ) throws -> RenderedFile {
    let format = try AudioFileFormat(path: path)
    let began = DispatchTime.now().uptimeNanoseconds
    var source = renderer(of: score, library: library)
    let written = try AudioFile.write(
      &source, to: path, encoding: format == .ogg ? nil : bits.encoding,
      cancellation: Interruption.cancellation(),
      progress: progress)
    guard let written else { throw InterruptedError("interrupted; \(path) was not written") }
    let spent = Double(DispatchTime.now().uptimeNanoseconds - began) / 1e9
    return RenderedFile(
      file: path, seconds: written.seconds, pieceSeconds: score.seconds,
      lastNoteSeconds: score.lastNoteSeconds, peak: Double(written.peak), loudness: written.loudness,
      sound: "builtin",
      realTimeFactor: written.seconds / max(spent, 1e-9))
  }
}

/// What a rendering has come to, in the words of `--json`.
struct RenderedFile: Encodable {
  var file: String
  /// The length of the sound in seconds: to the last note's end, and until its sound has died away.
  var seconds: Double
  /// How long the piece is, as `inspect` tells its `seconds`: a file may go on in silence.
  var pieceSeconds: Double
  /// When the last note ends in seconds.
  var lastNoteSeconds: Double
  /// The largest magnitude of a sample, full scale being 1.
  var peak: Double
  /// The integrated loudness in LUFS; nil where nothing is loud enough to measure.
  var loudness: Double?
  var sound: String
  /// Seconds of sound for each second of work.
  var realTimeFactor: Double

  /// A remark where the piece lasts longer than its sound, because it ends in silence.
  var silence: String {
    guard pieceSeconds >= seconds + 1 else { return "" }
    return " (the piece is \(Readable.clock(pieceSeconds)) long, and its last note ends at "
      + "\(Readable.clock(lastNoteSeconds)))"
  }

  /// The peak in decibels below full scale.
  var peakDecibels: Double { peak > 0 ? 20 * log10(peak) : -.infinity }
}
