import Audio
import Foundation
import Groundwork
import MIDI
import Performing
import Synchronization
import TestSupport
import Testing

/// A JACK server on the dummy driver, which plays to nobody in real time.
final class JACKServer {
  let name: String
  private let process = Process()

  /// Starts it.
  /// - Parameter name: its name; nil for one of its own.
  init(name: String? = nil) throws {
    self.name = name ?? "gruppetto-\(UInt32.random(in: 0...UInt32.max))"
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [
      "jackd", "--no-realtime", "-n", self.name, "-d", "dummy", "-r", "48000", "-p", "256",
    ]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
  }

  /// A client, as soon as the server answers.
  func client(_ clientName: String = "gruppetto", channelCount: Int = 2) throws -> JACKClient {
    let deadline = PerformanceTime.now.advanced(bySeconds: 20)
    var failure = PortError.noJACKServer(reason: "it did not start")
    while PerformanceTime.now < deadline, process.isRunning {
      do throws(PortError) {
        return try JACKClient(
          name: clientName, channelCount: channelCount, queueSeconds: 0.05, serverName: name)
      } catch {
        failure = error
        usleep(50_000)
      }
    }
    throw failure
  }

  func stop() {
    if process.isRunning { process.terminate() }
    process.waitUntilExit()
  }

  deinit { stop() }

  /// Whether a server can be started.
  static let isPresent = Program.isOnPath("jackd")
  static let absence: Comment = "skipped: jackd is not installed"
}

@Suite("JACK", .serialized)
struct JACKTests {
  @Test("Without a server it says so, and what to do")
  func missingServerIsSaid() {
    do throws(PortError) {
      _ = try JACKClient(serverName: "gruppetto-there-is-none")
      Issue.record("a client of no server")
    } catch {
      switch error {
      case .noJACKServer: #expect(error.message.contains("start jackd or PipeWire"))
      case .noJACKLibrary: #expect(error.message.contains("install libjack-jackd2-0"))
      default: Issue.record(error)
      }
      #expect(error.kind == .missingInput)
    }
  }

