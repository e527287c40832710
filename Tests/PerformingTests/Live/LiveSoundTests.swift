import Audio
import Foundation
import Groundwork
import MIDI
import Music
import Synthesis
import TestSupport
import Testing

@testable import Performing

@Suite("The sound of a live performance", .serialized)
struct LiveSoundTests {
  /// A device that keeps what it is given, as fast as it would sound, and holds 5 ms.
  private func device() -> CaptureDevice {
    CaptureDevice(
      PCMRequest(sampleRate: 44_100, channelCount: 2, formats: [.float32], latencySeconds: 0.005),
      isPaced: true)
  }

  @Test("A note is heard within 15 ms at a device of 5 ms, on a machine that has time")
  func aNoteIsHeardSoon() throws {
    let device = device()
    let session = PlaybackSession(device: device, channelCount: 2, queueSeconds: 0.001)
    let sound = LiveSound(bank: Small.Bank(), session: session, programs: [0])
    try sound.start()
    Thread.sleep(forTimeInterval: 0.2)
    for index in 0..<20 {
      sound.send(.noteOn(key: 60 + index, velocity: 100), channel: 0, arrival: .now)
      Thread.sleep(forTimeInterval: 0.02)
    }
    let latencies = sound.latencies
    _ = try sound.stop()
    #expect(latencies.count == 20)
    // The half that is not disturbed by what else the machine does.
    #expect(latencies.percentileSeconds(0.5) < 0.015, "\(latencies.meanSeconds)")
    let samples = device.sound.samples
    #expect(samples.contains { abs($0) > 0.01 } && samples.allSatisfy { abs($0) <= 1 })
  }

  @Test("A change to an instrument that was not prepared is left out, and stopping while notes come is safe")
  func whatIsNotPreparedIsLeftOut() throws {
    let device = device()
    let session = PlaybackSession(device: device, channelCount: 2, queueSeconds: 0.001)
    let sound = LiveSound(bank: Small.Bank(), session: session, programs: [0])
    try sound.start()
    sound.send(.program(99), channel: 0)
    sound.send(.noteOn(key: 60, velocity: 100), channel: 0)
    let isDone = Cancellation()
    let sender = Thread {
      while !isDone.isRequested { sound.send(.noteOn(key: 72, velocity: 90), channel: 3, arrival: .now) }
    }
    sender.start()
    Thread.sleep(forTimeInterval: 0.3)
    _ = try sound.stop(releaseSeconds: 0.02)
    isDone.request()
    #expect(device.sound.samples.contains { abs($0) > 0.01 })
  }

  @Test("A player's master volume and reset are heard, and a bank that was not prepared is not asked for")
  func exclusivesAreHeard() throws {
    func peak(_ send: (LiveSound) -> Void) throws -> Float {
      let device = device()
      let session = PlaybackSession(device: device, channelCount: 2, queueSeconds: 0.001)
      let sound = LiveSound(bank: Small.Bank(), session: session, programs: [0])
      try sound.start()
      send(sound)
      sound.send(.noteOn(key: 60, velocity: 60), channel: 0)
      // A third of a second from where it begins, however late that is.
      let end = Date() + 30
      while Date() < end {
        let samples = device.sound.samples
        let onset = samples.firstIndex { abs($0) > 1e-4 }
        if let onset, samples.count - onset > 2 * 14_700 { break }
        Thread.sleep(forTimeInterval: 0.05)
      }
      _ = try sound.stop(releaseSeconds: 0.02)
      return device.sound.samples.map { abs($0) }.max() ?? 0
    }
    let volume: [UInt8] = [0x7F, 0x7F, 0x04, 0x01, 0, 0x20, 0xF7]
    let plain = try peak { _ in }
    let soft = try peak { $0.send(systemExclusive: volume) }
    #expect(plain > 0.01 && soft < plain / 8 && soft > plain / 32)
    let reset = try peak { sound in
      sound.send(systemExclusive: volume)
      sound.send(systemExclusive: [0x7E, 0x7F, 0x09, 0x01, 0xF7])
      sound.send(.control(0, value: 8), channel: 0)
      sound.send(.program(0), channel: 0)
    }
    #expect(abs(reset / plain - 1) < 0.1)
  }

  @Test("What is too loud is held below full scale at once, and comes back")
  func whatIsTooLoudIsHeld() {
    var peakGuard = PeakGuard(gain: 4, sampleRate: 44_100)
    let block = UnsafeMutableBufferPointer<Float>.allocate(capacity: 128)
    defer { block.deallocate() }
    var largest: Float = 0
    for round in 0..<800 {
      for index in 0..<128 { block[index] = round < 10 ? (index % 4 < 2 ? 0.9 : -0.9) : 0.1 }
      peakGuard.process(block)
      for sample in block { largest = max(largest, abs(sample)) }
    }
    #expect(largest <= 0.951)
    #expect(abs(block[127] - 0.4) < 0.01)
  }
}

