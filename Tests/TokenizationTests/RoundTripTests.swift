import Foundation
import Music
import TestSupport
import Testing

@testable import Tokenization

/// Real collections through the tokens and back. A part of each is read in every run; `GRUPPETTO_TEST_ALL=1` reads them all.
@Suite(.enabled(if: SharedData.isPresent, Comment(rawValue: SharedData.absence)))
struct RoundTripTests {
  static let readsAll = ProcessInfo.processInfo.environment["GRUPPETTO_TEST_ALL"] == "1"

  struct Collection: CustomTestStringConvertible, Sendable {
    var folder: String
    /// Every so many-th file is read in a short run.
    var stride: Int
    var testDescription: String { folder }
  }

  static let collections = [
    Collection(folder: "nottingham/midi", stride: 60), Collection(folder: "pop909", stride: 130),
    Collection(folder: "multitrack", stride: 12), Collection(folder: "groove", stride: 70),
  ]

  @Test(arguments: collections)
  func decodingWhatWasEncodedGivesTheNormalisedScore(_ collection: Collection) throws {
    let tokenizer = try REMITokenizer()
    var total = NormalisationReport()
    var furthest = 0.0
    var files = 0
    let paths = SharedData.files(under: collection.folder, suffix: ".mid")
    try #require(!paths.isEmpty)
    for path in stride(from: 0, to: paths.count, by: Self.readsAll ? 1 : collection.stride).map({ paths[$0] })
    {
      for score in try ScoreReader.read(path: path).scores {
        let encoding = try tokenizer.encode(score)
        let (normalised, report) = try tokenizer.normalised(score)
        #expect(try tokenizer.decode(encoding.ids) == normalised, "\(path)")
        #expect(encoding.report == report)
        #expect(try tokenizer.encode(normalised).ids == encoding.ids, "\(path)")
        #expect(normalised.noteCount == report.keptNotes && report.keptNotes == encoding.noteCount)
        #expect(report.notes == report.keptNotes + report.doublings && report.unsupportedNotes == 0)
        #expect(normalised.bars.count == encoding.barCount, "\(path)")
        #expect(abs(normalised.seconds - encoding.seconds) < 1e-6 * encoding.seconds)
        furthest = max(furthest, furthestMove(from: score, to: normalised))
        total.add(report)
        files += 1
        if files % 8 == 1 { try expectAllowed(encoding.ids, by: tokenizer) }
      }
    }
    #expect(total.keptShare >= 0.99)
    #expect(furthest <= 0.5, "a note moved by \(furthest) steps")
    if Self.readsAll {
      print(collection.folder, files, "files", furthest, "steps", total.keptShare, total.sentences)
    }
  }

  /// The grammar must allow what encoding writes, id by id.
  private func expectAllowed(_ ids: [Int32], by tokenizer: REMITokenizer) throws {
    var grammar = tokenizer.makeGrammar()
    var mask = [Bool](repeating: false, count: tokenizer.vocabulary.count)
    for (index, id) in ids.enumerated() {
      grammar.allowed(into: &mask)
      try #require(mask[Int(id)], "\(tokenizer.vocabulary.tokens[Int(id)]) at \(index)")
      grammar.advance(id)
    }
    #expect(grammar.isFinished)
  }

  /// How far, in steps, the note that moved most is from its place. Notes of one pitch keep their order, and those that were left
  /// out stood within a step of another, so that each note of the result has one of the score at most half a step away.
  private func furthestMove(from score: Score, to normalised: Score) -> Double {
    var onsets: [Int: [Double]] = [:]
    for track in score.tracks {
      for note in track.notes {
        onsets[note.pitch + (track.isDrum ? 128 : 0), default: []]
          .append(Double(note.onset) * 12 / Double(score.ticksPerQuarter))
      }
    }
    for key in onsets.keys { onsets[key]?.sort() }
    var furthest = 0.0
    for track in normalised.tracks {
      for note in track.notes {
        let place = Double(note.onset) * 12 / Double(normalised.ticksPerQuarter)
        guard let sources = onsets[note.pitch + (track.isDrum ? 128 : 0)] else { return .infinity }
        var (low, high) = (0, sources.count)
        while low < high {
          let middle = (low + high) / 2
          if sources[middle] < place { low = middle + 1 } else { high = middle }
        }
        let nearest = [low - 1, low].filter { sources.indices.contains($0) }.map { abs(sources[$0] - place) }
          .min()
        furthest = max(furthest, nearest ?? .infinity)
      }
    }
    return furthest
  }
}
