import Foundation
import MIDI
import Performing
import TestSupport
import Testing

@Suite(
  "ALSA's sequencer in the kernel", .serialized,
  .enabled(
    if: FileManager.default.isWritableFile(atPath: "/dev/snd/seq"),
    "skipped: the kernel has no ALSA sequencer (/dev/snd/seq) that may be used; Scripts/sound-machine has one"
  ))
struct KernelSequencerTests {
  /// A name that no other run of the tests uses.
  private let name = "gruppetto-test-\(UInt32.random(in: 0...UInt32.max))"

  /// What has come in by now, and comes in within a moment.
  private func take(_ input: ALSASequencerInput, _ count: Int = .max) throws -> [InputEvent] {
    var events: [InputEvent] = []
    while events.count < count {
      let event = try input.next(timeoutSeconds: count == .max ? 0.2 : 5)
      guard event != .timedOut else { break }
      events.append(event)
    }
    return events
  }

  @Test("Two clients talk, and find each other by the beginning of a name")
  func clientsTalk() throws {
    let (first, second) = (try ALSASequencer(name: name), try ALSASequencer(name: name))
    #expect(first.name == name && second.name == name + "-2" && first.number != second.number)
    let (input, output) = (try second.input(), try first.output())
    try second.connect(name + ":out", .input)
    // A connection that is there already.
    try second.connect("\(first.number):1", .input)
    #expect(second.ports().contains(name + ":1") && !second.ports().contains(name + "-2:0"))
    let sent: [WireMessage] = [
      .midi(.noteOn(channel: 3, key: 60, velocity: 9)), .clock, .start, .songPosition(77), .stop,
      .midi(.pitchBend(channel: 1, value: -8192)),
      .midi(.systemExclusive([UInt8](repeating: 9, count: 5000) + [0xF7])),
      .midi(.noteOff(channel: 3, key: 60, velocity: 9)),
    ]
    for message in sent { try output.send(message) }
    #expect(try take(input, sent.count).map(message) == sent)
    #expect(throws: PortError.self) { try first.connect("nobody of this name") }
    #expect(throws: PortError.self) { try first.connect("\(second.number):1", .output) }
    #expect(throws: PortError.self) { try first.connect("\(second.number):0", .input) }
  }

  @Test("A client that goes away has gone; another that listens and goes does no harm")
  func clientsGo() throws {
    let keyboard = try ALSASequencer(name: name + "-keyboard")
    let client = try ALSASequencer(name: name)
    let input = try client.input()
    try client.connect(keyboard.name, .input)
    try keyboard.output().send(noteOn(60))
    do {
      let listener = try ALSASequencer(name: name + "-listener")
      try listener.connect(client.name + ":out", .input)
      let player = try ALSASequencer(name: name + "-player")
      try player.connect(client.name, .output)
      try player.output().send(noteOn(61))
      #expect(try take(input, 2).map(message) == [noteOn(60), noteOn(61)])
    }
    let released = try take(input)
    #expect(released.map(message) == [.midi(.noteOff(channel: 0, key: 61, velocity: 64))])
    try keyboard.output().send(noteOn(62))
    #expect(try take(input, 1).map(message) == [noteOn(62)])
  }

  @Test("A burst of all keys of all channels comes in whole, and one that is too large is counted")
  func burstsComeIn() throws {
    let (keyboard, client) = (try ALSASequencer(name: name + "-k"), try ALSASequencer(name: name))
    let (input, output) = (try client.input(), try keyboard.output())
    // In two directions: a queue that is read by nobody, and then one that is.
    try client.connect(keyboard.name, .input)
    let burst = (0..<1900).map { WireMessage.midi(.noteOff(channel: $0 / 128, key: $0 % 128, velocity: 0)) }
    for message in burst { try output.send(message) }
    #expect(try take(input, burst.count).map(message) == burst)
    #expect(input.statistics.overflowCount == 0 && output.statistics.droppedCount == 0)
    try output.send(noteOn(60))
    #expect(try take(input, 1).map(message) == [noteOn(60)])
    for message in burst + burst { try output.send(message) }
    #expect(output.statistics.droppedCount > 0)
    let events = try take(input)
    #expect(input.statistics.overflowCount == 1)
    #expect(events.map(message).contains(.midi(.noteOff(channel: 0, key: 60, velocity: 64))))
    try output.send(noteOn(61))
    #expect(try take(input).map(message).last == noteOn(61))
  }

  @Test("One who does not listen holds up nobody, and nobody hears anything twice")
  func deafListenersHoldUpNobody() throws {
    let player = try ALSASequencer(name: name)
    let output = try player.output()
    let (deaf, other) = (try ALSASequencer(name: name + "-deaf"), try ALSASequencer(name: name + "-other"))
    for listener in [deaf, other] { try listener.connect(player.name, .input) }
    let input = try other.input()
    var heard: [WireMessage] = []
    let start = PerformanceTime.now
    for round in 0..<30 {
      for key in 0..<100 { try output.send(noteOn((round + key) % 128)) }
      heard += try take(input, 100).compactMap(message)
    }
    #expect(heard == (0..<3000).map { noteOn(($0 / 100 + $0 % 100) % 128) })
    #expect(PerformanceTime.now.seconds(since: start) < 5)
    #expect(output.statistics.droppedCount > 0)
  }
}
