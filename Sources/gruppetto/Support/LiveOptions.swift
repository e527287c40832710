internal import ArgumentParser
internal import Audio
internal import Music
internal import Performing
internal import Synthesis

/// What a model does with what is played in.
struct LiveModeOptions: ParsableArguments {
  @Flag(help: "Answer each phrase with one of the model's own, after a pause or at a bar line (the default).")
  var answer = false

  @Flag(
    help:
      "Accompany: chords, bass and drums follow what is played; what the model knows of such parts it foresees, the rest goes by rule."
  )
  var accompany = false

  @Flag(
    name: .customLong("continue"), help: "Go on where the player leaves off, until the player plays again.")
  var continues = false

  @Option(
    help: ArgumentHelp(
      "A phrase is over when nothing was played for this many beats; the answer comes on the next beat (default: 1).",
      valueName: "beats"))
  var pause: Double?

  @Option(
    help: ArgumentHelp(
      "Answer at the bar line after so many bars, by turns, and not after a pause.", valueName: "bars"))
  var turns: Int?

  @Option(help: ArgumentHelp("Bars of an answer (default: as many as were played).", valueName: "n"))
  var bars: Int?

  @Option(
    help: ArgumentHelp(
      "Bars of what was played before that the model keeps in mind (default: 32).", valueName: "n"))
  var memory: Int?

  @Option(
    help: ArgumentHelp(
      "Parts of an accompaniment: chords, bass and drums, separated by commas (default: all).",
      valueName: "list"))
  var parts: String?

  func validate() throws {
    guard [answer, accompany, continues].count(where: { $0 }) <= 1 else {
      throw ValidationError("Choose one of --answer, --accompany and --continue.")
    }
    if let pause, !LiveSettings.pauses.contains(pause) {
      throw ValidationError("--pause is a number of beats from 0.25 to 16, not \(pause).")
    }
    if let turns, !LiveSettings.turnLengths.contains(turns) {
      throw ValidationError("--turns is a number of bars from 1 to 64, not \(turns).")
    }
    if let bars, !(1...1024).contains(bars) {
      throw ValidationError("--bars is a number from 1 to 1024, not \(bars).")
    }
    if let memory, !(0...256).contains(memory) {
      throw ValidationError("--memory is a number of bars from 0 to 256, not \(memory).")
    }
    guard turns == nil || pause == nil else { throw ValidationError("Choose one of --pause and --turns.") }
    guard turns == nil || !continues else {
      throw ValidationError("--turns is for --answer; --continue waits for a pause.")
    }
    if mode == .accompany, turns != nil || pause != nil || bars != nil || memory != nil {
      throw ValidationError("--pause, --turns, --bars and --memory are not for --accompany.")
    }
    if mode != .accompany, parts != nil { throw ValidationError("--parts is for --accompany.") }
    _ = try roles()
  }

  /// What was chosen.
  var mode: LiveMode { accompany ? .accompany : continues ? .continuation : .answer }

  /// The parts of an accompaniment.
  func roles() throws -> Set<PartRole> {
    let usual: Set<PartRole> = [.chords, .bass, .drums]
    guard let parts else { return usual }
    let named = try parts.split(separator: ",").map { text in
      guard let role = PartRole(rawValue: String(text.drop { $0 == " " }).lowercased()), usual.contains(role)
      else {
        throw ValidationError("--parts names chords, bass or drums, not '\(text)'.")
      }
      return role
    }
    guard !named.isEmpty else { throw ValidationError("--parts names chords, bass or drums.") }
    return Set(named)
  }
}

