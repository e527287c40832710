import Arithmetic
import Composing
import Corpora
import Foundation
import Groundwork
import ModelSupport
import Music
import Recurrent
import Testing
import Tokenization

@testable import Evaluation

@Suite struct ExplanationTests {
  /// A model of cells whose network is random, that likes to say that a bar is as one before.
  private static func cells() throws -> MusicModel {
    let tokenizer = try CellsConfiguration.melody.makeTokenizer()
    let network = Network(
      configuration: LanguageModelConfiguration(
        vocabularySize: tokenizer.vocabulary.count, contextSizes: tokenizer.contextFeatures.map(\.count),
        embeddingSize: 8, hiddenSize: 16, layerCount: 1), seed: 3)
    let model = MusicModel(tokenizer: tokenizer, network: network)
    let bias = try #require(network.parameters.entry(named: "output.bias"))
    for (token, value) in [("Same_1", 4), ("Same_2", 4), ("Rhythm_1", 5), ("Bar_None", 3)]
      as [(String, Float)]
    {
      let id = try #require(tokenizer.vocabulary.id(of: token))
      network.parameters.values[bias.range.lowerBound + Int(id)] = value
    }
    return model
  }

  @Test("Every new note has its reason, and repeated bars name the bar that they repeat")
  func everyNewNoteHasItsReason() throws {
    let model = try Self.cells()
    let composer = try Composer(model: model)
    var references = 0, rhythms = 0
    for seed in UInt64(1)...6 {
      let options = CompositionOptions(seed: seed, bars: 8)
      let piece = try composer.compose(options)
      let why = try PieceExplanation(of: piece, by: options, with: composer, passages: nil)
      #expect(why.score.noteCount == piece.notes && why.passages == nil && why.forbidden.count == 1)
      var total = 0.0
      for (track, reasons) in zip(why.score.tracks, why.reasons) {
        for (note, reason) in zip(track.notes, reasons) {
          let reason = try #require(reason)
          #expect(reason.name == pitchName(note.pitch) && reason.alternatives.count == 5)
          #expect(reason.bar == why.score.bars.index(of: note.onset) + 1)
          total += reason.surprisal
          guard let reference = reason.reference else { continue }
          #expect(reference.bar == reason.bar - reference.barsAgo)
          if reference.isRhythmAlone { rhythms += 1 } else { references += 1 }
          // At the same place of that bar the part has a note, and the same one if all is repeated.
          let bars = why.score.bars
          let there = note.onset - bars[reason.bar - 1].start + bars[reference.bar - 1].start
          let others = track.notes.filter { $0.onset == there }.map(\.pitch)
          #expect(reference.isRhythmAlone ? !others.isEmpty : others.contains(note.pitch))
        }
      }
      #expect(total > 0 && total <= piece.surprisals.reduce(0, +) + 1e-3)
    }
    #expect(references > 0 && rhythms > 0)
  }

  @Test("A note in a copied passage names its source, and one that was given has no reason")
  func aNoteInACopiedPassageNamesItsSource() throws {
    let model = try Self.cells()
    let composer = try Composer(model: model)
    let primer = Examples.tunes(1, bars: 2...2, seed: 3)[0]
    let options = CompositionOptions(seed: 5, bars: 6, primer: primer)
    let piece = try composer.compose(options)
    let whole = try model.tokenizer.decode(piece.ids)
    let index = PassageIndex(pieces: [("the same", whole)])
    let why = try PieceExplanation(of: piece, by: options, with: composer, passages: index)
    #expect(why.reasons.joined().contains { $0 == nil } && why.reasons.joined().contains { $0 != nil })
    let passage = try #require(why.passages?.first)
    #expect(passage.source == "the same" && passage.noteCount == whole.passageLines[0].events.count)
    let copied = why.reasons.joined().compactMap { $0?.passage?.source }
    #expect(copied.allSatisfy { $0 == "the same" } && copied.count > 4)
  }

  @Test("The page has every note once for its script, and data that no script can leave")
  func thePageHasEveryNote() throws {
    let model = try Self.cells()
    let composer = try Composer(model: model)
    let options = CompositionOptions(seed: 2, bars: 4)
    let piece = try composer.compose(options)
    let why = try PieceExplanation(of: piece, by: options, with: composer, passages: nil)
    let html = ExplanationPage(
      why, title: "<i>&</script>", facts: [("Seed", "<2>")], metadata: "{\"gruppetto\":1}"
    ).html
    #expect(html.split(separator: "data-note=\"").count - 1 == piece.notes)
    #expect(html.contains("&lt;i&gt;") && !html.contains("<i>&") && html.contains("<metadata>"))
    let json = try #require(html.firstMatch(of: /id="data">(.*)<\/script>/)?.1)
    let notes = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [[String: Any]]
    #expect(notes?.count == piece.notes && !json.contains("<"))
  }
}

@Suite struct ListeningPageTests {
  @Test("The page has a row for each piece, with what it can be sorted by") func thePageHasARowForEachPiece()
    throws
  {
    let tunes = Examples.tunes(3, bars: 4...6, seed: 9)
    let index = PassageIndex(pieces: [("a <tune>", tunes[1])])
    let pieces = tunes.enumerated().map { number, tune in
      ListeningPage.Piece(
        name: "00\(number + 1)", sound: "00\(number + 1).ogg", notes: "00\(number + 1).mid",
        seed: UInt64.max - UInt64(number),
        score: tune, soundStart: 0, nllPerNote: 1.25, comparedWith: index)
    }
    let html = ListeningPage(title: "3 pieces", facts: [("Model", "m")], pieces: pieces).html
    #expect(html.split(separator: "<tr data-number").count == 4 && html.contains("data-sound=\"002.ogg\""))
    #expect(html.contains("data-seed=\"\(UInt64.max)\"") && html.contains("a &lt;tune&gt;"))
    #expect(pieces[1].passage?.noteCount == tunes[1].noteCount && pieces[1].passage?.semitones == 0)
    for column in ["Seed", "Key", "Bars", "Length", "Surprise", "Copied"] {
      #expect(html.contains(">\(column)<"))
    }
    let json = try #require(html.firstMatch(of: /id="data">(.*)<\/script>/)?.1)
    let values = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [[Any]]
    #expect(values?.count == 3 && values?.first?.count == html.split(separator: "<option value=").count - 1)
    // Nothing is fetched from elsewhere.
    #expect(!html.contains("http:") && !html.contains("https:") && !html.contains("src=\""))
  }
}
