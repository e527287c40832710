import MIDI
import Performing
import Synchronization
import TestSupport
import Testing

/// An output that keeps what it is sent, with the moment.
final class KeptOutput: MessageOutput {
  let name = "kept"
  let leadSeconds: Double
  private let kept = Mutex<[(due: PerformanceTime, sent: TimedMessage)]>([])
  private let failure: PortError?

  init(leadSeconds: Double = 0, failure: PortError? = nil) {
    self.leadSeconds = leadSeconds
    self.failure = failure
  }

  var all: [(due: PerformanceTime, sent: TimedMessage)] { kept.withLock { $0 } }
  var messages: [WireMessage] { all.map(\.sent.message) }
  var statistics: OutputStatistics { OutputStatistics(messageCount: all.count) }
  func send(_ message: WireMessage, at time: PerformanceTime) throws(PortError) {
    if let failure { throw failure }
    kept.withLock { $0.append((time, TimedMessage(time: .now, message: message))) }
  }
  func close() {}
}

@Suite("Messages that are sent when they are due")
struct TimedSenderTests {
  @Test("Messages go out in the order of their moments, and not before them")
  func messagesGoOutInOrder() throws {
    let output = KeptOutput()
    let sender = try TimedSender(output)
    let start = PerformanceTime.now.advanced(bySeconds: 0.02)
    var generator = RepeatableGenerator(seed: 1)
    let delays = (0..<100).map { _ in generator.number(0...80) }
    for (index, delay) in delays.enumerated() {
      try sender.send(.songPosition(index), at: start.advanced(bySeconds: Double(delay) / 1000))
    }
    #expect(sender.waitUntilSent(timeoutSeconds: 30))
    sender.close()
    let expected = delays.enumerated().sorted { ($0.element, $0.offset) < ($1.element, $1.offset) }
    #expect(output.messages == expected.map { .songPosition($0.offset) })
    #expect(output.all.allSatisfy { $0.sent.time >= $0.due })
    #expect(sender.timeliness.count == 100)
  }

  @Test("A message that is due before the one that is waited for goes before it")
  func earlierMessageGoesFirst() throws {
    let output = KeptOutput()
    let sender = try TimedSender(output)
    try sender.send(.stop, at: PerformanceTime.now.advanced(bySeconds: 0.3))
    try sender.send(.start, at: .now)
    #expect(sender.waitUntilSent(timeoutSeconds: 30))
    sender.close()
    #expect(output.messages == [.start, .stop])
    #expect((output.all.first?.sent.time).map { $0 < output.all[1].due } == true)
  }

  @Test("What is canceled is not sent, and keys and pedals that are down are released")
  func cancelingReleases() throws {
    let output = KeptOutput()
    let sender = try TimedSender(output)
    try sender.send(.midi(.noteOn(channel: 3, key: 64, velocity: 80)), at: .now)
    try sender.send(.midi(.noteOn(channel: 3, key: 65, velocity: 80)), at: .now)
    try sender.send(.midi(.controlChange(channel: 1, controller: 64, value: 127)), at: .now)
    try sender.send(.midi(.noteOff(channel: 3, key: 65, velocity: 0)), at: .now)
    #expect(sender.waitUntilSent(timeoutSeconds: 30))
    try sender.send(
      .midi(.noteOn(channel: 3, key: 66, velocity: 80)), at: PerformanceTime.now.advanced(bySeconds: 60))
    sender.cancelAll()
    sender.close()
    #expect(
      output.messages.suffix(2) == [
        .midi(.controlChange(channel: 1, controller: 64, value: 0)),
        .midi(.noteOff(channel: 3, key: 64, velocity: 64)),
      ])
    #expect(output.messages.count == 6)
  }

  @Test("More than may wait is dropped and counted")
  func overflowIsCounted() throws {
    let sender = try TimedSender(KeptOutput(), capacity: 10)
    let later = PerformanceTime.now.advanced(bySeconds: 60)
    for _ in 0..<15 { try sender.send(.clock, at: later) }
    #expect(sender.statistics.droppedCount == 5)
    #expect(sender.waitingCount == 10)
    sender.close()
  }

  @Test("An output that keeps time itself is given messages before they are due")
  func leadIsKept() throws {
    let output = KeptOutput(leadSeconds: 0.2)
    let sender = try TimedSender(output)
    let due = PerformanceTime.now.advanced(bySeconds: 0.3)
    try sender.send(.clock, at: due)
    #expect(sender.waitUntilSent(timeoutSeconds: 30))
    sender.close()
    #expect(output.all.first?.due == due)
    #expect((output.all.first?.sent.time).map { $0 >= due.advanced(bySeconds: -0.2) } == true)
  }

  @Test("An output's failure reaches who sends next")
  func failureIsThrown() throws {
    let sender = try TimedSender(KeptOutput(failure: .readerGone(name: "x")))
    try sender.send(.clock, at: .now)
    #expect(sender.waitUntilSent(timeoutSeconds: 30))
    let deadline = PerformanceTime.now.advanced(bySeconds: 10)
    var failure: PortError?
    while failure == nil, PerformanceTime.now < deadline {
      do throws(PortError) { try sender.send(.clock, at: .now) } catch { failure = error }
    }
    #expect(failure == .readerGone(name: "x"))
    sender.close()
  }

  @Test("Lateness is counted in steps of ten microseconds")
  func latenessIsCounted() {
    var timeliness = Timeliness()
    for index in 1...1000 { timeliness.add(Double(index) * 1e-6 - 0.5e-6) }
    timeliness.add(-3)
    #expect(timeliness.count == 1001)
    #expect(abs(timeliness.percentileSeconds(0.5) - 0.0005) < 1e-9)
    #expect(abs(timeliness.percentileSeconds(0.999) - 0.001) < 1e-9)
    #expect(abs(timeliness.largestSeconds - 999.5e-6) < 1e-9)
    timeliness.add(7)
    #expect(timeliness.percentileSeconds(1) == 7)
  }

  @Test("A clock that is sent by a thread is followed in its tempo, with start and stop")
  func clockIsSent() throws {
    let output = KeptOutput()
    let sender = try ClockSender(output, quartersPerMinute: 240)
    sender.change { $0.start(at: PerformanceTime.now.advanced(bySeconds: 0.05)) }
    let deadline = PerformanceTime.now.advanced(bySeconds: 20)
    while output.all.count < 60, PerformanceTime.now < deadline { _ = sender.timeliness }
    sender.close()
    var follower = ClockFollower()
    for (due, sent) in output.all { follower.receive(sent.message, at: due) }
    #expect(follower.quartersPerMinute.map { abs($0 - 240) < 0.1 } == true)
    #expect(output.messages.filter { $0 == .start }.count == 1)
    #expect(output.messages.last == .stop)
  }
}