/// Where beats and bars of a live performance come from.
struct LiveTempoOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Quarter notes per minute that the player keeps to (default: found in what is played).", valueName: "n")
  )
  var tempo: Double?

  @Flag(help: "Take tempo, beats and bars from MIDI clock messages of the inputs.")
  var clock = false

  @Option(
    name: [.customLong("time-signature"), .customLong("metre")],
    help: ArgumentHelp("Time signature of what is played (default: 4/4).", valueName: "n/m"))
  var timeSignature: String?

  @Option(
    help: ArgumentHelp(
      "Length of the upbeat with which the player begins, in quarter notes.", valueName: "beats"))
  var upbeat: Double?

  func validate() throws {
    if let tempo, !(20...400).contains(tempo) {
      throw ValidationError("--tempo is a number from 20 to 400, not \(tempo).")
    }
    guard tempo == nil || !clock else { throw ValidationError("Choose one of --tempo and --clock.") }
    let signature = try signature()
    let bar = 4 * Double(signature.numerator) / Double(signature.denominator)
    if let upbeat, !(upbeat > 0 && upbeat < bar) {
      throw ValidationError("--upbeat is a number of quarter notes above 0 and below a bar, not \(upbeat).")
    }
  }

  /// The time signature.
  func signature() throws -> TimeSignature {
    guard let timeSignature else { return .common }
    guard let signature = TimeSignature(timeSignature), signature.numerator * 8 / signature.denominator >= 1
    else {
      throw ValidationError("--time-signature is written like 3/4, not '\(timeSignature)'.")
    }
    return signature
  }

  /// Where the tempo comes from.
  var source: LiveTempo { clock ? .clock : tempo.map(LiveTempo.given) ?? .followed }
}

/// How a live performance sounds.
struct LiveSoundOptions: ParsableArguments {
  @Option(help: ArgumentHelp(SoundDevice.help, valueName: "name"))
  var device = "default"

  @Flag(help: "Play no sound; the answers go to --out alone.")
  var noSound = false

  @Option(
    help: ArgumentHelp(
      "Sound that the device holds, in milliseconds, from 5 to 1000 (default: 5).", valueName: "ms"))
  var latency: Double?

  @Option(
    help: ArgumentHelp(
      "Instrument of the player: a name or a General MIDI number from 0 (default: piano).", valueName: "name")
  )
  var instrument: String?

  @Option(
    help: ArgumentHelp(
      "Instrument of the answers: a name or a General MIDI number from 0 (default: the player's).",
      valueName: "name"))
  var answerInstrument: String?

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Gain in decibels; above 0 is louder.", valueName: "db"))
  var gain = 0.0

  @OptionGroup var banks: SoundBankOptions

  func validate() throws {
    if let latency, !(5...1000).contains(latency) {
      throw ValidationError("--latency is in milliseconds, from 5 to 1000, not \(latency).")
    }
    guard (-60...40).contains(gain) else {
      throw ValidationError("--gain is in decibels, from -60 to 40, not \(gain).")
    }
    _ = try Self.program(instrument, "--instrument")
    _ = try Self.program(answerInstrument, "--answer-instrument")
  }

  /// The program of an instrument that was named; nil where none was.
  static func program(_ name: String?, _ option: String) throws -> Int? {
    guard let name else { return nil }
    if let number = Int(name) {
      guard (0...127).contains(number) else {
        throw ValidationError("\(option) is a name or a number from 0 to 127, not \(number).")
      }
      return number
    }
    do {
      guard let program = try InstrumentName(name).programs.first else {
        throw ValidationError("\(option) names an instrument with pitches, not '\(name)'.")
      }
      return program
    } catch let error as MusicTextError {
      throw ValidationError("\(option): \(error.message)")
    }
  }

  /// How much sound the device holds, in seconds.
  var seconds: Double { (latency ?? 5) / 1000 }

  /// The device, the synthesizer and the thread between them.
  /// - Parameters:
  ///   - presets: The folder of presets, if one was named.
  ///   - programs: The instruments that may be asked for.
  ///   - pipe: What takes the sound instead of a device, if anything.
  ///   - common: Tells of the sounds and the device.
  /// - Throws: `AudioError`; as `SoundBankOptions.load`.
  func open(
    presets: String?, programs: [Int], pipe: StreamDevice?, common: CommonOptions
  ) throws -> LiveSound {
    let bank = try banks.load(presets: presets, common: common)
    let settings = PlaybackSettings(device: device, latencySeconds: seconds, queueSeconds: 0.001)
    let session =
      try pipe.map { PlaybackSession(device: $0, queueSeconds: settings.queueSeconds) }
      ?? SoundDevice.session(settings, common: common)
    guard RenderOptions.sampleRates.contains(session.sampleRate) else {
      throw AudioError.unsuitableDevice(
        name: device, reason: "it runs at \(session.sampleRate) Hz; instruments need 8000 to 192000 Hz")
    }
    return LiveSound(bank: bank, session: session, programs: programs, gain: gain)
  }
}
