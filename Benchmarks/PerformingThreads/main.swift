// `performing-threads [SECONDS]`: endless music that is composed, rendered, recorded, sent and led at once, and live performances that are
// played to, learned from and changed, each from many threads. It is built with the thread sanitizer (Scripts/test-threads), which ends it
// with an error where two threads meet without order; by itself it checks that each performance ends as it should.
internal import Audio
internal import Composing
internal import Foundation
internal import Groundwork
internal import MIDI
internal import Music
internal import Performing
internal import Recurrent
internal import Synthesis
internal import Tokenization

private func demand(_ condition: Bool, _ what: String) {
  guard !condition else { return }
  FileHandle.standardError.write(Data("performing-threads: \(what)\n".utf8))
  exit(1)
}

/// A small model that was not trained, whose music has no sense but obeys the tokens' grammar.
private func untrainedModel() throws -> MusicModel {
  var cells = CellsConfiguration()
  cells.velocity = 95
  let tokenizer = try cells.makeTokenizer()
  let configuration = LanguageModelConfiguration(
    vocabularySize: tokenizer.vocabulary.count, contextSizes: tokenizer.contextFeatures.map(\.count),
    embeddingSize: 8, hiddenSize: 16, layerCount: 1)
  return MusicModel(tokenizer: tokenizer, network: Network(configuration: configuration, seed: 3))
}

/// A bank in which everything is one sound that is quickly made.
private struct Bank: SoundBank {
  let library: InstrumentLibrary
  var name: String { "small" }

  func preset(at address: PresetAddress) -> SoundPreset? { library.preset(at: PresetAddress(program: 80)) }
}

/// A thread that does the same again and again until it is ended.
private final class Repeater: Sendable {
  private let isDone = Cancellation()
  private let thread: PortThread

  init(every seconds: Double, _ body: @escaping @Sendable () throws -> Void) throws {
    thread = try PortThread { [isDone] in
      while !isDone.isRequested {
        do { try body() } catch { demand(false, "\(error)") }
        usleep(UInt32(seconds * 1e6))
      }
    }
  }

  func end() {
    isDone.request()
    thread.join()
  }
}

private func silentSession() -> PlaybackSession {
  let device = CaptureDevice(
    PCMRequest(sampleRate: 44_100, channelCount: 2, formats: [.float32], latencySeconds: 0.05), isPaced: true
  ) { _ in true }
  return PlaybackSession(device: device, channelCount: 2, queueSeconds: 0.05)
}

// MARK: Endless music

private func playEndlessly(seconds: Double, bank: any SoundBank, folder: String) throws {
  var settings = EndlessSettings()
  settings.composition.bars = 4
  let composer = try EndlessComposer(model: untrainedModel(), settings: settings, seed: 5)
  let session = silentSession()
  let engine = PerformanceEngine(
    bank: bank,
    settings: EngineSettings(
      render: RenderOptions(sampleRate: session.sampleRate, reverb: .off, maximumVoices: 8)))
  let recordings = (
    try MIDIRecording(path: folder + "/endless.mid", sampleRate: engine.sampleRate),
    try SoundRecording(path: folder + "/endless.wav", sampleRate: engine.sampleRate)
  )
  engine.add(recordings.0)
  engine.add(recordings.1)
  // MIDI and its clock through a FIFO, and the bars through OSC, to somebody who listens.
  let input = try ByteStreamInput(fifo: folder + "/endless", creates: true)
  let output = try ByteStreamOutput(fifo: folder + "/endless")
  let server = try OSCServer(endpoint: OSCEndpoint(port: 0)) { action, _ in
    guard case .set(_, .number(let value)) = action else { return .refused("no") }
    var settings = composer.settings
    settings.composition.sampling.temperature = value
    do { try composer.change(to: settings) } catch { return .refused("\(error)") }
    return .done
  }
  let rate = Double(engine.sampleRate)
  let moment: @Sendable (Int) -> PerformanceTime? = { frame in
    let head = session.playhead
    guard head.nanoseconds > 0 else { return nil }
    return PerformanceTime(nanoseconds: head.nanoseconds).advanced(
      bySeconds: Double(frame - head.frame) / rate)
  }
  let performer = try MIDIPerformer(output, sampleRate: engine.sampleRate, clock: moment)
  let announcer = try SongAnnouncer(clocks: [output]) { server.announceBar($0) }
  let conductor = try PerformanceConductor(announcer, sampleRate: engine.sampleRate, clock: moment)
  engine.add(performer)
  engine.add(conductor)
  let client = try OSCSender(to: server.endpoint)
  client.send(OSCPacket.message(OSCMessage("/gruppetto/subscribe")))

  let cancellation = Cancellation()
  let composing = try PortThread {
    do {
      try engine.addBars(cancellation: cancellation) {
        try composer.nextBar(cancellation: cancellation)
      } meanwhile: {
        try composer.workAhead(cancellation: cancellation)
      }
    } catch {
      demand(cancellation.isRequested, "composing ended: \(error)")
    }
  }
  let meddlers = [
    try Repeater(every: 0.001) { _ = try input.next(timeoutSeconds: 0.05) },
    try Repeater(every: 0.03) {
      let value = OSCArgument.float(Float.random(in: 0.5...1.5))
      client.send(OSCPacket.message(OSCMessage("/gruppetto/parameter/temperature", [value])))
      _ = client.receive(timeoutSeconds: 0.001)
    },
    try Repeater(every: 0.01) {
      _ = (engine.statistics, engine.place(atFrame: session.heardFrames), composer.statistics, session.counts)
      engine.send(.noteOn(key: 60, velocity: 50), channel: 0)
      engine.send(.noteOff(key: 60), channel: 0)
      engine.setGain(Double.random(in: -6...0))
      _ = (performer.timeliness.count, announcer.timeliness.count, recordings.0.failure, recordings.1.failure)
    },
    try Repeater(every: 0.7) {
      session.pause()
      performer.pause()
      conductor.pause()
      usleep(100_000)
      session.resume()
      performer.resume()
      conductor.resume()
    },
  ]
  let rendering = try PortThread {
    var samples = [Float](repeating: 0, count: 512)
    do {
      try session.start()
      while true {
        var room = samples.mutableSpan
        let frames = engine.render(into: &room)
        var done = 0
        while done < frames {
          guard try session.waitForRoom(frames - done) else { continue }
          done += session.write(samples.span.extracting(2 * done..<2 * frames))
        }
        if frames < 256 { break }
      }
      _ = try session.finish()
    } catch {
      demand(false, "\(error)")
    }
  }
  usleep(UInt32(seconds * 1e6))
  for meddler in meddlers { meddler.end() }
  session.resume()
  cancellation.request()
  engine.stop()
  rendering.join()
  composing.join()
  conductor.finish()
  announcer.close()
  try performer.finish()
  try recordings.0.finish()
  try recordings.1.finish()
  server.close()
  input.close()
  demand(engine.statistics.barCount > 0, "no bar was played")
  print("endless: bars \(engine.statistics.barCount), notes \(engine.statistics.noteCount)")
}

