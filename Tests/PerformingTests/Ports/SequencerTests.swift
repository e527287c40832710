import MIDI
import Performing
import TestSupport
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

@Suite("ALSA's sequencer, as far as it can be tried without one")
struct SequencerTests {
  private let ports: [SequencerPort] = [
    port(14, "Midi Through", 0, "Midi Through Port-0"),
    port(20, "Launchkey MK3 49", 0, "Launchkey MK3 49 MIDI 1", canReceive: false),
    port(20, "Launchkey MK3 49", 1, "Launchkey MK3 49 DAW"),
    port(24, "Virtual Raw MIDI 2-0", 0, "VirMIDI 2-0"),
    port(128, "gruppetto", 0, "in", canSend: false),
    port(128, "gruppetto", 1, "out", canReceive: false),
    port(129, "gruppetto-2", 0, "in", canSend: false),
    port(130, "A:B", 3, "odd"),
  ]

  private static func port(
    _ client: Int, _ name: String, _ port: Int, _ portName: String, canSend: Bool = true,
    canReceive: Bool = true
  ) -> SequencerPort {
    SequencerPort(
      client: client, clientName: name, port: port, portName: portName, canSend: canSend,
      canReceive: canReceive)
  }

  @Test(
    "Ports are found by numbers, names, their beginnings and names of ports",
    arguments: [
      ("20", [(20, 0), (20, 1)]), ("20:1", [(20, 1)]), ("20.1", [(20, 1)]), ("128:1", [(128, 1)]),
      ("gruppetto", [(128, 0), (128, 1)]), ("gruppetto:out", [(128, 1)]), ("gruppetto:1", [(128, 1)]),
      ("GRUPPETTO:OUT", [(128, 1)]), ("gruppetto-2", [(129, 0)]), ("launchkey", [(20, 0), (20, 1)]),
      ("Launch:1", [(20, 1)]), ("VirMIDI 2-0", [(24, 0)]), ("virtual raw", [(24, 0)]), ("A:B", [(130, 3)]),
      ("A:B:3", [(130, 3)]), ("a:b:odd", [(130, 3)]), ("Launchkey MK3 49 DAW", [(20, 1)]),
      ("gruppetto:sideways", []), ("20:7", []), ("99", []), ("nobody", []), ("", []), (":", []),
    ])
  func portsAreFound(name: String, expected: [(Int, Int)]) {
    let found = ports.named(name).map { [$0.client, $0.port] }
    #expect(found == expected.map { [$0.0, $0.1] })
  }

  @Test("A second program of the same name gets a name of its own")
  func namesAreFree() {
    #expect([SequencerPort].freeName("gruppetto", among: ["System", "synth"]) == "gruppetto")
    #expect([SequencerPort].freeName("gruppetto", among: ["gruppetto", "gruppetto-3"]) == "gruppetto-2")
    #expect([SequencerPort].freeName("a", among: ["a", "a-2", "a-3"]) == "a-4")
  }

  private func on(_ key: Int) -> WireMessage { .midi(.noteOn(channel: 0, key: key, velocity: 90)) }
  private func off(_ key: Int) -> WireMessage { .midi(.noteOff(channel: 0, key: key, velocity: 64)) }

  @Test("Who stops to listen ends no keys of those who play")
  func listenersEndNoKeys() throws {
    let result = try arrivals(of: [
      .message(on(60), client: 20, port: 0), .disconnected(client: 128, port: 1, to: 1),
      .message(on(61), client: 20, port: 0),
    ])
    #expect(result.events.map(message) == [on(60), on(61)])
  }

  @Test("One of two players goes: its keys come up, and the other's stay down")
  func onePlayerGoes() throws {
    let result = try arrivals(of: [
      .connected(client: 20, port: 0, to: 0), .connected(client: 24, port: 0, to: 0),
      .message(on(60), client: 20, port: 0), .message(on(64), client: 24, port: 0),
      .message(on(67), client: 20, port: 0), .disconnected(client: 20, port: 0, to: 0),
    ])
    #expect(result.events.prefix(3).map(message) == [on(60), on(64), on(67)])
    #expect(result.events.dropFirst(3).map(message) == [off(60), off(67)])
  }

  @Test("The last player goes: its keys come up, and the sender has gone")
  func lastPlayerGoes() throws {
    let result = try arrivals(of: [
      .connected(client: 20, port: 0, to: 0), .connects(client: 24, port: 0),
      .message(on(60), client: 20, port: 0), .message(off(60), client: 20, port: 0),
      .message(on(64), client: 24, port: 0), .disconnected(client: 20, port: 0, to: 0),
      .disconnected(client: 24, port: 0, to: 0),
    ])
    #expect(result.events.prefix(4).map(message) == [on(60), off(60), on(64), off(64)])
    #expect(result.events.count == 5 && isSenderGone(result.events[4]))
    // One that was connected and never played.
    let silent = try arrivals(of: [.disconnected(client: 20, port: 0, to: 0)])
    #expect(silent.events.count == 1 && isSenderGone(silent.events[0]))
  }

