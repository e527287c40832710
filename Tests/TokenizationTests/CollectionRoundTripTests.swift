internal import Foundation
import Music
import TestSupport
import Testing
import Tokenization

/// What becomes of real music on the grid. `GRUPPETTO_TEST_ALL=1` takes every file of the collections instead of a sample.
@Suite(.enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
struct CollectionRoundTripTests {
  let tokenizer: REMITokenizer

  init() throws { tokenizer = try REMITokenizer() }

  @Test("What is decoded is the normalized score", arguments: RealCollection.allCases)
  func whatIsDecodedIsTheNormalizedScore(_ collection: RealCollection) throws {
    let paths = collection.paths()
    try #require(!paths.isEmpty)
    var sum = NormalizationReport()
    for path in paths {
      let score = try collection.score(path)
      let encoding = try tokenizer.encode(score)
      let normalized = try tokenizer.normalized(score)
      #expect(try tokenizer.decode(encoding.ids) == normalized.score, "\(path)")
      #expect(try tokenizer.encode(normalized.score).ids == encoding.ids, "\(path)")
      #expect(encoding.report == normalized.report, "\(path)")
      #expect(encoding.noteCount == normalized.score.noteCount, "\(path)")
      #expect(encoding.barCount == normalized.score.bars.count, "\(path)")
      #expect(abs(encoding.seconds - normalized.score.seconds) <= 1e-6 * encoding.seconds, "\(path)")
      sum.add(encoding.report)
    }
    #expect(sum.keptShare >= 0.99, "\(collection) keeps \(sum.keptShare) of its notes")
    #expect(sum.keptNotes + sum.doublings == sum.notes, "only doublings are left out")
  }

  @Test("No note moves by more than half a step", arguments: RealCollection.allCases)
  func noNoteMovesByMoreThanHalfAStep(_ collection: RealCollection) throws {
    for path in collection.paths() {
      let score = try collection.score(path)
      let (normalized, report) = try tokenizer.normalized(score)
      #expect(report.notes == score.noteCount && report.keptNotes == normalized.noteCount, "\(path)")
      let comparison = GridComparison(score, normalized)
      #expect(comparison.notesFromNowhere == 0, "\(path)")
      #expect(comparison.movedEnds == 0, "\(path)")
      #expect(report.clippedDurations == comparison.longNotes, "\(path)")
    }
  }
}

/// A score beside what the standard grid makes of it, note by note.
///
/// Times are compared in 1 ∕ (24 · ticksPerQuarter) of a quarter note, in which both ticks and half steps are whole.
private struct GridComparison {
  /// Notes of the result to which no note of the source within half a step corresponds.
  var notesFromNowhere = 0
  /// Notes whose end is more than half a step from the source's, but for those of one step, the least, and of 96, the most.
  var movedEnds = 0
  /// Notes of the source that last more than 96 steps on the grid.
  var longNotes = 0

  private struct Voice: Hashable {
    var program: Int
    var pitch: Int
  }

  init(_ source: Score, _ result: Score) {
    let scale = 24
    let step = 2 * source.ticksPerQuarter
    let ticksPerStep = result.ticksPerQuarter / 12
    let sourceVoices = Self.voices(of: source)
    for (voice, kept) in Self.voices(of: result) {
      let sources = sourceVoices[voice] ?? []
      for note in kept {
        let onset = note.onset / ticksPerStep * step
        let duration = note.duration / ticksPerStep
        let near = sources.filter { abs($0.onset * scale - onset) * 2 <= step }
        if near.isEmpty { notesFromNowhere += 1 }
        let hasItsEnd = near.contains {
          let length = $0.end * scale - onset
          switch duration {
          case 96: return length * 2 >= 191 * step
          case 1: return length * 2 <= 3 * step
          default: return abs(length - duration * step) * 2 <= step
          }
        }
        if !hasItsEnd { movedEnds += 1 }
      }
    }
    for notes in sourceVoices.values {
      for note in notes {
        let steps = Self.nearestStep(note.end, source) - Self.nearestStep(note.onset, source)
        longNotes += steps > 96 ? 1 : 0
      }
    }
  }

  private static func nearestStep(_ tick: Int, _ score: Score) -> Int {
    Int((Double(tick) * 12 / Double(score.ticksPerQuarter) + 0.5).rounded(.down))
  }

  /// The notes by what sounds them, drums as program 128.
  private static func voices(of score: Score) -> [Voice: [Note]] {
    var voices: [Voice: [Note]] = [:]
    for track in score.tracks {
      for note in track.notes {
        let change = track.programChanges.last { $0.tick <= note.onset }
        let program = track.isDrum ? 128 : change?.program ?? track.program ?? 0
        voices[Voice(program: program, pitch: note.pitch), default: []].append(note)
      }
    }
    return voices
  }
}
