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

      Files are played one after another. Space pauses, the left and right arrows go back and
      forward by bars (in a sound file by five seconds), + and - change the tempo, n and p go to
      the next and the previous file, q quits.

      On standard input (-) a MIDI file or tune book is played as a file; the bytes of a keyboard,
      or of play --midi - and live --out -, sound as they arrive.

      Examples:

        gruppetto play tune.mid
        gruppetto play tune.mid take.wav --latency 100
        gruppetto play tune.mid --midi alsa:Synth --send-clock
        gruppetto play model --osc 9000
        gruppetto play model --record evening.mid --record evening.wav
        gruppetto play model --raw - --minutes 5 | ffmpeg -f s16le -ar 44100 -ac 2 -i - out.ogg
        gruppetto play tune.mid --raw - | ffmpeg -f s16le -ar 44100 -ac 2 -i - out.ogg
        gruppetto play model --midi - | gruppetto play -
        gruppetto play --list
      """)

  @Argument(
    help:
      "MIDI files, tune books and sound files, or the folder of a trained model; - is a MIDI file, a tune book or a stream of MIDI messages on standard input."
  )
  var files: [String] = []

  @Option(help: ArgumentHelp(SoundDevice.help, valueName: "name"))
  var device = "default"

  @Flag(help: "List the available devices instead of playing, and say which of them would sound.")
  var list = false

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Gain in decibels; above 0 is louder.", valueName: "db"))
  var gain = 0.0

  @Option(help: ArgumentHelp("Folder of presets (default: the one that ships).", valueName: "folder"))
  var presets: String?

  @OptionGroup var latency: LatencyOption
  @OptionGroup var raw: RawOptions

  @Flag(help: "Write --raw no faster than it would be heard.")
  var paced = false

  @OptionGroup var reverb: ReverbOptions
  @OptionGroup var banks: SoundBankOptions
  @OptionGroup var performance: PerformanceOptions
  @OptionGroup var piece: PieceOption
  @OptionGroup var ornament: OrnamentOption
  @OptionGroup var ports: PlayPortOptions
  @OptionGroup(title: HelpPage.endless) var endless: EndlessOptions
  @OptionGroup(title: HelpPage.endless) var composing: EndlessComposingOptions
  @OptionGroup(title: HelpPage.limits) var limits: LimitOptions
  @OptionGroup(title: HelpPage.endless) var seed: SeedOptions
  @OptionGroup var input: InputOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard list || !files.isEmpty else { throw ValidationError("Name a file to play, or use --list.") }
    let model = files.first(where: EndlessPlaying.isModel)
    if let model, !list {
      guard files.count == 1 else {
        throw ValidationError("A model plays by itself, without end; name \(model) alone.")
      }
      if let option = ["--piece", "--ornaments", "--from-start"].first(where: Typed.hasOption) {
        throw ValidationError("\(option) is for a file, and \(model) is a folder.")
      }
    } else if let option = EndlessOptions.names.first(where: Typed.hasOption) {
      throw ValidationError("\(option) is for music of a model, and \(files.first ?? "--list") is none.")
    }
    guard files.count(where: { $0 == "-" }) < 2 else {
      throw ValidationError("Standard input can be played once.")
    }
    if piece.piece != nil, files.count > 1 {
      throw ValidationError("--piece is for one file, and \(files.count) are named.")
    }
    if let file = files.first, files.allSatisfy(Self.isSound),
      let option = (Self.optionsOfMusic + ReverbOptions.names).first(where: Typed.hasOption)
    {
      throw ValidationError("\(option) is for music, and \(file) is a sound file.")
    }
    guard RemoteWords.gains.contains(gain) else {
      throw ValidationError("--gain is in decibels, from -60 to 40, not \(gain).")
    }
    guard !paced || raw.raw != nil else {
      throw ValidationError("--paced is about --raw; name where the samples go.")
    }
    guard !ports.usesOutput || !(common.json || raw.takesOutput) else {
      throw ValidationError(
        "\(common.json ? "--json" : "--raw -") and --midi - both write to standard output; choose one.")
    }
    guard raw.raw == nil || ports.midi.isEmpty || paced else {
      throw ValidationError(
        "--raw renders as fast as it can, and --midi sends messages when they are heard; add --paced to have both."
      )
    }
  }

  private static let optionsOfMusic = [
    "--piece", "--ornaments", "--plain", "--from-start", "--sound", "--gain", "--tuning", "--presets",
    "--interpolation", "--midi", "--send-clock",
  ]

  func run() throws {
    if list { return try DeviceList(chosen: device, common: common).run() }
    SoundDevice.expect(device, latencySeconds: latency.seconds)
    if let model = files.first, EndlessPlaying.isModel(model) {
      return try EndlessPlaying(
        model: model, endless: endless, ports: ports, raw: raw, isPaced: paced, composing: composing,
        limits: limits, seed: seed.drawn(),
        device: Typed.hasOption("--device") ? device : nil, latency: latency.seconds, gain: gain,
        presets: presets, reverb: reverb, banks: banks, performance: performance, input: input, common: common
      ).run()
    }
    try raw.check(json: common.json)
    if ports.usesOutput { try StandardStreams.requireOutput() }
    var bank: LoadedSound?
    var isBankTold = false
    if files.contains("-") {
      // Sounds are loaded while the input is waited for: what comes in as it is played does not wait for them.
      let sounds = Promise { try banks.load(presets: presets) }
      let arrivals = try Arrivals()
      if try arrivals.areMessages() { return try playStream(arrivals, sounds) }
      bank = try sounds.value()
    }
    let company = try FileCompany(ports, common: common)
    let playback = FilePlayback(
      PlaybackSettings(device: device, latencySeconds: latency.seconds), raw: raw, isPaced: paced,
      common: common, company: company, isSilent: !ports.midi.isEmpty && !Typed.hasOption("--device"),
      hasKeys: !files.contains("-"))
    var loading: Promise<LoadedSound>?
    if let first = files.first, first != "-", !Self.isSound(first) {
      if bank == nil {
        // Beside the reading of the file. What is wrong with that is told before all else.
        loading = Promise { [banks, presets] in try banks.load(presets: presets) }
      }
      playback.prepareForMusic()
    }
    let played: [PlayedFile]
    do {
      played = try playAll(playback, loading, bank: &bank, isTold: &isBankTold)
    } catch {
      // Whoever takes part is left with no note that sounds, and no clock that runs.
      try? company?.finish()
      throw error
    }
    try company?.finish()
    try report(played, faults: company?.faultCount)
  }

  /// Plays the files one after another.
  private func playAll(
    _ playback: FilePlayback, _ loading: Promise<LoadedSound>?, bank: inout LoadedSound?, isTold: inout Bool
  ) throws -> [PlayedFile] {
    var played: [PlayedFile] = []
    var index = 0
    while index < files.count {
      let path = files[index]
      let title = path == "-" ? "standard input" : path.split(separator: "/").last.map(String.init) ?? path
      let name = files.count > 1 ? "\(index + 1)/\(files.count) \(title)" : title
      let (file, session) =
        try Self.isSound(path)
        ? sound(path, playback) : music(path, playback, loading, bank: &bank, isTold: &isTold)
      let outcome = try playback.play(file, through: session, name: name)
      if outcome.ending == .interrupted {
        throw InterruptedError("stopped after \(Readable.clock(outcome.seconds))")
      }
      played.append(PlayedFile(file: path, seconds: outcome.seconds, underruns: outcome.gaps))
      if outcome.ending == .quit { break }
      index = outcome.ending == .wentBack ? max(0, index - 1) : index + 1
    }
    return played
  }

  /// Plays the messages on standard input as they arrive.
  private func playStream(_ arrivals: Arrivals, _ sounds: Promise<LoadedSound>) throws {
    guard files.count == 1 else {
      throw UsageError("MIDI messages on standard input are played as they arrive; name - alone")
    }
    let options = ["--piece", "--ornaments", "--from-start", "--midi", "--send-clock", "--osc"]
    if let option = options.first(where: Typed.hasOption) {
      throw UsageError("\(option) is for a file, and standard input brings MIDI messages as they are played")
    }
    try StreamPlaying(
      raw: raw, isPaced: paced, device: device, latency: latency.seconds, gain: gain, reverb: reverb,
      performance: performance, common: common
    ).run(arrivals, sounds)
  }

  /// Where the files went.
  private var target: String {
    if let raw = raw.raw { return raw == "-" ? "standard output" : raw }
    return ports.midi.isEmpty || Typed.hasOption("--device") ? device : Readable.list(ports.midi)
  }

  private func report(_ played: [PlayedFile], faults: Int?) throws {
    let seconds = played.reduce(0) { $0 + $1.seconds }
    let gaps = played.reduce(0) { $0 + $1.underruns }
    let name = played.count == 1 ? played[0].file : nil
    let title = name.map { $0 == "-" ? "standard input" : $0 } ?? Readable.plural(played.count, "file")
    let text =
      (raw.raw != nil
        ? "\(title): \(Readable.clock(seconds)) written to \(target)"
        : "\(title): played \(Readable.clock(seconds)) through \(target)"
          + (gaps > 0 ? ", with \(Readable.plural(gaps, "gap"))" : ""))
      + PlayingCompany.words(faults: faults ?? 0)
    guard !ports.usesOutput, !raw.takesOutput else { return common.remark(text) }
    try common.report(
      Report(
        file: name, device: raw.raw == nil ? target : nil, raw: raw.raw, seconds: seconds, underruns: gaps,
        files: played, faults: ports.osc == nil ? nil : faults)
    ) { text }
  }

  private struct PlayedFile: Encodable {
    var file: String
    var seconds: Double
    var underruns: Int
  }

  private struct Report: Encodable {
    /// The file, if it was one.
    var file: String?
    /// Where it sounded, or where its samples went.
    var device: String?
    var raw: String?
    var seconds: Double
    var underruns: Int
    var files: [PlayedFile]
    /// OSC messages that were not understood, where it listens to OSC.
    var faults: Int?
  }

  private func music(
    _ path: String, _ playback: FilePlayback, _ loading: Promise<LoadedSound>?, bank: inout LoadedSound?,
    isTold: inout Bool
  ) throws -> (any LedFile, any PlaybackTarget) {
    let score = performance.instrumented(
      try MusicInput.readAudible(
        path, piece: piece.piece, ornaments: ornament.ornaments, input: input, common: common))
    let library = try bank ?? loading?.value() ?? banks.load(presets: presets)
    if !isTold { library.tell(common) }
    (bank, isTold) = (library, true)
    // Made while the device is being opened, which seldom has another rate.
    let expected = playable(score, library, sampleRate: playback.expectedRate)
    let session = try playback.session()
    guard RenderOptions.sampleRates.contains(session.sampleRate) else {
      throw AudioError.unsuitableDevice(
        name: device, reason: "it runs at \(session.sampleRate) Hz; instruments need 8000 to 192000 Hz")
    }
    guard session.sampleRate != playback.expectedRate else { return (expected, session) }
    return (playable(score, library, sampleRate: session.sampleRate), session)
  }

  /// A score as it sounds at a rate.
  private func playable(_ score: Score, _ library: LoadedSound, sampleRate: Int) -> PlayableMusic {
    var options = performance.renderOptions(sampleRate: sampleRate)
    reverb.apply(to: &options)
    let measured = Mastering.estimatedGain(of: score, options: options) {
      ScoreRenderer(score: $0, bank: library, options: $1)
    }
    options.gain = measured + gain
    return PlayableMusic(score: score, bank: library, options: options)
  }

  private func sound(
    _ path: String, _ playback: FilePlayback
  ) throws -> (any LedFile, any PlaybackTarget) {
    let buffer = try readSound(path)
    guard buffer.channelCount <= 64, (1000...1_000_000).contains(buffer.sampleRate) else {
      throw AudioError.notAudio(
        path: path,
        reason:
          "it has \(buffer.channelCount) channels at \(buffer.sampleRate) Hz, and 64 at 1,000 to 1,000,000 Hz can be played"
      )
    }
    let session = try playback.session(sampleRate: buffer.sampleRate, channelCount: buffer.channelCount)
    return (PlayableSound(buffer, sampleRate: session.sampleRate), session)
  }

  /// A sound file that holds some sound.
  private func readSound(_ path: String) throws -> AudioBuffer {
    let (buffer, missing) = try AudioFile.readTelling(path)
    guard buffer.frameCount > 0 else {
      throw AudioError.notAudio(
        path: path, reason: "there is no sound in it: it was cut off, or never recorded")
    }
    common.remarkCutShort(path, missing: missing, sampleRate: Double(buffer.sampleRate))
    return buffer
  }

  /// Whether a file's name ends as that of a sound file does.
  private static func isSound(_ path: String) -> Bool {
    let ending = path.split(separator: "/").last?.split(separator: ".").last?.lowercased() ?? ""
    return AudioFileFormat(ending: ending) != nil
  }
}