  @Test("A player that is connected and has not played yet is there", arguments: [false, true])
  func silentPlayersAreThere(isToldByTheKernel: Bool) throws {
    let silent: SequencerOccurrence =
      isToldByTheKernel ? .connected(client: 20, port: 0, to: 0) : .connects(client: 20, port: 0)
    let start = [
      silent, .connected(client: 24, port: 0, to: 0), .message(on(60), client: 24, port: 0),
      .disconnected(client: 24, port: 0, to: 0),
    ]
    #expect(try arrivals(of: start).events.map(message) == [on(60), off(60)])
    let ended = try arrivals(of: start + [.disconnected(client: 20, port: 0, to: 0)]).events
    #expect(ended.count == 3 && isSenderGone(ended[2]))
    // What listens to this client is nobody that plays.
    let listened = try arrivals(of: [.connected(client: 128, port: 1, to: 1)] + start.dropFirst()).events
    #expect(listened.count == 3 && isSenderGone(listened[2]))
  }

  @Test("Who sent something without being connected is not waited for")
  func unconnectedSendersAreNotWaitedFor() throws {
    let events = try arrivals(of: [
      .connected(client: 20, port: 0, to: 0), .message(on(60), client: 20, port: 0),
      .message(on(72), client: 99, port: 0), .disconnected(client: 20, port: 0, to: 0),
    ]).events
    #expect(events.prefix(3).map(message) == [on(60), on(72), off(60)])
    #expect(events.count == 4 && isSenderGone(events[3]))
  }

  @Test("System-exclusive messages of several players at once are told apart")
  func exclusivesAreToldApart() throws {
    func exclusive(_ byte: UInt8, _ length: Int) -> WireMessage {
      .midi(.systemExclusive([UInt8](repeating: byte, count: length) + [0xF7]))
    }
    let (first, second) = (exclusive(1, 3000), exclusive(2, 2000))
    let result = try arrivals(of: [
      .together([(first, 20), (second, 24), (on(60), 25), (.clock, 20)])
    ])
    #expect(Set(result.events.compactMap(message)) == [first, second, on(60), .clock])
    #expect(result.statistics.messageCount == 4 && result.statistics.faultCount == 0)
    // What was not finished does not come up in what another client of the same number sends.
    let broken = try arrivals(of: [
      .together([(first, 20)]), .disconnected(client: 20, port: 0, to: 0),
      .message(second, client: 20, port: 0),
    ])
    #expect(broken.events.compactMap(message) == [first, second])
  }

  @Test("Where the kernel's queue runs over, all keys come up, it is counted, and playing goes on")
  func overflowReleasesKeys() throws {
    let result = try arrivals(of: [
      .message(on(64), client: 24, port: 0), .message(on(60), client: 20, port: 0), .overflow,
      .message(on(62), client: 20, port: 0),
    ])
    let messages = result.events.map(message)
    // In the order of the senders' numbers.
    #expect(messages == [on(64), on(60), off(60), off(64), on(62)])
    #expect(result.statistics.overflowCount == 1)
  }

  /// A kernel that takes an event after so many refusals.
  private final class Listener {
    var refusals: Int
    let status: Int32
    private(set) var tries = 0
    init(refusals: Int, status: Int32 = -EAGAIN) { (self.refusals, self.status) = (refusals, status) }

    func put() -> Int32 {
      tries += 1
      guard refusals > 0 else { return 28 }
      refusals -= 1
      return status
    }
  }

  @Test("A single listener whose queue is full is waited for; with several, nobody is sent anything twice")
  func fullListenersAreWaitedFor() {
    var delivery = SequencerDelivery(patience: 10)
    let alone = Listener(refusals: 3)
    #expect(delivery.deliver(listeners: { 1 }, pause: {}) { alone.put() } == .delivered && alone.tries == 4)
    let oneOfTwo = Listener(refusals: 3)
    #expect(delivery.deliver(listeners: { 2 }, pause: {}) { oneOfTwo.put() } == .dropped)
    #expect(oneOfTwo.tries == 1)
  }

  @Test("A listener that takes nothing is waited for once")
  func deadListenersAreWaitedForOnce() {
    var delivery = SequencerDelivery(patience: 0)
    let dead = Listener(refusals: 7)
    #expect(delivery.deliver(listeners: { 1 }, pause: {}) { dead.put() } == .dropped && dead.tries == 2)
    for tries in 3...6 {
      #expect(delivery.deliver(listeners: { 1 }, pause: {}) { dead.put() } == .dropped && dead.tries == tries)
    }
    dead.refusals = 0
    #expect(delivery.deliver(listeners: { 1 }, pause: {}) { dead.put() } == .delivered)
    dead.refusals = 1
    #expect(delivery.deliver(listeners: { 1 }, pause: {}) { dead.put() } == .delivered && dead.tries == 9)
  }

  @Test("A listener that goes in this moment is no failure, and a sequencer that is gone is")
  func failuresAreToldApart() {
    var delivery = SequencerDelivery(patience: 1)
    for status in [-ENOENT, -ENXIO, -EPERM, -EINVAL] {
      let gone = Listener(refusals: 1, status: status)
      #expect(delivery.deliver(listeners: { 1 }, pause: {}) { gone.put() } == .dropped && gone.tries == 1)
    }
    #expect(delivery.deliver(listeners: { 1 }, pause: {}) { -ENODEV } == .failed(-ENODEV))
    #expect(delivery.deliver(listeners: { 1 }, pause: {}) { -EBADF } == .failed(-EBADF))
  }
}
