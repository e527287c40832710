internal import Audio
internal import Composing
internal import Foundation
internal import Groundwork
internal import Performing
internal import Synchronization
internal import Synthesis

/// `gruppetto play` with a model: three threads compose, render and play; this one answers to keys.
struct EndlessPlaying {
  /// The model's folder.
  var model: String
  var endless: EndlessOptions
  var ports: PlayPortOptions
  var raw: RawOptions
  /// Whether samples are written no faster than they would be heard.
  var isPaced: Bool
  var composing: EndlessComposingOptions
  var limits: LimitOptions
  var seed: UInt64
  var device: String?
  var latency: Double
  var gain: Double
  var presets: String?
  var reverb: ReverbOptions
  var banks: SoundBankOptions
  var performance: PerformanceOptions
  var input: InputOptions
  var common: CommonOptions

  /// Whether a path is a folder, as a model is.
  static func isModel(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }

  /// Whether sound goes to a device.
  private var hasDevice: Bool { raw.raw == nil && ports.midi.isEmpty || device != nil }

  func run() throws {
    try raw.check(json: common.json)
    guard !ports.usesOutput || !common.json else {
      throw UsageError("--json and --midi - both write to standard output; choose one")
    }
    if ports.usesOutput { try StandardStreams.requireOutput() }
    let cancellation = Interruption.cancellation()
    // Sounds and device are opened while the model is read: what is heard first does not wait for one after the other.
    let sound = Promise { try banks.load(presets: presets) }
    let session =
      hasDevice
      ? Promise {
        try SoundDevice.session(
          PlaybackSettings(device: device ?? "default", latencySeconds: latency), common: common)
      } : nil
    let (plain, request) = try readModel()
    let composer = try EndlessComposer(
      model: try request.applied(to: plain), settings: try settings(request), seed: seed)
    let first = try composer.nextBar(cancellation: cancellation)
    let output = try session?.value()
    let bank = try sound.value()
    bank.tell(common)
    let engine = PerformanceEngine(
      bank: bank, settings: engineSettings(sampleRate: output?.sampleRate ?? raw.rate))
    let watch = PerformanceWatch(sampleRate: engine.sampleRate)
    engine.add(watch)
    let recordings = try Recordings(endless.record, engine)
    let pace = PlayingPace(session: output)
    let remote = EndlessRemote(composer, engine, pace.clock, gain: gain)
    let company = try PlayingCompany(ports, common: common) { action, _ in remote.handle(action) }
    try company.join(engine, pace.clock)
    pace.company = company
    engine.add(first)
    let composed = composeAhead(composer, first, engine, cancellation)
    do {
      let result = try play(engine, composer, pace, recordings, remote, cancellation)
      engine.stop(fade: 0)
      if let error = composed.wait() { throw error }
      try company.finish()
      try recordings.finish()
      try tell(
        result, composer, engine, watch, kept: endless.record.filter(recordings.kept.contains),
        faults: company.faultCount, cancellation)
    } catch {
      engine.stop(fade: 0)
      _ = composed.wait()
      try? company.finish()
      try? recordings.finish()
      throw error
    }
  }

  // MARK: What is played

  private func readModel() throws -> (MusicModel, CompositionRequest) {
    let plain = try MusicModel(path: model)
    try SteeringOptions.check(plain)
    var request = CompositionRequest(
      settings: CompositionSettings(
        sampling: try composing.sampling.resolved(presets: presets), weights: composing.weights.weights))
    request.settings.bars = endless.bars
    try composing.record(in: &request.settings, plain)
    request.settings.tempo = composing.tempo
    request.settings.timeSignature = composing.timeSignature
    try composing.styles.record(in: &request)
    try limits.record(in: &request, input: input, common: common)
    return (plain, request)
  }

  private func settings(_ request: CompositionRequest) throws -> EndlessSettings {
    var settings = EndlessSettings(composition: request.settings, limits: request.limits)
    let runs = try PlanOptions.timeSignatureRuns(composing.timeSignature)
    if !request.limits.isEmpty || runs.count > 1 { settings.limits.timeSignatures = runs }
    settings.keepsKey = !endless.freed.contains("key")
    settings.keepsTempo = !endless.freed.contains("tempo")
    settings.keepsEnsemble = !endless.freed.contains("ensemble")
    settings.isExpressive = !performance.plain
    return settings
  }

  private func engineSettings(sampleRate: Int) -> EngineSettings {
    var options = performance.renderOptions(sampleRate: sampleRate)
    options.expression = nil
    reverb.apply(to: &options)
    // A pipe waits for a bar that is late, as a sound card cannot.
    return EngineSettings(
      render: options, gain: gain, waitsForBars: raw.raw != nil)
  }

