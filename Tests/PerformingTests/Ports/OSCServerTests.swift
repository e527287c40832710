import MIDI
import Performing
import Synchronization
import TestSupport
import Testing

/// A handler that keeps what it was asked.
final class KeptRequests: Sendable {
  private let kept = Mutex<[RemoteAction]>([])
  private let event = RemoteEvent(
    program: 4, isDrums: true, key: 38, seconds: 0.25, velocity: 99, endProbability: 0.5)

  var all: [RemoteAction] { kept.withLock { $0 } }

  func handle(_ action: RemoteAction, _ time: PerformanceTime) -> RemoteAnswer {
    kept.withLock { $0.append(action) }
    switch action {
    case .get(parameter: "temperature"): return .value(.number(1.25))
    case .get(parameter: "key"): return .value(.text("G"))
    case .get(let name): return .refused("there is no \(name)")
    case .set(parameter: "wrong", to: _): return .refused("there is no wrong")
    case .nextEvent: return .event(event)
    default: return .done
    }
  }
}

/// A server, and someone who talks to it.
struct OSCPair {
  let requests = KeptRequests()
  let server: OSCServer
  let client: OSCSender

  init() throws {
    server = try OSCServer(endpoint: OSCEndpoint(port: 0)) { [requests] in requests.handle($0, $1) }
    client = try OSCSender(to: server.endpoint)
  }

  func send(_ address: String, _ arguments: OSCArgument...) {
    client.send(.message(OSCMessage(address, arguments)))
  }

  func answer() -> OSCMessage? {
    if case .message(let message)? = client.receive(timeoutSeconds: 5) { message } else { nil }
  }

  /// Waits until the server has done all that was sent.
  func settle() {
    send("/gruppetto/ping")
    while let answer = answer(), answer.address != "/gruppetto/pong" {}
  }

  func notes(_ count: Int) throws -> [WireMessage] {
    try (0..<count).compactMap { _ in message(try server.input.next(timeoutSeconds: 5)) }
  }
}

