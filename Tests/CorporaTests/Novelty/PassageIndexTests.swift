import Music
import TestSupport
import Testing

@testable import Corpora

/// Scores of one part, made of pitches and rhythms of a small choice, so that passages return.
private struct Tunes {
  var random: RepeatableGenerator

  init(seed: UInt64) { random = RepeatableGenerator(seed: seed) }

  mutating func tune(_ count: Int, pitches: Int = 4, ticks: Int = 480) -> Score {
    var onset = 0
    let notes = (0..<count).map { _ in
      let duration = ticks / 2 * random.number(1...2)
      defer { onset += duration }
      return Note(onset: onset, duration: duration, pitch: 60 + random.number(0...pitches - 1), velocity: 80)
    }
    return Score(
      ticksPerQuarter: ticks, tracks: [Track(program: 0, notes: notes)], length: onset)
  }
}

/// The longest passages found by comparing every note with every other.
private func longest(_ score: Score, in pieces: [Score], transposed: Bool) -> Int {
  var best = 0
  for query in score.passageLines.map(\.events) {
    for line in pieces.flatMap(\.passageLines).map(\.events) {
      for i in query.indices {
        for j in line.indices where transposed || query[i].pitch == line[j].pitch {
          var count = 1
          while i + count < query.count, j + count < line.count,
            query[i + count].pitch - query[i].pitch == line[j + count].pitch - line[j].pitch,
            query[i + count].step - query[i].step == line[j + count].step - line[j].step
          { count += 1 }
          best = max(best, count)
        }
      }
    }
  }
  return best
}

@Suite struct PassageIndexTests {
  @Test("Longest passages are those that comparing all notes finds", arguments: 0..<30)
  func longestPassagesAreThoseThatComparingAllNotesFinds(seed: Int) throws {
    var tunes = Tunes(seed: UInt64(seed))
    let pieces = (0..<6).map { _ in tunes.tune(20 + 15 * (seed % 4), pitches: 2 + seed % 5) }
    let index = PassageIndex(pieces: pieces.enumerated().map { ("\($0)", $1) })
    for _ in 0..<4 {
      let score = tunes.tune(40, pitches: 2 + seed % 5)
      for kind in PassageIndex.Kind.allCases {
        let found = try #require(try index.longestSharedPassage(of: score, kind))
        #expect(found.noteCount == longest(score, in: pieces, transposed: kind == .transposed))
        try check(found, of: score, in: pieces)
      }
    }
  }

