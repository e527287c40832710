import Foundation
import Groundwork
import MIDI
import Music
import Performing
import TestSupport
import Testing

/// An output that keeps what it is sent, with the moments.
final class KeepingOutput: MessageOutput {
  let name = "kept"
  let leadSeconds = 0.0
  private let kept = NSLock()
  private nonisolated(unsafe) var messages: [TimedMessage] = []

  var statistics: OutputStatistics { OutputStatistics(messageCount: sent.count) }
  var sent: [TimedMessage] { kept.withLock { messages } }

  func send(_ message: WireMessage, at time: PerformanceTime) throws(PortError) {
    kept.withLock { messages.append(TimedMessage(time: time, message: message)) }
  }

  func close() {}

  /// The messages that are no clocks.
  var commands: [WireMessage] { sent.map(\.message).filter { $0 != .clock } }
}

/// A song that goes at one tempo from a moment on.
func song(from time: PerformanceTime, quarter: Double = 0, tempo: Double) -> SongTime {
  SongTime(.init(time: time, quarter: quarter, secondsPerQuarter: 60 / tempo))
}

@Suite("The places of a song")
struct SongTimeTests {
  @Test("Places and moments are converted by the last known place and its tempo")
  func placesAndMoments() {
    var song = song(from: at(0), quarter: -1, tempo: 120)
    song.append(.init(time: at(1.5), quarter: 2, secondsPerQuarter: 1))
    song.append(.init(time: at(1.4), quarter: 3, secondsPerQuarter: 1))
    #expect(song.anchors.count == 2)
    #expect(abs(song.time(ofQuarter: 0).seconds(since: at(0.5))) < 1e-9)
    #expect(abs(song.time(ofQuarter: 4).seconds(since: at(3.5))) < 1e-9)
    #expect(abs(song.quarter(at: at(0.25)) + 0.5) < 1e-9 && abs(song.quarter(at: at(2)) - 2.5) < 1e-9)
    #expect(song.quartersPerMinute(at: at(1)) == 120 && song.quartersPerMinute(at: at(2)) == 60)
  }
}

@Suite("The MIDI clock that follows a song")
struct FollowingClockTests {
  @Test("Clocks are at the song's moments through a change of tempo, and place and tempo are found again")
  func clocksAreAtTheirMoments() {
    var song = song(from: at(1), tempo: 120)
    song.append(.init(time: at(5), quarter: 8, secondsPerQuarter: 60 / 90))
    var generator = ClockGenerator(quartersPerMinute: 100, from: at(0))
    generator.follow(song)
    generator.start(at: at(1))
    let messages = generator.messages(until: at(20))
    let start = messages.firstIndex { $0.message == .start } ?? 0
    let clocks = messages[start...].filter { $0.message == .clock }
    for (number, clock) in clocks.enumerated() {
      #expect(abs(clock.time.seconds(since: song.time(ofQuarter: Double(number) / 24))) < 1e-6)
    }
    var follower = ClockFollower()
    for message in messages { follower.receive(message.message, at: message.time) }
    #expect(abs(follower.quarters(at: at(20)) - song.quarter(at: at(20))) < 0.02)
    #expect(follower.quartersPerMinute.map { abs($0 - 90) < 0.01 } == true)
  }

  @Test("What is known of moments may waver by a millisecond, and clocks hardly do")
  func waveringMomentsAreSmoothed() {
    var random = RepeatableGenerator(seed: 9)
    var generator = ClockGenerator(quartersPerMinute: 120, from: at(0))
    generator.follow(song(from: at(1), tempo: 120))
    generator.start(at: at(1))
    var clocks: [TimedMessage] = []
    for step in 0..<600 {
      let error = Double.random(in: -0.001...0.001, using: &random)
      generator.follow(song(from: at(1 + error), tempo: 120))
      clocks += generator.messages(until: at(0.5 + Double(step) * 0.02))
    }
    let times = clocks.map(\.time).filter { $0 >= at(2) }
    let intervals = zip(times, times.dropFirst()).map { $1.seconds(since: $0) }
    let deviation = (intervals.reduce(0) { $0 + pow($1 - 0.5 / 24, 2) } / Double(intervals.count))
      .squareRoot()
    #expect(times.count > 400 && deviation < 0.00025)
  }

  @Test("A song whose moments are found to be others is caught up with in half a second, clock by clock")
  func otherMomentsAreCaughtUpWith() {
    var generator = ClockGenerator(quartersPerMinute: 120, from: at(0))
    generator.follow(song(from: at(1), tempo: 120))
    generator.start(at: at(1))
    var messages = generator.messages(until: at(3))
    generator.follow(song(from: at(0.96), tempo: 120))
    messages += generator.messages(until: at(5))
    let times = messages.map(\.time)
    #expect(times == times.sorted())
    var follower = ClockFollower()
    for message in messages { follower.receive(message.message, at: message.time) }
    #expect(abs(follower.quarters(at: at(5)) - 2 * 4.04) < 0.02)
    let settled = messages.first { $0.time >= at(3.5) && $0.message == .clock }
    let place = settled.map { 48 * $0.time.seconds(since: at(0.96)) } ?? 0.5
    #expect(abs(place - place.rounded()) < 0.05)
  }

  @Test("Song positions beyond what the message holds begin again after whole bars")
  func longSongsBeginAgain() {
    for (sixteenth, bar, position) in [(16_384, 16, 0), (16_400, 16, 16), (16_384, 12, 4), (40, 16, 40)] {
      var generator = ClockGenerator(quartersPerMinute: 120, from: at(0))
      generator.resume(at: at(0.5), sixteenth: sixteenth, barSixteenths: bar)
      #expect(generator.messages(until: at(0.5)).contains { $0.message == .songPosition(position) })
    }
  }
}