@Suite("The OSC server")
struct OSCServerTests {
  @Test("Notes and controllers come in as messages, with channels from 1")
  func notesComeIn() throws {
    let pair = try OSCPair()
    defer { pair.server.close() }
    pair.send("/gruppetto/note", .int(60), .int(100))
    pair.send("/gruppetto/note/off", .float(60), .int(16))
    pair.send("/gruppetto/control", .int(64), .int(127), .int(2))
    pair.send("/gruppetto/program", .int(19), .int(3))
    pair.send("/gruppetto/bend", .int(-8192))
    pair.send("/gruppetto/midi", .midi(port: 0, status: 0x92, data1: 1, data2: 2))
    pair.send("/gruppetto/midi", .midi(port: 0, status: 0xF8, data1: 0, data2: 0))
    pair.send("/gruppetto/midi", .blob([0x80, 60, 0, 61, 0]))
    pair.send("/gruppetto/midi", .int(0xD0), .int(5))
    #expect(
      try pair.notes(10) == [
        .midi(.noteOn(channel: 0, key: 60, velocity: 100)),
        .midi(.noteOff(channel: 15, key: 60, velocity: 64)),
        .midi(.controlChange(channel: 1, controller: 64, value: 127)),
        .midi(.programChange(channel: 2, program: 19)),
        .midi(.pitchBend(channel: 0, value: -8192)), .midi(.noteOn(channel: 2, key: 1, velocity: 2)), .clock,
        .midi(.noteOff(channel: 0, key: 60, velocity: 0)), .midi(.noteOff(channel: 0, key: 61, velocity: 0)),
        .midi(.channelPressure(channel: 0, pressure: 5)),
      ])
  }

  @Test("Parameters are set and asked for, in the address or as an argument, and refusals come back in words")
  func parametersAreSet() throws {
    let pair = try OSCPair()
    defer { pair.server.close() }
    pair.send("/gruppetto/parameter/temperature", .float(0.5))
    pair.send("/gruppetto/parameter", .string("key"), .string("F#"))
    pair.send("/gruppetto/parameter/temperature")
    #expect(pair.answer() == OSCMessage("/gruppetto/parameter/temperature", [.float(1.25)]))
    pair.send("/gruppetto/parameter", .string("key"))
    #expect(pair.answer() == OSCMessage("/gruppetto/parameter/key", [.string("G")]))
    pair.send("/gruppetto/parameter/wrong", .int(3))
    #expect(pair.answer() == OSCMessage("/gruppetto/error", [.string("there is no wrong")]))
    pair.send("/gruppetto/parameter/temperature", .float(.nan))
    #expect(pair.answer()?.address == "/gruppetto/error")
    #expect(
      pair.requests.all == [
        .set(parameter: "temperature", to: .number(0.5)), .set(parameter: "key", to: .text("F#")),
        .get(parameter: "temperature"), .get(parameter: "key"), .set(parameter: "wrong", to: .number(3)),
      ])
    pair.settle()
    #expect(pair.server.statistics.refusedCount == 2)
  }

  @Test("Transport is asked for, also by patterns")
  func transportIsAskedFor() throws {
    let pair = try OSCPair()
    defer { pair.server.close() }
    pair.send("/gruppetto/transport/start")
    pair.send("/gruppetto/transport/bar", .int(17))
    pair.send("/gruppetto/transport/{pause,resume}")
    pair.send("/gruppetto/transport/st?p")
    pair.settle()
    #expect(pair.requests.all == [.start, .bar(17), .pause, .resume, .stop])
  }

  @Test("What is no OSC, unknown or out of range is dropped and counted, and the server goes on")
  func faultsAreCounted() throws {
    let pair = try OSCPair()
    defer { pair.server.close() }
    let raw = try UDPProbe()
    for bytes: [UInt8] in [[], [1, 2, 3], Array("/gruppetto/note".utf8), [0x23, 0, 0, 0]] {
      raw.send(bytes, to: pair.server.endpoint)
    }
    pair.send("/nobody/knows")
    pair.send("/gruppetto/nothing")
    pair.send("/gruppetto/note", .int(128), .int(1))
    pair.send("/gruppetto/note", .int(60))
    pair.send("/gruppetto/note", .int(60), .int(1), .int(17))
    pair.send("/gruppetto/midi", .blob([0x90, 60]))
    pair.settle()
    let statistics = pair.server.statistics
    #expect(statistics.malformedCount == 4)
    #expect(statistics.unknownCount == 2)
    #expect(statistics.refusedCount == 4)
    pair.send("/gruppetto/note", .int(60), .int(1))
    #expect(try pair.notes(1) == [.midi(.noteOn(channel: 0, key: 60, velocity: 1))])
  }

  @Test("Whoever plays no notes refuses them in words, and an address that is not there is said to be none")
  func notesAreRefused() throws {
    let server = try OSCServer(endpoint: OSCEndpoint(port: 0), refusingNotes: "nobody plays them") { _, _ in
      .done
    }
    defer { server.close() }
    let client = try OSCSender(to: server.endpoint)
    func answer(_ address: String, _ arguments: OSCArgument...) -> String? {
      client.send(.message(OSCMessage(address, arguments)))
      guard case .message(let message)? = client.receive(timeoutSeconds: 5) else { return nil }
      return message.address == "/gruppetto/error" ? message.arguments.first?.text : message.address
    }
    #expect(answer("/gruppetto/note", .int(60), .int(100)) == "nobody plays them")
    #expect(answer("/gruppetto/midi", .blob([0x90, 60, 1])) == "nobody plays them")
    #expect(
      answer("/notochord/feed", .int(1), .int(60), .float(0), .int(90)) == "nobody plays them")
    #expect(answer("/gruppetto/transport/rewind")?.contains("start, stop, pause") == true)
    #expect(answer("/gruppetto/nothing") == "there is no address /gruppetto/nothing")
    // What another server says is never answered, or two of them would go on for ever.
    for address in ["error", "pong", "bar"] { client.send(.message(OSCMessage("/gruppetto/" + address))) }
    #expect(answer("/gruppetto/ping") == "/gruppetto/pong")
    #expect(server.statistics.refusedCount == 3 && server.statistics.unknownCount == 2)
    #expect(server.input.statistics.faultCount == 2)
    #expect(try server.input.next(timeoutSeconds: 0) == .timedOut)
  }

  @Test("A bundle is held until it is due, and what is far ahead is dropped")
  func bundlesAreHeld() throws {
    let pair = try OSCPair()
    defer { pair.server.close() }
    let due = PerformanceTime.now.advanced(bySeconds: 0.2)
    let note = OSCPacket.message(OSCMessage("/gruppetto/note", [.int(60), .int(1)]))
    let other = OSCPacket.message(OSCMessage("/gruppetto/note", [.int(61), .int(1)]))
    pair.client.send(.bundle(time: OSCTimeTag(due), [note, .bundle(time: OSCTimeTag(due), [other])]))
    pair.client.send(.bundle(time: OSCTimeTag(due.advanced(bySeconds: 3600)), [note]))
    pair.client.send(
      .bundle(time: .immediately, [.message(OSCMessage("/gruppetto/note", [.int(62), .int(1)]))]))
    let events = try (0..<3).map { _ in try pair.server.input.next(timeoutSeconds: 5) }
    let arrived = PerformanceTime.now
    #expect(events.compactMap(message).map(\.key) == [62, 60, 61])
    // Clocks of the day and of the system may be read a little apart.
    #expect(arrived.seconds(since: due) > -0.01)
    #expect(pair.server.statistics.droppedCount == 1)
  }

  @Test("Whoever subscribes is sent notes and bars until it wants no more")
  func subscribersAreSentNotes() throws {
    let pair = try OSCPair()
    defer { pair.server.close() }
    pair.send("/gruppetto/subscribe")
    pair.settle()
    let output = OSCSubscriberOutput(pair.server)
    try output.send(.midi(.noteOn(channel: 1, key: 64, velocity: 77)))
    #expect(pair.answer() == OSCMessage("/gruppetto/note", [.int(64), .int(77), .int(2)]))
    pair.server.announceBar(3, quarters: 4, quartersPerMinute: 90)
    #expect(pair.answer() == OSCMessage("/gruppetto/bar", [.int(3), .float(4), .float(90)]))
    pair.send("/gruppetto/unsubscribe")
    pair.settle()
    #expect(pair.server.subscribers.isEmpty)
  }

  @Test("Notochord's users feed events and ask for the next")
  func notochordIsUnderstood() throws {
    let pair = try OSCPair()
    defer { pair.server.close() }
    pair.send("/notochord/feed", .int(1), .int(60), .float(0.1), .float(90))
    pair.send("/notochord/feed", .int(1), .int(60), .float(0.1), .int(0))
    pair.send(
      "/notochord/feed", .string("inst"), .int(129), .string("pitch"), .int(36), .string("time"), .float(0),
      .string("vel"), .int(5))
    #expect(
      try pair.notes(5) == [
        .midi(.programChange(channel: 0, program: 0)), .midi(.noteOn(channel: 0, key: 60, velocity: 90)),
        .midi(.noteOff(channel: 0, key: 60, velocity: 64)), .midi(.programChange(channel: 9, program: 0)),
        .midi(.noteOn(channel: 9, key: 36, velocity: 5)),
      ])
    pair.send("/notochord/query")
    #expect(
      pair.answer()
        == OSCMessage(
          "/return/notochord/query",
          [
            .string("inst"), .int(133), .string("pitch"), .int(38), .string("time"), .float(0.25),
            .string("vel"),
            .int(99), .string("end"), .float(0.5),
          ]))
    pair.send("/notochord/reset")
    pair.settle()
    #expect(pair.requests.all == [.nextEvent(isFed: false), .reset])
  }

  @Test("MIDI-GPT's users send bars and are sent bars")
  func midiGPTIsUnderstood() throws {
    let pair = try OSCPair()
    defer { pair.server.close() }
    #expect(!pair.server.sendComposed(RemoteBar(index: 0, numerator: 4, denominator: 4, notes: []), track: 1))
    pair.send("/midigpt/session/init", .string("a"))
    #expect(pair.answer() == OSCMessage("/midigpt/session/ready"))
    pair.send("/midigpt/session/start")
    #expect(pair.answer() == OSCMessage("/midigpt/session/started"))
    pair.send("/midigpt/note", .int(1), .int(60), .int(90), .float(0.25), .float(0.5), .int(3))
    pair.send("/midigpt/note", .int(1), .int(60), .int(90), .float(1.5), .float(0.5), .int(3))
    #expect(pair.answer()?.address == "/midigpt/error")
    pair.send("/midigpt/bar/end", .int(3), .int(3), .int(4))
    pair.send("/midigpt/param/set", .string("temperature"), .float(1.5))
    pair.settle()
    let note = RemoteBar.Note(track: 1, key: 60, velocity: 90, onset: 0.25, duration: 0.5)
    let bar = RemoteBar(index: 3, numerator: 3, denominator: 4, notes: [note])
    #expect(
      pair.requests.all == [
        .reset, .start, .played(bar), .set(parameter: "temperature", to: .number(1.5)),
      ])
    #expect(pair.server.sendComposed(bar, track: 2))
    #expect(pair.answer() == OSCMessage("/midigpt/generated/open", [.int(2), .int(3), .int(1)]))
    #expect(
      pair.answer()
        == OSCMessage(
          "/midigpt/generated/note", [.int(2), .int(3), .int(60), .int(90), .float(0.25), .float(0.5)]))
    #expect(pair.answer() == OSCMessage("/midigpt/generated/close", [.int(2), .int(3)]))
  }

  @Test("A port that is taken and an address that is none are errors that say so")
  func unusableAddressesAreErrors() throws {
    let pair = try OSCPair()
    defer { pair.server.close() }
    let taken = pair.server.endpoint
    #expect(throws: PortError.unusableAddress(address: "\(taken)", reason: "address already in use")) {
      try OSCServer(endpoint: taken) { _, _ in .done }
    }
    #expect(throws: PortError.self) { try OSCEndpoint("nowhere:9000") }
    #expect(throws: PortError.self) { try OSCEndpoint("127.0.0.1:90000") }
    #expect(throws: PortError.self) { try OSCEndpoint(host: "1.2.3", port: 1) }
    #expect(try OSCEndpoint("9001").description == "127.0.0.1:9001")
    #expect(try OSCEndpoint("192.168.1.2:7").description == "192.168.1.2:7")
  }

  @Test("A server that is closed ends its input, and its port is free again")
  func closedServerEnds() throws {
    let pair = try OSCPair()
    let endpoint = pair.server.endpoint
    pair.server.close()
    #expect(try pair.server.input.next(timeoutSeconds: 5) == .ended)
    _ = endpoint
  }

  @Test("Another program plays and is played to")
  func twoProcessesTalk() throws {
    let pair = try OSCPair()
    defer { pair.server.close() }
    let peer = try Program("port-peer").start(["osc", "\(pair.server.endpoint)", "100"])
    let notes = try pair.notes(100)
    #expect(notes == (0..<100).map { .midi(.noteOn(channel: 2, key: $0, velocity: 1 + $0 % 127)) })
    #expect(pair.requests.all == [.set(parameter: "temperature", to: .number(0.75))])
    let output = OSCSubscriberOutput(pair.server)
    for key in 0..<50 { try output.send(.midi(.noteOn(channel: 0, key: key, velocity: 1))) }
    pair.server.announceBar(1, quarters: 4, quartersPerMinute: 120)
    let outcome = peer.wait()
    #expect(outcome.output == "/gruppetto/pong\nreceived 50\n")
  }
}

extension WireMessage {
  /// The key of a note.
  var key: Int? { if case .midi(.noteOn(_, let key, _)) = self { key } else { nil } }
}