  /// Composes on a thread of its own, as far ahead as the engine has room, and the next piece meanwhile.
  private func composeAhead(
    _ composer: EndlessComposer, _ first: PerformedBar, _ engine: PerformanceEngine,
    _ cancellation: Cancellation
  ) -> Background {
    let limit = endless.minutes.map { 60 * $0 } ?? .infinity
    return Background {
      var seconds = first.seconds
      do {
        try engine.addBars(cancellation: cancellation) {
          // Counted to the bar line that is heard next: what was waited for is heard as silence.
          guard seconds + engine.statistics.starvedSeconds < limit else { return nil }
          let bar = try composer.nextBar(isUrgent: raw.raw == nil, cancellation: cancellation)
          seconds += bar.seconds
          return bar
        } meanwhile: {
          try composer.workAhead(cancellation: cancellation)
        }
      } catch ComposingError.interrupted {}
    }
  }
}

// MARK: - Playing

extension EndlessPlaying {
  /// What was played.
  struct Result {
    var frames = 0
    var counts: PlaybackCounts?
  }

  private func play(
    _ engine: PerformanceEngine, _ composer: EndlessComposer, _ pace: PlayingPace,
    _ recordings: Recordings, _ remote: EndlessRemote, _ cancellation: Cancellation
  ) throws -> Result {
    let session = pace.clock.session
    let ended = Atomic<Bool>(false)
    let outcome = Mutex(Result())
    let clock = pace.clock
    let rendering = Background {
      defer { ended.store(true, ordering: .releasing) }
      let result =
        if let session { try feed(engine, session) } else { try write(engine, clock, cancellation) }
      outcome.withLock { $0 = result }
    }
    let keys = TerminalKeys()
    var player = PlayerState()
    if keys != nil, !common.quiet { common.remark(EndlessKeys.help) }
    while !ended.load(ordering: .acquiring) {
      if cancellation.isRequested {
        // A device that is paused takes nothing, not even the end.
        pace.resume()
        engine.stop()
      }
      // Nobody listens any more: the end is told by `finish`.
      if pace.company?.problem != nil {
        pace.resume()
        engine.stop(fade: 0)
      }
      for problem in recordings.takeProblems() { common.remark(problem + "; the music goes on without it") }
      obey(remote.takeRequests(), engine, pace)
      while let key = keys?.next() {
        remote.exclusively { press(key, &player, engine, composer, pace) }
      }
      show(player, engine, pace)
      usleep(20_000)
    }
    PlayerLine.shared.clear()
    if let error = rendering.wait() { throw error }
    return outcome.withLock { $0 }
  }

  private struct PlayerState {
    var keys = EndlessKeys()
    var words = ""
    var wordsSince = ContinuousClock.now
  }

  private func press(
    _ key: TerminalKey, _ player: inout PlayerState, _ engine: PerformanceEngine, _ composer: EndlessComposer,
    _ pace: PlayingPace
  ) {
    var settings = composer.settings
    player.wordsSince = .now
    switch player.keys.press(key, &settings) {
    case .quit:
      pace.resume()
      engine.stop()
    case .pause: pace.isPaused ? pace.resume() : pace.pause()
    case .tell(let words): player.words = words
    case .change(let words):
      do {
        try composer.change(to: settings)
        player.words = words
      } catch {
        player.words = OptionWords.message(of: error)
      }
    case nil: return
    }
    show(player, engine, pace, isUrgent: true)
  }

  private func show(
    _ player: PlayerState, _ engine: PerformanceEngine, _ pace: PlayingPace, isUrgent: Bool = false
  ) {
    guard !common.quiet else { return }
    let session = pace.clock.session
    let frame = session?.heardFrames ?? engine.renderedFrames
    guard let place = engine.place(atFrame: frame) else { return }
    let statistics = engine.statistics
    var parts = [
      "piece \(place.bar.piece + 1)", "bar \(place.bar.numberInPiece + 1).\(place.beat + 1)",
      Readable.clock(Double(frame) / Double(engine.sampleRate)),
      "♩ = \(Readable.decimal(place.bar.quartersPerMinute, 0))",
    ]
    if pace.isPaused {
      parts.append("paused")
    } else if let session {
      parts.append(PlayerLine.level(session.takePeak()))
    }
    let gaps = statistics.starvedCount + (session?.counts.gaps ?? 0)
    if gaps > 0 { parts.append(Readable.plural(gaps, "gap")) }
    if ContinuousClock.now - player.wordsSince < .seconds(6) { parts.append(player.words) }
    PlayerLine.shared.show(parts, isUrgent: isUrgent)
  }