@Suite("Telling others where a song is")
struct SongAnnouncerTests {
  private final class Bars: Sendable {
    private let lock = NSLock()
    private nonisolated(unsafe) var kept: [(bar: SongBar, time: PerformanceTime)] = []

    func add(_ bar: SongBar) { lock.withLock { kept.append((bar, .now)) } }
    var all: [(bar: SongBar, time: PerformanceTime)] { lock.withLock { kept } }
  }

  private func bars(_ count: Int, tempo: Double) -> [SongBar] {
    (0..<count).map {
      SongBar(number: $0 + 1, quarter: 2 * Double($0), length: 2, quartersPerMinute: tempo)
    }
  }

  private func wait(_ seconds: Double, _ holds: () -> Bool) {
    let end = PerformanceTime.now.advanced(bySeconds: seconds)
    while !holds(), PerformanceTime.now < end { usleep(2000) }
  }

  /// What was told and sent of a song of four bars that began a fifth of a second later.
  private func announced() throws -> (told: Bars, output: KeepingOutput, song: SongTime) {
    let (output, told) = (KeepingOutput(), Bars())
    let announcer = try SongAnnouncer(clocks: [output]) { told.add($0) }
    let song = song(from: .now.advanced(bySeconds: 0.2), tempo: 600)
    announcer.follow(song, bars: bars(4, tempo: 600))
    wait(20) { told.all.count == 4 }
    announcer.close()
    return (told, output, song)
  }

  @Test("Bars are told at their lines, and the clock starts with the first")
  func barsAreToldAtTheirLines() throws {
    // A machine that stands still tells a bar too late, and passes over those that are over; it does not stand still each time.
    for attempt in 1...8 {
      let (told, output, song) = try announced()
      let late = told.all.map { $0.time.seconds(since: song.time(ofQuarter: $0.bar.quarter)) }
      #expect(late.allSatisfy { $0 >= 0 })
      guard attempt == 8 || late.count == 4 && late.sorted()[1] < 0.02 && output.commands == [.start, .stop]
      else { continue }
      #expect(told.all.map(\.bar) == bars(4, tempo: 600) && late.sorted()[1] < 0.02)
      #expect(output.commands == [.start, .stop])
      let messages = output.sent
      let first = try #require(messages.firstIndex { $0.message == .start })
      let start = song.time(ofQuarter: 0)
      #expect(abs(messages[first].time.seconds(since: start) + 0.001) < 1e-6)
      #expect(abs(messages[first + 1].time.seconds(since: start)) < 1e-6)
      return
    }
  }

  @Test("A song that stands still before its first beat is not started in the meantime")
  func standingStillBeforeTheBeginning() throws {
    let output = KeepingOutput()
    let announcer = try SongAnnouncer(clocks: [output])
    let start = PerformanceTime.now.advanced(bySeconds: 0.24)
    announcer.follow(song(from: start, tempo: 120), bars: bars(4, tempo: 120))
    announcer.follow(nil)
    wait(1) { PerformanceTime.now.seconds(since: start) > 0.1 }
    announcer.close()
    let last = output.commands.last
    #expect(last == nil || last == .stop, "\(output.commands)")
  }

  @Test("A song that stands still stops the clock, which goes on from the next sixteenth note")
  func standingStillStopsTheClock() throws {
    let output = KeepingOutput()
    let announcer = try SongAnnouncer(clocks: [output])
    let start = PerformanceTime.now.advanced(bySeconds: -0.83)
    // Quarter 1.66 of a song at 120, so that the next sixteenth note that can be named in time is the seventh or a later one.
    announcer.follow(song(from: start, tempo: 120), bars: bars(9, tempo: 120))
    wait(5) { output.commands.count == 2 && output.sent.last?.message == .clock }
    announcer.follow(nil)
    wait(5) { output.commands.count == 3 }
    announcer.follow(song(from: start.advanced(bySeconds: 0.3), tempo: 120), bars: bars(9, tempo: 120))
    wait(5) { output.commands.count == 5 && output.sent.last?.message == .clock }
    announcer.close()
    let commands = output.commands
    try #require(commands.count == 6, "\(commands)")
    guard case .songPosition(let first) = commands[0], case .songPosition(let second) = commands[3] else {
      Issue.record("\(commands)")
      return
    }
    #expect(commands[1] == .resume && commands[2] == .stop && commands[4] == .resume && commands[5] == .stop)
    #expect(first >= 7 && second > 0)
    // The first clock after each is where its position says.
    for (position, moved) in [(first, 0.0), (second, 0.3)] {
      let place = output.sent.firstIndex { $0.message == .songPosition(position) } ?? 0
      let clock = output.sent[place...].first { $0.message == .clock }
      let wanted = start.advanced(bySeconds: moved + 0.125 * Double(position))
      #expect(clock.map { abs($0.time.seconds(since: wanted)) < 1e-6 } == true)
    }
  }

  @Test("Another place is gone on from, and its bar is told again")
  func anotherPlaceIsGoneOnFrom() throws {
    let told = Bars()
    let announcer = try SongAnnouncer { told.add($0) }
    let start = PerformanceTime.now
    announcer.follow(song(from: start, tempo: 120), bars: bars(2, tempo: 120))
    wait(5) { told.all.count == 1 }
    announcer.follow(song(from: start, tempo: 120), bars: bars(2, tempo: 120))
    announcer.follow(song(from: .now, tempo: 120), bars: bars(2, tempo: 120), place: 1)
    wait(5) { told.all.count == 2 }
    announcer.close()
    #expect(told.all.map(\.bar.number) == [1, 1])
  }
}
