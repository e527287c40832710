internal import ArgumentParser
internal import Audio
internal import Foundation
internal import Groundwork
internal import Listening

/// `gruppetto features`: features of sound for a recognizer.
struct Features: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compute features of a sound file: log-mel, MFCC, spectrogram, energy.",
    discussion: """
      Reads every format that libsndfile reads; the features are Kaldi's.

      Example:

        gruppetto features speech.wav --kind mfcc -o speech.npy --svg speech.svg
      """)

  @Argument(help: "Sound file; - is standard input.")
  var audio: String

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The .npy file to write: frames × values, float32.", valueName: "file"))
  var output: String

  @Option(help: ArgumentHelp("The kind of features.", valueName: "kind"))
  var kind: FeatureKind = .fbank

  @Option(help: ArgumentHelp("SVG picture of the features to write.", valueName: "file"))
  var svg: String?

  @Option(help: ArgumentHelp("Channel to read, from 1.", valueName: "n"))
  var channel = 1

  @OptionGroup(title: "Frames and filters (names and defaults are Kaldi's)") var settings: FeatureSettings
  @OptionGroup(title: HelpPage.rarelyNeeded) var details: FeatureDetails
  @OptionGroup(title: HelpPage.rarelyNeeded) var seed: SeedOptions
  @OptionGroup(title: HelpPage.rarelyNeeded) var input: InputOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard channel >= 1 else { throw ValidationError("--channel counts from 1.") }
    guard output.lowercased().hasSuffix(".npy") else {
      throw ValidationError("\(output): the ending must be .npy.")
    }
    if let svg, !svg.lowercased().hasSuffix(".svg") {
      throw ValidationError("\(svg): the ending must be .svg.")
    }
  }

  func run() throws {
    let drawn = seed.drawn()
    for path in [output, svg].compactMap({ $0 }) { try OutputFile.checkFolder(of: path) }
    let began = DispatchTime.now().uptimeNanoseconds
    var missing: MissingSound?
    let result = try FeatureExtractor.features(
      of: audio == "-"
        ? soundFromStandardInput() : AudioFileReader(path: audio),
      channel: channel - 1, options: settings.options(kind, details: details, seed: drawn),
      cancellation: Interruption.cancellation(), progress: common.progress,
      truncation: { missing = $0 })
    guard let (features, options) = result else {
      throw InterruptedError("interrupted; \(output) was not written")
    }
    common.remarkCutShort(
      audio == "-" ? "standard input" : audio, missing: missing, sampleRate: options.frames.sampleRate)
    if details.dither != 0, seed.seed == nil { common.remark("seed \(drawn)") }
    let spent = Double(DispatchTime.now().uptimeNanoseconds - began) / 1e9
    try replaceFile(at: output, with: features.numPyArray.encoded())
    if let svg {
      let name = audio.split(separator: "/").last.map(String.init) ?? audio
      try replaceFile(at: svg, with: FeaturePicture(features, options: options, title: name).svg())
    }
    try tell(features, options, spent: spent)
  }

  /// The sound in standard input, of which nothing is read that its beginning shows to be something else.
  private func soundFromStandardInput() throws -> AudioFileReader {
    var file = InputFile(standardInput: ())
    try AudioFileReader.check(firstBytes: file.firstBytes(1 << 16), name: file.name)
    return try AudioFileReader(bytes: file.bytes(limit: input.limit(SizeLimit.sound)), name: file.name)
  }

  private func tell(_ features: FeatureMatrix, _ options: FeatureOptions, spent: Double) throws {
    let seconds = Double(features.frameCount) * options.frames.shiftMilliseconds / 1000
    struct Report: Encodable {
      var file: String
      var kind: String
      var frames: Int
      var dimension: Int
      var sampleRate: Double
      var realTimeFactor: Double
    }
    let report = Report(
      file: output, kind: kind.rawValue, frames: features.frameCount, dimension: features.dimension,
      sampleRate: options.frames.sampleRate, realTimeFactor: seconds / max(spent, 1e-9))
    try common.report(report) {
      "\(output): \(Readable.plural(features.frameCount, "frame")) of \(features.dimension) values (\(kind.rawValue)), "
        + "\(Readable.decimal(report.realTimeFactor, 0)) times real time"
    }
  }
}
