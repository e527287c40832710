internal import ArgumentParser
internal import Audio
internal import Groundwork
internal import Music
internal import Synthesis

/// `gruppetto play`: plays music or sound through the sound card.
struct Play: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Play music, a sound file, or what a model composes without end.",
    discussion: """
      With a model's folder it composes ahead of what is heard, and never stops by itself; keys
      change the music while it plays, and ? tells which. q or Ctrl-C stops.

      Examples:

        gruppetto play tune.mid
        gruppetto play model --record evening.mid --record evening.wav
        gruppetto play model --raw - --minutes 5 | ffmpeg -f s16le -ar 44100 -ac 2 -i - out.ogg
        gruppetto play --list
      """)

  @Argument(
    help:
      "MIDI file, tune book, sound file, or folder of a trained model; - is a MIDI file or tune book on standard input."
  )
  var file: String?

  @Option(help: ArgumentHelp("ALSA device.", valueName: "name"))
  var device = "default"

  @Flag(help: "List the available devices instead of playing.")
  var list = false

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Gain in decibels; above 0 is louder.", valueName: "db"))
  var gain = 0.0

  @Option(help: ArgumentHelp("Folder of presets (default: the one that ships).", valueName: "folder"))
  var presets: String?

  @OptionGroup var latency: LatencyOption
  @OptionGroup var reverb: ReverbOptions
  @OptionGroup var banks: SoundBankOptions
  @OptionGroup var performance: PerformanceOptions
  @OptionGroup var piece: PieceOption
  @OptionGroup var ornament: OrnamentOption
  @OptionGroup(title: HelpPage.endless) var endless: EndlessOptions
  @OptionGroup(title: HelpPage.endless) var composing: EndlessComposingOptions
  @OptionGroup(title: HelpPage.limits) var limits: LimitOptions
  @OptionGroup(title: HelpPage.endless) var seed: SeedOptions
  @OptionGroup var input: InputOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard list || file != nil else { throw ValidationError("Name a file to play, or use --list.") }
    if let file, !list, EndlessPlaying.isModel(file) {
      if let option = ["--piece", "--ornaments", "--from-start"].first(where: Typed.hasOption) {
        throw ValidationError("\(option) is for a file, and \(file) is a folder.")
      }
    } else if let option = EndlessOptions.names.first(where: Typed.hasOption) {
      throw ValidationError("\(option) is for music of a model, and \(file ?? "--list") is none.")
    }
    if let file, Self.isSound(file), piece.piece != nil || Typed.hasOption("--ornaments") {
      throw ValidationError("--piece and --ornaments are for music, and \(file) is a sound file.")
    }
    if let file, Self.isSound(file), performance.plain || performance.fromStart {
      throw ValidationError("--plain and --from-start are for music, and \(file) is a sound file.")
    }
    if let file, Self.isSound(file), let option = ReverbOptions.names.first(where: Typed.hasOption) {
      throw ValidationError("\(option) is for music, and \(file) is a sound file.")
    }
    if let file, Self.isSound(file), !banks.sound.isEmpty {
      throw ValidationError("--sound is for music, and \(file) is a sound file.")
    }
    if let file, Self.isSound(file),
      let option = ["--gain", "--tuning", "--presets"].first(where: Typed.hasOption)
    {
      throw ValidationError("\(option) is for music, and \(file) is a sound file.")
    }
    guard (-60...40).contains(gain) else {
      throw ValidationError("--gain is in decibels, from -60 to 40, not \(gain).")
    }
  }

  func run() throws {
    if list { return try listDevices() }
    guard let file else { return }
    if EndlessPlaying.isModel(file) {
      return try EndlessPlaying(
        model: file, endless: endless, composing: composing, limits: limits, seed: seed.drawn(),
        device: Typed.hasOption("--device") ? device : nil, latency: latency.seconds, gain: gain,
        presets: presets, reverb: reverb, banks: banks, performance: performance, input: input, common: common
      ).run()
    }
    let result =
      try Self.isSound(file) ? playSound(file) : playMusic(file)
    struct Report: Encodable {
      var file: String
      var device: String
      var seconds: Double
      var underruns: Int
    }
    if result.isCancelled { throw InterruptedError("stopped after \(Readable.clock(result.seconds))") }
    try common.report(
      Report(file: file, device: device, seconds: result.seconds, underruns: result.counts.gaps)
    ) {
      "\(file): played \(Readable.clock(result.seconds)) through \(device)"
        + (result.counts.gaps > 0 ? ", with \(Readable.plural(result.counts.gaps, "gap"))" : "")
    }
  }

  private func playMusic(_ path: String) throws -> PlaybackResult {
    let score = performance.instrumented(
      try MusicInput.readAudible(
        path, piece: piece.piece, ornaments: ornament.ornaments, input: input, common: common))
    let library = try banks.load(presets: presets, common: common)
    let player = try PlaybackSession(PlaybackSettings(device: device, latencySeconds: latency.seconds))
    guard RenderOptions.sampleRates.contains(player.sampleRate) else {
      throw AudioError.unsuitableDevice(
        name: device, reason: "it runs at \(player.sampleRate) Hz; instruments need 8000 to 192000 Hz")
    }
    var options = performance.renderOptions(sampleRate: player.sampleRate)
    reverb.apply(to: &options)
    let measured = Mastering.estimatedGain(of: score, options: options) {
      ScoreRenderer(score: $0, bank: library, options: $1)
    }
    options.gain = measured + gain
    var source = ScoreRenderer(score: score, bank: library, options: options)
    return try player.play(&source, cancellation: Interruption.cancellation(), progress: common.progress)
  }

  private func playSound(_ path: String) throws -> PlaybackResult {
    let buffer = try AudioFile.read(path)
    let player = try PlaybackSession(
      PlaybackSettings(
        device: device, latencySeconds: latency.seconds, sampleRate: buffer.sampleRate,
        channelCount: buffer.channelCount))
    var source = AudioBufferSource(buffer)
    return try player.play(&source, cancellation: Interruption.cancellation(), progress: common.progress)
  }

  private func listDevices() throws {
    let devices = PlaybackDevice.useful()
    guard !devices.isEmpty else { throw NoPlaybackDevice() }
    struct Entry: Encodable {
      var name: String
      var summary: String
    }
    struct Report: Encodable {
      var devices: [Entry]
    }
    try common.report(Report(devices: devices.map { Entry(name: $0.name, summary: $0.summary) })) {
      Readable.table(devices.map { [$0.name, $0.summary] })
    }
  }

  /// Whether a file's name ends as that of a sound file does.
  private static func isSound(_ path: String) -> Bool {
    let ending = path.split(separator: "/").last?.split(separator: ".").last?.lowercased() ?? ""
    return AudioFileFormat(ending: ending) != nil
  }
}

/// There is no playback device.
struct NoPlaybackDevice: DiagnosableError {
  var kind: FailureKind { .cannotWrite }
  var message: String {
    "no sound card or sound server is available; write a sound file instead: gruppetto render FILE -o tune.wav"
  }
}