  /// Renders for a device until the performance has ended.
  private func feed(_ engine: PerformanceEngine, _ session: PlaybackSession) throws -> Result {
    let block = 256
    var samples = [Float](repeating: 0, count: 2 * block)
    var isStarted = false
    while true {
      var room = samples.mutableSpan
      let frames = engine.render(into: &room)
      var done = 0
      while done < frames {
        // The device starts when there is something to play.
        if !isStarted {
          try session.start()
          isStarted = true
        }
        guard try session.waitForRoom(min(frames - done, block)) else {
          guard try session.isPlaying() else { break }
          continue
        }
        done += session.write(samples.span.extracting(2 * done..<2 * frames))
      }
      if frames < block || done < frames { break }
    }
    let result = try session.finish()
    return Result(frames: result.frameCount, counts: result.counts)
  }

  /// Renders for a file, for a pipe, or for nobody but a clock.
  private func write(
    _ engine: PerformanceEngine, _ clock: PlayingClock, _ cancellation: Cancellation
  ) throws -> Result {
    let block = raw.raw != nil && !isPaced ? 1024 : 256
    var samples = [Float](repeating: 0, count: 2 * block)
    let target = try raw.open(common, cancellation)
    let isPaced = target == nil || isPaced
    clock.begin()
    var frames = 0
    while true {
      while clock.isPaused { usleep(20_000) }
      var room = samples.mutableSpan
      let count = engine.render(into: &room)
      if let target, try !target.write(samples.span.extracting(first: 2 * count)) {
        return Result(frames: frames)
      }
      frames += count
      if isPaced {
        // A quarter of a second ahead, as a device would be; the end comes when all of it is heard.
        let lead = count < block ? 0 : 0.25
        let ahead = Double(frames) / Double(engine.sampleRate) - clock.seconds - lead
        if ahead > 0 { usleep(UInt32(ahead * 1e6)) }
      }
      if count < block { return Result(frames: frames) }
    }
  }

  private func tell(
    _ result: Result, _ composer: EndlessComposer, _ engine: PerformanceEngine, _ watch: PerformanceWatch,
    kept: [String], faults: Int, _ cancellation: Cancellation
  ) throws {
    let (music, sound) = (composer.statistics, engine.statistics)
    let seconds = Double(result.frames) / Double(engine.sampleRate)
    if cancellation.isRequested {
      throw InterruptedError(
        "stopped after \(Readable.clock(seconds))"
          + (endless.record.isEmpty
            ? "" : kept.isEmpty ? "; nothing was recorded" : "; \(Readable.list(kept)) kept")
          + ", seed \(seed)")
    }
    let report = EndlessReport(
      model: model, seed: seed, seconds: seconds, bars: sound.barCount, notes: sound.noteCount,
      pieces: music.pieceCount,
      phrasesSearched: music.searchedPhrases, phrasesHurried: music.hurriedPhrases,
      replaced: Dictionary(uniqueKeysWithValues: music.replaced.map { ($0.key.rawValue, $0.value) }),
      gaps: result.counts?.gaps ?? 0, lateBars: sound.starvedCount, lateSeconds: sound.starvedSeconds,
      barsAhead: sound.barsAhead, preparations: sound.preparationCount, gain: sound.gain,
      firstSoundMilliseconds: watch.firstSound, loudness: watch.loudness,
      processorSeconds: ProcessClock.processorSeconds,
      files: kept, faults: ports.osc == nil ? nil : faults)
    guard !raw.takesOutput, !ports.usesOutput else {
      common.remark(report.text)
      return
    }
    try common.report(report) { report.text }
  }
}

/// The result, as `--json` prints it.
private struct EndlessReport: Encodable {
  var model: String
  var seed: UInt64
  var seconds: Double
  var bars: Int
  var notes: Int
  var pieces: Int
  /// Phrases that were drawn among several tries, and those that were wanted before.
  var phrasesSearched: Int
  var phrasesHurried: Int
  /// Pieces that were not played, or left, by what was wrong with them.
  var replaced: [String: Int]
  /// How often the device had nothing to play.
  var gaps: Int
  /// How often a bar was not composed in time, and for how long in all.
  var lateBars: Int
  var lateSeconds: Double
  var barsAhead: Int
  var preparations: Int
  var gain: Double
  /// From the start of the process to the first sound.
  var firstSoundMilliseconds: Double?
  var loudness: Double?
  var processorSeconds: Double
  var files: [String]
  /// OSC messages that were not understood, where it listens to OSC.
  var faults: Int?

  var text: String {
    "\(model): played \(Readable.clock(seconds)), \(Readable.plural(pieces, "piece")), \(Readable.plural(bars, "bar")), seed \(seed)"
      + (gaps > 0 ? ", with \(Readable.plural(gaps, "gap"))" : "")
      + (lateBars > 0 ? ", \(Readable.plural(lateBars, "bar")) composed too late" : "")
      + (files.isEmpty ? "" : "; kept in \(Readable.list(files))")
      + PlayingCompany.words(faults: faults ?? 0)
  }
}
