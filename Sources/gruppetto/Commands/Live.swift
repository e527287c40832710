internal import ArgumentParser
internal import Audio
internal import Composing
internal import Foundation
internal import Groundwork
internal import Music
internal import Performing

/// `gruppetto live`: plays with a player.
struct Live: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Play with a model: it answers, accompanies or continues what is played in.",
    discussion: """
      What comes in is heard at once. q or Ctrl-C stops.

      Examples:

        gruppetto live model
        gruppetto live model --in alsa:Launchkey --turns 4 --tempo 100
        gruppetto live model --in /tmp/keys --accompany --tempo 120
        gruppetto live model --in - --out - --no-sound --until-end < played.raw > answers.raw
        gruppetto live model --in /tmp/keys --raw - | ffmpeg -f s16le -ar 44100 -ac 2 -i - out.ogg
      """)

  @Argument(help: "Folder of a trained model.")
  var model: String

  @OptionGroup var mode: LiveModeOptions
  @OptionGroup var ports: LivePortOptions
  @OptionGroup var tempo: LiveTempoOptions

  @Flag(
    help: "Learn from the player while playing; it is forgotten at the end, unless --save-style keeps it.")
  var learn = false

  @Option(
    help: ArgumentHelp("Keep what was learned as a style, for `generate --style`.", valueName: "file"))
  var saveStyle: String?

  @Option(help: ArgumentHelp("Keep what both played, as a MIDI file.", valueName: "file"))
  var record: String?

  @OptionGroup var sound: LiveSoundOptions
  @OptionGroup var raw: RawOptions

  @Option(help: ArgumentHelp("Folder of presets (default: the one that ships).", valueName: "folder"))
  var presets: String?

  @OptionGroup var seed: SeedOptions
  @OptionGroup(title: HelpPage.rarelyNeeded) var sampling: SamplingOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard saveStyle == nil || learn else { throw ValidationError("--save-style needs --learn.") }
    guard !learn || mode.mode != .accompany else {
      throw ValidationError("--learn is for --answer and --continue.")
    }
    if let record, !["mid", "midi"].contains(record.split(separator: ".").last?.lowercased()) {
      throw ValidationError("--record is a MIDI file: its name ends in .mid.")
    }
    if ports.sendClock, mode.mode != .accompany, mode.turns == nil, !tempo.clock {
      throw ValidationError(
        "--send-clock needs to know the beat; add --accompany, --turns BARS or --clock.")
    }
  }

  /// Checks where it plays. Not by the parser: a model that is not there is told first.
  private func checkOutputs() throws {
    if sound.noSound, ports.outputs.isEmpty, !ports.inputs.isEmpty, ports.osc == nil, record == nil {
      throw UsageError("with --no-sound, name where the answers go: --out PORT or --record FILE")
    }
    guard !sound.noSound || raw.raw == nil else {
      throw UsageError("--no-sound and --raw contradict each other; drop one of them")
    }
    guard !raw.takesOutput || !ports.outputs.contains("-") else {
      throw UsageError("--raw - and --out - both write to standard output; choose one")
    }
    guard !common.json || !ports.outputs.contains("-") else {
      throw UsageError("--json and --out - both write to standard output; choose one")
    }
    try raw.check(json: common.json)
    if ports.outputs.contains("-") { try StandardStreams.requireOutput() }
    for path in [saveStyle, record].compactMap({ $0 }) { try OutputFile.checkFolder(of: path) }
  }

  func run() throws {
    let model = try MusicModel(path: model), seed = seed.drawn()
    try checkOutputs()
    let settings = try settings(seed: seed)
    let recorder = try record.map { try LiveRecorder(path: $0, quartersPerMinute: settings.tempo.given) }
    let cancellation = Interruption.cancellation()
    let performer = try LivePerformer(model: model, settings: settings, isLive: true)
    let remote = LiveRemote(settings)
    let osc = try ports.openOSC(remote)
    if !sound.noSound { SoundDevice.expect(sound.device, latencySeconds: sound.seconds) }
    var (inputs, outputs) = try ports.open(common)
    let announcer = try SongAnnouncer.telling(osc, clocks: ports.sendClock ? outputs : [])
    if let osc { outputs.append(OSCSubscriberOutput(osc)) }
    let endless: [any MessageInput] = osc.map { [$0.input] } ?? []
    let output = try raw.open(common, cancellation)
    let pipe = output?.device(latencySeconds: sound.seconds)
    let live = sound.noSound ? nil : try openSound(settings, pipe)
    let learning = learn ? try LiveLearning(model: model, settings: .init(seed: seed)) : nil
    let stage = LiveStage(
      performer: performer, inputs: inputs, endlessInputs: endless, outputs: outputs, sound: live,
      learning: learning, recorder: recorder, announcer: announcer,
      endsWithInput: ports.endsWithInput)
    let keys = ports.inputs.contains("-") ? nil : TerminalKeys()
    common.remark(
      "Listening to \((inputs + endless).map(\.name).joined(separator: ", ")); \(keys == nil ? "" : "q or ")Ctrl-C stops."
    )
    if let words = LiveSummary.sources(performer.report.modelRoles, settings) { common.remark(words) }
    try namingPipe(output, pipe) { try live?.start() }
    var hasQuit = false
    var isTold = false
    // Whatever goes wrong, what was learned is kept and what was opened is closed.
    var failures = FirstFailure()
    let result = failures.attempt {
      try namingPipe(output, pipe) {
        try stage.run(cancellation: cancellation) { report in
          if keys?.next() == .character("q") {
            hasQuit = true
            cancellation.request()
          }
          // Nobody listens any more.
          if pipe?.failure ?? 0 != 0 { cancellation.request() }
          if let failure = recorder?.failure, !isTold {
            isTold = true
            common.remark(failure.message + "; the music goes on without it")
          }
          for change in remote.take() { stage.request(change) }
          if !common.quiet { PlayerLine.shared.show(Self.line(report, settings)) }
        }
      }
    }
    let played = failures.attempt { try namingPipe(output, pipe) { try live?.stop() } }
    let style = failures.attempt { try keepStyle(learning) }
    osc?.close()
    try failures.rethrow()
    guard let result else { return }
    var summary = LiveSummary(result, mode: settings.mode, seed: seed)
    summary.underruns = (played ?? nil).map { $0.counts.gaps }
    if let recorder {
      if recorder.hasFile { summary.recording = record } else { summary.missingRecording = record }
    }
    if let learning, style == true {
      // What waited was learned only now.
      summary.learnedPhrases = learning.phraseCount
      summary.style = saveStyle
    }
    try report(summary)
    if result.isCancelled, !hasQuit {
      throw InterruptedError("stopped after \(Readable.clock(result.seconds))")
    }
  }

  /// Ends the learning, and keeps the style where that is asked for.
  /// - Returns: whether anything was learned.
  private func keepStyle(_ learning: LiveLearning?) throws -> Bool {
    guard let style = try learning?.finish(name: saveStyle ?? "what was played") else { return false }
    if let saveStyle { try style.write(to: saveStyle) }
    return true
  }

  /// The result, on standard error where standard output has the answers.
  private func report(_ summary: LiveSummary) throws {
    guard ports.outputs.contains("-") || raw.takesOutput else {
      return try common.report(summary) { summary.text }
    }
    for line in summary.text.split(separator: "\n") { common.remark(String(line)) }
  }

  /// Performs, and where the pipe failed that takes the sound, tells why that is, and not that a device is gone.
  private func namingPipe<Value>(
    _ output: RawOutput?, _ pipe: StreamDevice?, _ body: () throws -> Value
  ) throws -> Value {
    let result = Result { try body() }
    if let output, let pipe, pipe.failure != 0 { throw output.failure(pipe.failure) }
    return try result.get()
  }

  private func settings(seed: UInt64) throws -> LiveSettings {
    let signature = try tempo.signature()
    let bar = 4 * Double(signature.numerator) / Double(signature.denominator)
    return LiveSettings(
      mode: mode.mode, tempo: tempo.source, timeSignature: signature, pause: mode.pause ?? 1,
      turnBars: mode.turns, firstBeat: tempo.upbeat.map { bar - $0 },
      program: try LiveSoundOptions.program(sound.answerInstrument, "--answer-instrument")
        ?? LiveSoundOptions.program(sound.instrument, "--instrument"),
      answers: AnswerSettings(
        seed: seed, sampling: try sampling.resolved(presets: presets), bars: mode.bars,
        memory: mode.memory ?? 32),
      accompaniment: AccompanimentSettings(parts: try mode.roles()))
  }

  private func openSound(_ settings: LiveSettings, _ pipe: StreamDevice?) throws -> LiveSound {
    let own = try LiveSoundOptions.program(sound.instrument, "--instrument") ?? 0
    var programs = [own, settings.program ?? own]
    if settings.mode == .accompany {
      programs += [settings.accompaniment.chordProgram, settings.accompaniment.bassProgram]
    }
    return try sound.open(presets: presets, programs: programs, pipe: pipe, common: common)
  }

  private static func line(_ report: LiveReport, _ settings: LiveSettings) -> [String] {
    [
      "heard \(Readable.plural(report.heardNotes, "note"))",
      settings.mode == .accompany
        ? "played \(Readable.plural(report.playedNotes, "note"))"
        : "\(settings.mode == .continuation ? "continued" : "answered") \(Readable.plural(report.answers, "phrase"))",
      report.quartersPerMinute.map { "tempo \(Readable.decimal($0, 0))" } ?? "",
      report.key ?? "",
    ]
  }
}