@Suite("The stage of a live performance", .serialized)
struct LiveStageTests {
  @Test("A tune that is played into a FIFO is answered through another, on time, and all keys come up")
  func aTuneIsAnswered() throws {
    let folder = try TemporaryFolder()
    let input = try ByteStreamInput(fifo: folder.file("keys"), creates: true)
    let output = MessageLog()
    let performer = try LivePerformer(
      model: untrainedModel(), settings: LiveSettings(tempo: .given(240), answers: AnswerSettings(seed: 2)))
    let recorder = try LiveRecorder(path: folder.file("both.mid"))
    let stage = LiveStage(
      performer: performer, inputs: [input], outputs: [output], recorder: recorder, endsWithInput: true)
    let path = folder.file("keys")
    let player = Thread {
      guard let file = FileHandle(forWritingAtPath: path) else { return }
      let start = Date()
      for event in played(tuneInG.filter { $0.beat < 8 }, period: 0.25) {
        Thread.sleep(until: start + event.seconds)
        switch event.message {
        case .noteOn(let key, _, _): try? file.write(contentsOf: Data([0x90, UInt8(key), 80]))
        case .noteOff(let key, _): try? file.write(contentsOf: Data([0x80, UInt8(key), 0]))
        default: break
        }
      }
      try? file.close()
    }
    player.start()
    let result = try stage.run()
    #expect(!result.isCancelled && result.report.heardNotes == 10 && result.report.answers == 1)
    // 50 ms on a machine that has time; here others may be running.
    #expect(result.answerTimeliness.count == 1 && result.answerTimeliness.largestSeconds < 0.5)
    var held = HeldKeys()
    let sent = output.messages
    for message in sent { held.follow(message) }
    #expect(held.isEmpty && sent.count > 1)
    let file = try MIDIFile(bytes: readFile(folder.file("both.mid")))
    #expect(file.tracks.count == 2 && file.damage.isEmpty)
  }

  @Test("Requests from other threads change what is played, and end it")
  func requestsAreHeard() throws {
    let queue = MessageQueue(name: "test")
    let output = MessageLog()
    let stage = LiveStage(
      performer: try LivePerformer(
        model: untrainedModel(), settings: LiveSettings(mode: .accompany, tempo: .given(300))),
      inputs: [queue], outputs: [output])
    _ = queue.add(
      .message(TimedMessage(time: .now, message: .midi(.noteOn(channel: 0, key: 60, velocity: 80)))))
    var ticks = 0
    let result = try stage.run { report in
      ticks += 1
      if ticks == 6 { stage.request(.silence) }
      if ticks == 8 { stage.request(.stop) }
    }
    #expect(!result.isCancelled && result.report.playedNotes > 0)
    var held = HeldKeys()
    for message in output.messages { held.follow(message) }
    #expect(held.isEmpty)
  }

  @Test("Clocks from outside carry an accompaniment")
  func clocksCarryAnAccompaniment() throws {
    let queue = MessageQueue(name: "clock")
    let output = MessageLog()
    let stage = StageBox(
      LiveStage(
        performer: try LivePerformer(
          model: untrainedModel(), settings: LiveSettings(mode: .accompany, tempo: .clock)),
        inputs: [queue], outputs: [output]))
    let feeder = Thread {
      let start = PerformanceTime.now
      _ = queue.add(.message(TimedMessage(time: start, message: .start)))
      // 200 a minute: a clock each 12.5 ms.
      for index in 0..<160 {
        let time = start.advanced(bySeconds: 0.0125 * Double(index))
        while PerformanceTime.now < time { Thread.sleep(forTimeInterval: 0.001) }
        _ = queue.add(.message(TimedMessage(time: time, message: .clock)))
        if index == 30 {
          _ = queue.add(
            .message(TimedMessage(time: time, message: .midi(.noteOn(channel: 0, key: 60, velocity: 80)))))
        }
      }
      stage.value.request(.stop)
    }
    feeder.start()
    let result = try stage.value.run()
    #expect(result.report.quartersPerMinute.map { abs($0 - 200) < 10 } == true)
    #expect(result.report.playedNotes > 4)
  }
}

/// Keeps what is sent.
final class MessageLog: MessageOutput, @unchecked Sendable {
  let name = "log"
  let leadSeconds = 0.0
  private let lock = NSLock()
  private var sent: [WireMessage] = []

  var messages: [WireMessage] { lock.withLock { sent } }
  var statistics: OutputStatistics { OutputStatistics(messageCount: messages.count) }

  func send(_ message: WireMessage, at time: PerformanceTime) throws(PortError) {
    lock.withLock { sent.append(message) }
  }

  func close() {}
}

/// A stage that another thread makes requests of.
final class StageBox: @unchecked Sendable {
  let value: LiveStage
  init(_ stage: LiveStage) { value = stage }
}
