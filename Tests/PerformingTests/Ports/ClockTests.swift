import Performing
import TestSupport
import Testing

/// A moment, in seconds.
func at(_ seconds: Double) -> PerformanceTime {
  PerformanceTime(nanoseconds: 1_000_000_000_000).advanced(bySeconds: seconds)
}

@Suite("The MIDI clock that is sent")
struct ClockGeneratorTests {
  @Test("A quarter note has 24 clocks, at moments that do not drift")
  func quarterNoteHas24Clocks() {
    var generator = ClockGenerator(quartersPerMinute: 133.7, from: at(0))
    var clocks: [TimedMessage] = []
    // An hour, asked for in uneven parts.
    var until = 0.0
    while until < 3600 {
      until += 7.3
      clocks += generator.messages(until: at(until))
    }
    let expected = 60 / (133.7 * 24)
    for (index, clock) in clocks.enumerated() where index % 1000 == 0 {
      #expect(abs(clock.time.seconds(since: at(Double(index) * expected))) < 1e-8)
    }
    #expect(clocks.allSatisfy { $0.message == .clock })
  }

  @Test("A start goes out a millisecond before its first clock, which is at the beat")
  func startComesBeforeItsClock() {
    var generator = ClockGenerator(quartersPerMinute: 120, from: at(0))
    generator.start(at: at(1.01))
    generator.stop(at: at(2))
    let messages = generator.messages(until: at(2.1))
    let start = messages.firstIndex { $0.message == .start }
    #expect(start.map { abs(messages[$0].time.seconds(since: at(1.009))) < 1e-9 } == true)
    #expect(start.map { messages[$0 + 1] } == TimedMessage(time: at(1.01), message: .clock))
    #expect(messages.contains(TimedMessage(time: at(2), message: .stop)))
    // It ticks after the stop, for those who wait for the next start.
    #expect(messages.last?.message == .clock)
    #expect(!generator.isRunning)
  }

  @Test("A stop forgets the starts that come later, and does not overtake a start that was made")
  func stopForgetsLaterStarts() {
    var generator = ClockGenerator(quartersPerMinute: 120, from: at(0))
    generator.start(at: at(1))
    generator.stop(at: at(0.9))
    #expect(!generator.messages(until: at(1.5)).contains { $0.message == .start })
    generator.resume(at: at(2), sixteenth: 4)
    generator.stop(at: at(1.8))
    #expect(!generator.messages(until: at(2.5)).contains { $0.message == .resume })
    #expect(!generator.isRunning)
    generator.start(at: at(3))
    _ = generator.messages(until: at(3.02))
    generator.stop(at: at(2.95))
    generator.resume(at: at(3.5), sixteenth: 4)
    let messages = generator.messages(until: at(4))
    let stop = messages.first { $0.message == .stop }
    #expect(stop.map { $0.time >= at(2.999) } == true && messages.contains { $0.message == .resume })
    #expect(generator.isRunning)
  }

  @Test("A song goes on where it is told to")
  func songGoesOn() {
    var generator = ClockGenerator(quartersPerMinute: 120, from: at(0))
    generator.resume(at: at(0.5), sixteenth: 33)
    let messages = generator.messages(until: at(0.5))
    #expect(messages.suffix(3).map(\.message) == [.songPosition(33), .resume, .clock])
  }

  @Test("Another tempo begins within a clock")
  func tempoChangesWithinAClock() {
    var generator = ClockGenerator(quartersPerMinute: 125, from: at(0))
    // 20 ms a clock; halfway from the sixth to the seventh it becomes 10 ms.
    generator.setTempo(250, at: at(0.110))
    let times = generator.messages(until: at(0.14)).map { $0.time.seconds(since: at(0)) }
    let expected = [0, 0.02, 0.04, 0.06, 0.08, 0.1, 0.115, 0.125, 0.135]
    #expect(times.count == expected.count)
    #expect(zip(times, expected).allSatisfy { abs($0 - $1) < 1e-8 })
  }

  @Test("A tempo that was asked for late holds from the last clock on, and all its clocks come after it")
  func lateTempoHolds() {
    var generator = ClockGenerator(quartersPerMinute: 125, from: at(0))
    let before = generator.messages(until: at(0.105))
    generator.setTempo(250, at: at(0.03))
    let after = generator.messages(until: at(0.2))
    let times = (before + after).map(\.time)
    #expect(times == times.sorted())
    #expect(after.first.map { $0.time > at(0.1) } == true)
  }
}

@Suite("The MIDI clock that is followed")
struct ClockFollowerTests {
  /// What a follower makes of clocks of a tempo, each late or early by up to `jitter` seconds.
  private func follow(
    _ follower: inout ClockFollower, tempo: Double, from start: Double, seconds: Double, jitter: Double,
    _ generator: inout RepeatableGenerator, check: (ClockFollower, Double, Double) -> Void = { _, _, _ in }
  ) -> Double {
    let period = 60 / (tempo * 24)
    let count = Int(seconds / period)
    for index in 0..<count {
      let exact = start + Double(index) * period
      follower.receive(.clock, at: at(exact + Double.random(in: -jitter...jitter, using: &generator)))
      check(follower, exact, Double(index) / 24)
    }
    return start + Double(count) * period
  }