// MARK: With a player

private func playLive(_ settings: LiveSettings, seconds: Double, bank: any SoundBank, folder: String) throws {
  let model = try untrainedModel()
  let keys = MessageQueue(name: "keys")
  let fifo = folder + "/live-\(settings.mode.rawValue)"
  let input = try ByteStreamInput(fifo: fifo, creates: true)
  let output = try ByteStreamOutput(fifo: fifo)
  let announcer = try SongAnnouncer(clocks: [output]) { _ in }
  let session = silentSession()
  let sound = LiveSound(bank: bank, session: session, programs: [0, 32])
  try sound.start()
  let learning = settings.mode == .accompany ? nil : try LiveLearning(model: model)
  let stage = LiveStage(
    performer: try LivePerformer(model: model, settings: settings), inputs: [keys], outputs: [output],
    sound: sound, learning: learning, recorder: try LiveRecorder(path: fifo + ".mid"), announcer: announcer)
  let cancellation = Cancellation()
  // One thread uses a stage; changes alone may be asked for by others.
  nonisolated(unsafe) let lent = stage
  let meddlers = [
    try Repeater(every: 0.001) { _ = try input.next(timeoutSeconds: 0.05) },
    // Phrases of eight notes, with rests between them that are answered.
    try Repeater(every: 0.6) {
      for key in 0..<8 {
        let key = 60 + key % 5
        keys.add(
          .message(TimedMessage(time: .now, message: .midi(.noteOn(channel: 0, key: key, velocity: 80)))))
        usleep(60_000)
        keys.add(
          .message(TimedMessage(time: .now, message: .midi(.noteOff(channel: 0, key: key, velocity: 0)))))
      }
    },
    try Repeater(every: 0.11) {
      lent.request(.temperature(Double.random(in: 0.5...1.5)))
      if Int.random(in: 0..<9) == 0 { lent.request(.silence) }
      if Int.random(in: 0..<9) == 0 { lent.request(.reset) }
      _ = (sound.latencies.count, sound.failure, keys.statistics, output.statistics, announcer.timeliness)
    },
  ]
  let ending = try PortThread {
    usleep(UInt32(seconds * 1e6))
    cancellation.request()
  }
  let result = try stage.run(cancellation: cancellation)
  ending.join()
  for meddler in meddlers { meddler.end() }
  _ = try sound.stop()
  _ = try learning?.finish(name: "what was played")
  input.close()
  demand(result.report.heardNotes > 0, "no note was heard")
  print("\(settings.mode.rawValue): heard \(result.report.heardNotes), played \(result.report.playedNotes)")
}

let seconds = CommandLine.arguments.dropFirst().first.flatMap(Double.init) ?? 10
let folder = FileManager.default.temporaryDirectory.appending(path: "gruppetto-\(UUID().uuidString)").path
try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
defer { try? FileManager.default.removeItem(atPath: folder) }
let presets = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().appending(path: "presets/instruments").path
private let bank = Bank(library: try InstrumentLibrary(folder: presets))
try playEndlessly(seconds: seconds / 2, bank: bank, folder: folder)
let modes: [(LiveMode, LiveTempo, turns: Int?)] = [
  (.answer, .followed, nil), (.answer, .given(240), 1), (.accompany, .given(240), nil),
]
for (mode, tempo, turns) in modes {
  try playLive(
    LiveSettings(mode: mode, tempo: tempo, turnBars: turns), seconds: seconds / 6, bank: bank, folder: folder)
}