  @Test(
    "Messages go out at their frames and come in with their moments",
    .enabled(if: JACKServer.isPresent, JACKServer.absence))
  func messagesGoRound() throws {
    let server = try JACKServer()
    defer { server.stop() }
    let client = try server.client(channelCount: 0)
    let other = try server.client("other", channelCount: 0)
    #expect(other.midiSources.contains("\(client.name):midi_out"))
    try client.connect("\(client.name):midi_out", to: "\(other.name):midi_in")
    let (input, output) = (other.input(), client.output())
    let sender = try TimedSender(output)
    let start = PerformanceTime.now.advanced(bySeconds: 0.1)
    let sent: [WireMessage] =
      (0..<50).map { .midi(.noteOn(channel: 1, key: $0, velocity: 7)) } + [
        .midi(.systemExclusive([UInt8](repeating: 5, count: 100) + [0xF7])), .clock,
      ]
    for (index, message) in sent.enumerated() {
      try sender.send(message, at: start.advanced(bySeconds: Double(index) * 0.01))
    }
    var received: [TimedMessage] = []
    while received.count < sent.count, case .message(let timed) = try input.next(timeoutSeconds: 10) {
      received.append(timed)
    }
    // A server without processor time leaves out cycles, and what was in them: the rest comes in its order, and nothing else.
    var places: [Int] = []
    for timed in received {
      places.append(try #require(sent[((places.last ?? -1) + 1)...].firstIndex(of: timed.message)))
    }
    #expect(places.count > 40)
    // By frames, messages stand where they should, to a part of a millisecond; a busy machine may have been late for some.
    let errors = zip(places, received).map { place, timed in
      abs(timed.time.seconds(since: start) - Double(place) * 0.01)
    }
    #expect(errors.sorted()[errors.count / 2] < 0.002)
    sender.close()
    input.close()
    #expect(try input.next(timeoutSeconds: 1) == .closed)
    #expect(throws: PortError.self) { try client.connect("\(client.name):midi_out", to: "nobody:in") }
  }

  @Test(
    "A session plays through JACK, and what it is given is heard",
    .enabled(if: JACKServer.isPresent, JACKServer.absence))
  func sessionPlays() throws {
    let server = try JACKServer()
    defer { server.stop() }
    let client = try server.client()
    #expect(client.sampleRate == 48_000)
    #expect(client.periodFrames == 256)
    let folder = try TemporaryFolder()
    // Another program of JACK's hears what comes.
    let recorder =
      Program.isOnPath("jack_rec")
      ? try Program(path: "/usr/bin/env").start(
        ["jack_rec", "-f", folder.file("heard.wav"), "-d", "3", "-b", "32", "\(client.name):out_1"],
        environment: ["JACK_DEFAULT_SERVER": server.name]) : nil
    if recorder != nil { usleep(1_000_000) }
    let session = PlaybackSession(device: client.soundDevice())
    var source = Ramp(sampleRate: 48_000, frameCount: 24_000)
    let before = PerformanceTime.now
    let result = try session.play(&source)
    // Half a second cannot be over sooner.
    #expect(PerformanceTime.now.seconds(since: before) > 0.4)
    #expect(result.frameCount >= 24_000)
    #expect(!result.isCancelled)
    guard let recorder else { return }
    _ = recorder.wait()
    let heard = try AudioFile.read(folder.file("heard.wav")).samples
    let isRising = zip(heard, heard.dropFirst()).count { abs($1 - $0 - 1 / 24_000) < 1e-6 }
    // A busy machine may lose a cycle here and there, in the server or the recorder.
    #expect(isRising > 22_000)
    #expect(isRising < 24_000)
  }

  @Test("The transport gives bar and beat", .enabled(if: JACKServer.isPresent, JACKServer.absence))
  func transportGivesTheBar() throws {
    let server = try JACKServer()
    defer { server.stop() }
    let client = try server.client(channelCount: 0)
    #expect(client.transport.place == nil)
    #expect(!client.transport.isRolling)
    let master = try server.client("master", channelCount: 0)
    #expect(master.provideTimebase(beatsPerMinute: 90, beatsPerBar: 3))
    #expect(!client.provideTimebase(beatsPerMinute: 60))
    // Two beats of the fifth bar: 14 beats at 90 a minute.
    master.locateTransport(frame: 14 * 32_000 + 8_000)
    master.startTransport()
    let deadline = PerformanceTime.now.advanced(bySeconds: 10)
    while !client.transport.isRolling || client.transport.place == nil, PerformanceTime.now < deadline {
      usleep(5_000)
    }
    let transport = client.transport
    #expect(transport.isRolling)
    let place = try #require(transport.place)
    let beats = Double(transport.frame) / 32_000
    #expect(place.bar == Int(beats / 3) + 1)
    #expect(place.beat == Int(beats.truncatingRemainder(dividingBy: 3)) + 1)
    #expect(abs(place.part - beats.truncatingRemainder(dividingBy: 1)) < 0.01)
    #expect(place.beatsPerMinute == 90)
    #expect(place.beatsPerBar == 3)
    #expect(place.beatType == 4)
    client.stopTransport()
  }

  @Test(
    "A client is opened again while others ask it, and plays on",
    .enabled(if: JACKServer.isPresent, JACKServer.absence))
  func clientIsOpenedAgainWhileOthersAsk() throws {
    let server = try JACKServer()
    let client = try server.client()
    usleep(100_000)
    server.stop()
    let end = PerformanceTime.now.advanced(bySeconds: 10)
    while !client.isShutDown, PerformanceTime.now < end { usleep(5_000) }
    // From now on others ask all the time.
    let isDone = Cancellation()
    var next: JACKServer?
    let askers = try (0..<3).map { _ in
      try PortThread {
        while !isDone.isRequested {
          _ = (client.transport, client.midiTargets, client.isShutDown, client.underrunCount)
          usleep(500)
        }
      }
    }
    defer {
      isDone.request()
      for asker in askers { asker.join() }
      // Nobody asks any more when it ends.
      next?.stop()
    }
    let device = client.soundDevice()
    #expect(client.isShutDown && device.reopen() != 0, "there is no server to be opened at")
    #expect(client.transport.place == nil && client.midiTargets.isEmpty)
    next = try JACKServer(name: server.name)
    _ = try next?.client("other", channelCount: 0)
    #expect(device.reopen() == 0)
    #expect(!client.isShutDown && !client.midiSources.contains { $0.hasPrefix("\(client.name):") })
    client.startTransport()
    let rolling = PerformanceTime.now.advanced(bySeconds: 10)
    while !client.transport.isRolling, PerformanceTime.now < rolling { usleep(5_000) }
    #expect(client.transport.isRolling)
  }

  @Test(
    "A client whose name somebody has taken meanwhile goes by its new one",
    .enabled(
      if: JACKServer.isPresent && Program.isOnPath("jack_midiseq"),
      "skipped: jackd or its tools are not installed"))
  func clientGoesByItsNewName() throws {
    var server = try JACKServer()
    defer { server.stop() }
    let client = try server.client()
    // It is opened again when it is asked to be, and not by itself.
    let device = client.soundDevice()
    let (input, oldName) = (client.input(), client.name)
    #expect(input.name == "\(oldName):midi_in")
    server.stop()
    func wait(_ condition: () -> Bool) -> Bool {
      let deadline = PerformanceTime.now.advanced(bySeconds: 20)
      while PerformanceTime.now < deadline {
        if condition() { return true }
        usleep(20_000)
      }
      return false
    }
    #expect(wait { client.isShutDown })
    #expect(isSenderGone(try input.next(timeoutSeconds: 1)))
    server = try JACKServer(name: server.name)
    // Another program: the library does not bear a second client of this one while the first is not closed.
    let tool = Program(path: "/usr/bin/env")
    var other: Program.Running?
    defer {
      other?.signal(SIGKILL)
      _ = other?.wait()
    }
    func ports() -> String { (try? tool.run(["jack_lsp", "-s", server.name]).output) ?? "" }
    #expect(wait { ports().contains("system:") })
    other = try tool.start(
      ["jack_midiseq", oldName, "6000", "0", "60", "3000"], environment: ["JACK_DEFAULT_SERVER": server.name])
    #expect(wait { ports().contains("\(oldName):out") })
    #expect(device.reopen() == 0)
    #expect(client.name != oldName && input.name == "\(client.name):midi_in")
    #expect(client.midiSources.contains("\(oldName):out"))
    #expect(!client.midiSources.contains { $0.hasPrefix("\(client.name):") })
    try client.connect("\(oldName):out", to: input.name)
    // It is told once that the server was gone: what comes next is a note.
    guard case .message = try input.next(timeoutSeconds: 10) else {
      Issue.record("no note came")
      return
    }
  }

  @Test("A server that ends is noticed", .enabled(if: JACKServer.isPresent, JACKServer.absence))
  func endOfServerIsNoticed() throws {
    let server = try JACKServer()
    let client = try server.client(channelCount: 0)
    let input = client.input()
    server.stop()
    let deadline = PerformanceTime.now.advanced(bySeconds: 10)
    var isGone = false
    while !isGone, PerformanceTime.now < deadline {
      isGone = isSenderGone(try input.next(timeoutSeconds: 0.1))
    }
    #expect(isGone)
    #expect(client.isShutDown)
    // What is sent meanwhile goes nowhere.
    let output = client.output()
    try output.send(.clock)
    #expect(output.statistics.droppedCount == 1 && output.statistics.messageCount == 0)
  }

  @Test(
    "A client without sound is back by itself with its server, and connected as before",
    .enabled(
      if: JACKServer.isPresent && Program.isOnPath("jack_midiseq") && Program.isOnPath("jack_midi_dump"),
      "skipped: jackd or its tools are not installed"))
  func clientComesBackWithItsConnections() throws {
    let told = Mutex<[Bool]>([])
    var server = try JACKServer()
    defer { server.stop() }
    let client = try server.client(channelCount: 0)
    client.watchServer { isBack in told.withLock { $0.append(isBack) } }
    let input = client.input()
    // Other programs: a note every eighth of a second, and somebody who listens.
    func startOthers() throws -> [Program.Running] {
      try [["jack_midiseq", "sequence", "6000", "0", "60", "3000"], ["jack_midi_dump"]].map {
        try Program(path: "/usr/bin/env").start($0, environment: ["JACK_DEFAULT_SERVER": server.name])
      }
    }
    func wait(_ condition: () throws -> Bool) rethrows -> Bool {
      let deadline = PerformanceTime.now.advanced(bySeconds: 20)
      while PerformanceTime.now < deadline {
        if try condition() { return true }
        usleep(20_000)
      }
      return false
    }
    func isConnected() throws -> Bool {
      let list = try Program(path: "/usr/bin/env").run(["jack_lsp", "-s", server.name, "-c"]).output
      return list.contains("\(client.name):midi_in\n   sequence:out\n")
        && list.contains("\(client.name):midi_out\n   midi-monitor:input\n")
    }
    func hears() throws -> Bool {
      guard case .message(let timed) = try input.next(timeoutSeconds: 0.5) else { return false }
      return timed.message == .midi(.noteOn(channel: 0, key: 60, velocity: 64))
    }
    var others = try startOthers()
    #expect(
      wait {
        (try? client.connect("\(client.name):midi_out", to: "midi-monitor:input")) != nil
          && (try? client.connect("sequence:out", to: "\(client.name):midi_in")) != nil
      })
    #expect(try wait(hears) && isConnected())
    #expect(wait { client.knownConnectionCount == 2 }, "the connections are not looked at")
    for other in others { other.signal(SIGKILL) }
    server.stop()
    #expect(wait { client.isShutDown && told.withLock { $0 } == [false] })
    for other in others { _ = other.wait() }
    server = try JACKServer(name: server.name)
    #expect(wait { !client.isShutDown && told.withLock { $0 } == [false, true] })
    others = try startOthers()
    #expect(try wait(isConnected))
    #expect(try wait(hears))
    for other in others {
      other.signal(SIGKILL)
      _ = other.wait()
    }
  }
}

/// A source that rises from sample to sample.
struct Ramp: SampleSource {
  let sampleRate: Int
  let channelCount = 2
  let frameCount: Int?
  private var position = 0

  init(sampleRate: Int, frameCount: Int) {
    self.sampleRate = sampleRate
    self.frameCount = frameCount
  }

  mutating func render(into block: inout MutableSpan<Float>) -> Int {
    let count = min(block.count / 2, (frameCount ?? 0) - position)
    for index in 0..<count {
      for channel in 0..<2 { block[2 * index + channel] = Float(position + index) / 24_000 }
    }
    position += count
    return count
  }
}