  /// Whether the passage is where it is said to be.
  private func check(_ found: SharedPassage, of score: Score, in pieces: [Score]) throws {
    let source = pieces[try #require(Int(found.source))]
    let here = score.passageLines[0].events, there = source.passageLines[0].events
    for offset in 0..<found.noteCount {
      let (a, b) = (here[found.note + offset], there[found.sourceNote + offset])
      #expect(a.pitch - b.pitch == found.semitones)
      #expect(a.step - here[found.note].step == b.step - there[found.sourceNote].step)
    }
    #expect(found.kind == .transposed || found.semitones == 0)
    #expect(found.bar == here[found.note].step / 48 && found.sourceBar == there[found.sourceNote].step / 48)
  }

  @Test("Maximal passages are where they are said to be, and the longest is among them", arguments: 0..<10)
  func maximalPassagesAreWhereTheyAreSaidToBe(seed: Int) throws {
    var tunes = Tunes(seed: UInt64(seed))
    let pieces = (0..<5).map { _ in tunes.tune(60, pitches: 3) }
    let index = PassageIndex(pieces: pieces.enumerated().map { ("\($0)", $1) })
    let score = tunes.tune(50, pitches: 3)
    let passages = try index.maximalPassages(of: score, leastNotes: 4)
    for passage in passages {
      #expect(passage.noteCount >= 4 && (passage.kind == .exact) == (passage.semitones == 0))
      try check(passage, of: score, in: pieces)
    }
    #expect(passages.map(\.noteCount).max() == longest(score, in: pieces, transposed: true))
    // None is a part of another.
    let ranges = passages.map { $0.note..<$0.note + $0.noteCount }
    for (a, range) in ranges.enumerated() {
      for (b, other) in ranges.enumerated() where a != b {
        #expect(!(other.lowerBound <= range.lowerBound && range.upperBound <= other.upperBound))
      }
    }
    #expect(try index.maximalPassages(of: score, leastNotes: 1000).isEmpty)
  }

  @Test("A line is tracked note by note as it is found as a whole", arguments: 0..<10)
  func aLineIsTrackedNoteByNote(seed: Int) throws {
    var tunes = Tunes(seed: UInt64(seed))
    let pieces = (0..<5).map { _ in tunes.tune(60, pitches: 3) }
    let index = PassageIndex(pieces: pieces.map { ("", $0) })
    let score = tunes.tune(50, pitches: 3)
    var tracker = PassageTracker()
    var longestMatch = 0
    for (count, event) in score.passageLines[0].events.enumerated() {
      tracker.take(event, end: event.step + 6, in: index)
      var part = score
      part.tracks[0].notes = Array(score.tracks[0].notes.prefix(count + 1))
      longestMatch = max(longestMatch, tracker.noteCount)
      #expect(longestMatch == max(1, longest(part, in: pieces, transposed: true)))
    }
  }

  @Test("A transposed copy is found in its key and in any") func aTransposedCopyIsFound() throws {
    var tunes = Tunes(seed: 3)
    let tune = tunes.tune(64, pitches: 12)
    var copy = tune.slice(bars: 4..<8)
    for index in copy.tracks[0].notes.indices { copy.tracks[0].notes[index].pitch += 5 }
    let index = PassageIndex(pieces: [("other", tunes.tune(200, pitches: 12)), ("tune", tune)])
    let found = try #require(try index.longestSharedPassage(of: copy, .transposed))
    #expect(found.noteCount == copy.noteCount && found.source == "tune" && found.semitones == 5)
    #expect(found.bar == 0 && found.sourceBar == 4 && found.barCount == 4)
    #expect(try #require(try index.longestSharedPassage(of: copy, .exact)).noteCount < found.noteCount)
  }

  @Test("Other ticks, chords below and drums change no line") func otherTicksChangeNoLine() throws {
    var tunes = Tunes(seed: 4)
    let tune = tunes.tune(48, pitches: 9)
    var other = tune.rescaled(ticksPerQuarter: 96)
    let below = stride(from: 0, to: other.length, by: 96).map {
      Note(onset: $0, duration: 96, pitch: 40, velocity: 60)
    }
    other.tracks[0].notes = (other.tracks[0].notes + below).sorted()
    other.tracks.append(Track(isDrum: true, notes: below))
    #expect(other.passageLines.map(\.events) == tune.passageLines.map(\.events))
    #expect(other.melodyTrack == 0)
  }

  @Test("An index of nothing and a piece of nothing share nothing") func nothingSharesNothing() throws {
    var tunes = Tunes(seed: 5)
    let tune = tunes.tune(10)
    let empty = PassageIndex(pieces: [])
    #expect(try empty.longestSharedPassage(of: tune, .transposed) == nil)
    #expect(try empty.longestSharedPassage(of: tune, .exact) == nil)
    let index = PassageIndex(pieces: [("tune", tune)])
    #expect(try index.longestSharedPassage(of: Score(ticksPerQuarter: 12), .transposed) == nil)
    #expect(index.noteCount == 10 && index.byteCount <= 12 * 10)
  }

  @Test("A tune of one repeated note is indexed in no time") func aRepeatedNoteIsIndexed() throws {
    let notes = (0..<10_000).map { Note(onset: 12 * $0, duration: 12, pitch: 60, velocity: 80) }
    let score = Score(ticksPerQuarter: 12, tracks: [Track(notes: notes)])
    let index = PassageIndex(pieces: [("long", score)])
    #expect(try index.longestSharedPassage(of: score, .exact)?.noteCount == 10_000)
  }
}