  @Test("Tempo and position are steady under jitter of two milliseconds", arguments: [60.0, 120, 187.5])
  func steadyUnderJitter(tempo: Double) {
    var generator = RepeatableGenerator(seed: UInt64(tempo))
    var follower = ClockFollower()
    follower.receive(.start, at: at(-0.001))
    var (tempoError, positionError, count) = (0.0, 0.0, 0)
    _ = follow(&follower, tempo: tempo, from: 0, seconds: 30, jitter: 0.002, &generator) {
      follower, time, quarters in
      guard time > 3 else { return }
      tempoError = max(tempoError, abs((follower.quartersPerMinute ?? 0) / tempo - 1))
      positionError = max(positionError, abs(follower.quarters(at: at(time)) - quarters) * 60 / tempo)
      count += 1
    }
    #expect(count > 600)
    // A line through 48 moments with a standard deviation of 1.15 ms errs by 0.014 ms a clock: at 187.5 quarter notes a
    // minute, 13.3 ms a clock, by a thousandth; the largest of some thousand by four times as much.
    #expect(tempoError < 0.006)
    #expect(positionError < 0.0015)
  }

  @Test("Tempo is told after four clocks, and a jump of tempo is followed within half a second")
  func jumpsAreFollowed() {
    var generator = RepeatableGenerator(seed: 3)
    var follower = ClockFollower()
    follower.receive(.start, at: at(-0.001))
    let middle = follow(&follower, tempo: 120, from: 0, seconds: 5, jitter: 0.001, &generator) {
      follower, time, _ in
      #expect((follower.quartersPerMinute != nil) == (time > 3 * 0.0208))
    }
    _ = follow(&follower, tempo: 90, from: middle, seconds: 3, jitter: 0.001, &generator) {
      follower, time, _ in
      if time > middle + 0.5 { #expect(abs((follower.quartersPerMinute ?? 0) - 90) < 3) }
      if time > middle + 2 { #expect(abs((follower.quartersPerMinute ?? 0) - 90) < 0.7) }
    }
  }

  @Test("A tempo that grows slowly is followed")
  func slowChangesAreFollowed() {
    var generator = RepeatableGenerator(seed: 5)
    var clock = ClockGenerator(quartersPerMinute: 100, from: at(0))
    for step in 1...200 { clock.setTempo(100 + Double(step) * 0.2, at: at(Double(step) * 0.1)) }
    var follower = ClockFollower()
    var largest = 0.0
    for message in clock.messages(until: at(20)) {
      let jitter = Double.random(in: -0.001...0.001, using: &generator)
      follower.receive(message.message, at: message.time.advanced(bySeconds: jitter))
      let seconds = message.time.seconds(since: at(0))
      if seconds > 2 { largest = max(largest, abs((follower.quartersPerMinute ?? 0) - (100 + seconds * 2))) }
    }
    #expect(largest < 4)
  }

  @Test("Position follows start, stop, song position and going on")
  func positionFollowsTransport() {
    var follower = ClockFollower()
    for index in 0..<10 { follower.receive(.clock, at: at(Double(index) * 0.02)) }
    #expect(follower.quarters(at: at(0.19)) == 0)
    follower.receive(.start, at: at(0.195))
    for index in 0...96 { follower.receive(.clock, at: at(0.2 + Double(index) * 0.02)) }
    #expect(abs(follower.quarters(at: at(0.2 + 96 * 0.02)) - 4) < 1e-6)
    #expect(abs(follower.quarters(at: at(0.2 + 96.5 * 0.02)) - 96.5 / 24) < 1e-6)
    // The song does not run on by itself.
    #expect(follower.quarters(at: at(60)) <= 97.0 / 24)
    #expect(follower.bar(at: at(0.2 + 96.1 * 0.02), quartersPerBar: 3).bar == 1)
    let predicted = follower.time(ofQuarter: 8)
    #expect(predicted.map { abs($0.seconds(since: at(0.2 + 192 * 0.02))) < 1e-6 } == true)
    follower.receive(.stop, at: at(2.13))
    #expect(!follower.isRunning)
    follower.receive(.clock, at: at(2.14))
    #expect(follower.quarters(at: at(2.14)) == 97.0 / 24)
    follower.receive(.songPosition(16), at: at(2.15))
    follower.receive(.resume, at: at(2.155))
    follower.receive(.clock, at: at(2.16))
    #expect(abs(follower.quarters(at: at(2.16)) - 4) < 1e-6)
  }

  @Test("A clock that ends is lost, and one that begins again is followed at once")
  func lostClockIsNoticed() {
    var follower = ClockFollower()
    #expect(!follower.isLost(at: at(100)))
    for index in 0..<48 { follower.receive(.clock, at: at(Double(index) * 0.02)) }
    #expect(!follower.isLost(at: at(1.1)))
    #expect(follower.isLost(at: at(1.3)))
    for index in 0..<5 { follower.receive(.clock, at: at(10 + Double(index) * 0.025)) }
    #expect(!follower.isLost(at: at(10.15)))
    #expect(follower.quartersPerMinute.map { abs($0 - 100) < 0.01 } == true)
  }

  @Test("What a generator sends a follower understands, beat for beat")
  func followerUnderstandsGenerator() {
    var clock = ClockGenerator(quartersPerMinute: 120, from: at(0))
    clock.start(at: at(1.005))
    clock.setTempo(150, at: at(3.005))
    var follower = ClockFollower()
    for message in clock.messages(until: at(5.005)) { follower.receive(message.message, at: message.time) }
    // Four quarter notes at 120 and five at 150.
    #expect(abs(follower.quarters(at: at(5.005)) - 9) < 0.02)
    #expect(follower.isRunning)
  }
}
