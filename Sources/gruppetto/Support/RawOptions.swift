internal import ArgumentParser
internal import Audio
internal import Groundwork

/// Sound as samples without a header, for other programs; shared by the commands that play.
struct RawOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Write the sound without a header to a file, or with - to standard output, instead of playing it (stereo at 44100 Hz unless --rate says otherwise).",
      valueName: "file"))
  var raw: String?

  @Option(help: ArgumentHelp("Samples of --raw: s16le, s24le, s32le or f32le.", valueName: "format"))
  var rawFormat = Format.s16le

  @Option(
    help: ArgumentHelp("Sample rate of --raw in Hz; a sound device is played at its own.", valueName: "hz"))
  var rate = 44_100

  /// Samples of `--raw`.
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case s16le, s24le, s32le, f32le

    var format: PCMFormat {
      switch self {
      case .s16le: .int16
      case .s24le: .int24
      case .s32le: .int32
      case .f32le: .float32
      }
    }
  }

  func validate() throws {
    guard (8000...192_000).contains(rate) else {
      throw ValidationError("--rate is a number from 8000 to 192000, not \(rate).")
    }
    for option in ["--raw-format", "--rate"] where raw == nil && Typed.hasOption(option) {
      throw ValidationError("\(option) is about --raw; name where the samples go.")
    }
  }

  /// Whether standard output takes the samples.
  var takesOutput: Bool { raw == "-" }

  /// Checks what cannot stand beside `--raw`.
  /// - Throws: `UsageError`; `FileError` where standard output is closed.
  func check(json: Bool) throws {
    guard raw != nil else { return }
    guard !Typed.hasOption("--device") else {
      throw UsageError("--raw writes the sound instead of playing it; drop --device, or use --record")
    }
    guard !takesOutput || !json else {
      throw UsageError("--json and --raw - both write to standard output; choose one")
    }
    if takesOutput { try StandardStreams.requireOutput() }
  }

  /// Opens the output, if there is one, and says what is written there.
  func open(_ common: CommonOptions, _ cancellation: Cancellation) throws -> RawOutput? {
    guard let raw else { return nil }
    let output = try RawOutput(
      path: raw, format: rawFormat.format, sampleRate: rate, cancellation: cancellation)
    common.remark(
      "\(output.name): \(rawFormat.rawValue), stereo, \(rate) Hz"
        + (takesOutput
          ? "; for instance | ffmpeg -f \(rawFormat.rawValue) -ar \(rate) -ac 2 -i - out.ogg" : ""))
    return output
  }
}
