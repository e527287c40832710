internal import Foundation
import Music
import TestSupport
import Testing

@testable import Synthesis

@Suite struct ExpressionTests {
  /// Sixteen bars of 4/4: a tune in quarters and a chord in each bar, all equally loud.
  static let flat: Score = {
    let tune = (0..<64).map { Note(onset: 480 * $0, duration: 480, pitch: 72 + $0 % 5, velocity: 80) }
    let chords = (0..<16).flatMap { bar in
      [48, 52, 55].map { Note(onset: 1920 * bar, duration: 1920, pitch: $0, velocity: 80) }
    }
    return Score(
      ticksPerQuarter: 480, tracks: [Track(program: 73, notes: tune), Track(program: 0, notes: chords)],
      length: 64 * 480)
  }()

  @Test("Beats have their weight, and no velocity moves by more than ten") func beatsHaveTheirWeight() {
    let played = Expression().performed(Self.flat)
    let tune = played.tracks[0].notes.map(\.velocity)
    for (before, after) in zip(Self.flat.tracks, played.tracks) {
      for (a, b) in zip(before.notes, after.notes) {
        #expect(abs(a.velocity - b.velocity) <= Expression.velocityLimit)
        #expect(a.onset == b.onset && a.duration == b.duration && a.pitch == b.pitch)
      }
    }
    func mean(_ beat: Int) -> Double {
      Double((0..<16).reduce(0) { $0 + tune[4 * $1 + beat] }) / 16
    }
    #expect(mean(0) > mean(2) && mean(2) > mean(1) && mean(0) - mean(1) < 8)
    #expect(tune[15] < tune[13] && tune[63] < tune[61], "a phrase ends softly")
    let chords = played.tracks[1].notes.map(\.velocity)
    #expect(
      zip(stride(from: 0, to: 64, by: 4), stride(from: 0, to: 48, by: 3)).allSatisfy { tune[$0] > chords[$1] }
    )
    #expect(played == Expression().performed(Self.flat))
    #expect(Expression(amount: 0).performed(Self.flat) == Self.flat)
  }

  @Test("The end slows down a little, and nothing before it") func theEndSlowsDown() {
    let played = Expression().performed(Self.flat)
    #expect(played.tempos.allSatisfy { $0.tick > 14 * 1920 })
    let slowest = played.tempos.map(\.microsecondsPerQuarter).max() ?? 0
    #expect(slowest > 550_000 && slowest < 590_000)
    #expect(
      played.tempos.map(\.microsecondsPerQuarter) == played.tempos.map(\.microsecondsPerQuarter).sorted())
    let longer = played.seconds / Self.flat.seconds
    #expect(longer > 1 && longer < 1.02)
    var short = Self.flat.slice(bars: 0..<4)
    #expect(Expression().performed(short).tempos.isEmpty, "a short piece ends as it is")
    short = Self.flat
    short.tempos = [TempoChange(tick: 15 * 1920, microsecondsPerQuarter: 800_000)]
    #expect(Expression().performed(short).tempos == short.tempos, "the score says it itself")
  }

  @Test("Dynamics of its own are left alone") func dynamicsOfItsOwnAreLeftAlone() {
    var random = RepeatableGenerator(seed: 4)
    var score = Self.flat
    for index in score.tracks[0].notes.indices {
      score.tracks[0].notes[index].velocity = Int.random(in: 60...100, using: &random)
    }
    let played = Expression().performed(score)
    #expect(played.tracks[0] == score.tracks[0] && played.tracks[1] != score.tracks[1])
    #expect(played.tempos.isEmpty)
    score = Self.flat
    score.tracks[0].controlChanges = (0..<8).map {
      ControlChange(tick: 1920 * $0, controller: 11, value: 60 + $0)
    }
    #expect(Expression().performed(score).tracks[0] == score.tracks[0])
    // A level a bar is flat as well, and stays in its relation.
    score = Self.flat
    for index in score.tracks[0].notes.indices {
      score.tracks[0].notes[index].velocity = index / 4 % 2 == 0 ? 60 : 90
    }
    let stepped = Expression().performed(score).tracks[0].notes
    #expect(stepped != score.tracks[0].notes && stepped[0].velocity < stepped[4].velocity - 20)
  }

  @Test("The top note of a piano part comes through") func theTopNoteComesThrough() {
    let notes = (0..<32).flatMap { beat in
      [55, 60, 64].map { Note(onset: 480 * beat, duration: 480, pitch: $0, velocity: 127) }
    }
    let played = Expression().performed(
      Score(ticksPerQuarter: 480, tracks: [Track(program: 0, notes: notes)], length: 32 * 480))
    for chord in stride(from: 0, to: 96, by: 3) {
      let velocities = played.tracks[0].notes[chord..<chord + 3].map(\.velocity)
      #expect(velocities[0] == velocities[1] && velocities[2] > velocities[0])
      #expect(velocities.allSatisfy { (1...127).contains($0) })
    }
  }

  @Test("Strange scores are played too") func strangeScoresArePlayedToo() {
    #expect(Expression().performed(Score(ticksPerQuarter: 480)).tracks.isEmpty)
    let drums = Score(
      ticksPerQuarter: 1,
      tracks: [
        Track(isDrum: true, notes: (0..<99).map { Note(onset: $0, duration: 0, pitch: 38, velocity: 1) })
      ],
      timeSignatures: [TimeSignatureChange(tick: 0, timeSignature: TimeSignature(1, 256))])
    let played = Expression().performed(drums)
    #expect(played.tempos.isEmpty && played.tracks[0].notes.allSatisfy { $0.velocity >= 1 })
  }

  @Test("The sound begins with the first notes bar, no more than a beat before it")
  func theSoundBeginsWithTheFirstNote() throws {
    func start(_ onset: Int, _ signature: TimeSignature = .common) -> Int {
      RenderStart.firstNote.tick(
        in: Score(
          ticksPerQuarter: 500,
          tracks: [
            Track(isDrum: true), Track(notes: [Note(onset: onset, duration: 250, pitch: 60, velocity: 80)]),
          ], timeSignatures: [TimeSignatureChange(tick: 0, timeSignature: signature)]))
    }
    #expect(start(0) == 0 && start(250) == 0 && start(500) == 0 && start(1500) == 1000)
    #expect(start(2000) == 2000 && start(2250) == 2000 && start(9999) == 9499)
    #expect(start(1250, TimeSignature(6, 8)) == 500)
    #expect(RenderStart.firstNote.tick(in: Score(ticksPerQuarter: 480)) == 0)

    let late = score([Note(onset: 1500, duration: 250, pitch: 60, velocity: 100)])
    let soon = score([Note(onset: 500, duration: 250, pitch: 60, velocity: 100)])
    var options = dry
    options.start = .firstNote
    let (moved, whole) = (try Recording(late, options), try Recording(late, dry))
    #expect(moved.left == (try Recording(soon, dry)).left)
    // The end is found to a segment.
    #expect(abs(whole.left.count - moved.left.count - 22_050) <= 64)
  }

  @Test("Plain rendering is as it was, expression changes flat music alone")
  func plainRenderingIsAsItWas() throws {
    let notes = (0..<8).map { Note(onset: 250 * $0, duration: 200, pitch: 60 + $0, velocity: 80) }
    var options = dry
    options.expression = Expression(amount: 0)
    let plain = try Recording(score(notes), dry).left
    #expect(try Recording(score(notes), options).left == plain)
    options.expression = Expression()
    #expect(try Recording(score(notes), options).left != plain)
  }
}
