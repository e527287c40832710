import Groundwork
import Music
import Testing
import Tokenization

@testable import Composing

@Suite struct FormCompositionTests {
  private let composer: Composer
  private let tokenizer: any Tokenizer

  init() throws {
    let model = try ComposerTests.untrainedModel(instruments: .single(program: 0))
    tokenizer = model.tokenizer
    composer = try Composer(model: model)
  }

  /// What sounds in some bars, told by nothing but the notes: from the bar's beginning, cut at its end.
  static func content(_ score: Score, _ bars: Range<Int>) -> [[Int]] {
    let all = Array(score.bars)
    let (start, end) = (all[bars.lowerBound].start, all[bars.upperBound - 1].end)
    var rows: [[Int]] = []
    for track in score.tracks {
      for note in track.notes where note.onset >= start && note.onset < end {
        rows.append([
          note.onset - start, min(note.end, end) - start, note.pitch, note.velocity, track.program ?? -1,
        ])
      }
    }
    return rows.sorted { $0.lexicographicallyPrecedes($1) }
  }

  @Test("Sections return note for note, and there are as many bars as asked for")
  func sectionsReturnNoteForNote() throws {
    for seed in UInt64(1)...6 {
      let piece = try composer.compose(CompositionOptions(seed: seed, bars: 12, form: Form("AABA")))
      #expect(piece.bars == 12 && piece.score.bars.count == 12 && piece.stopReason == .barsWritten)
      let sections = [0..<3, 3..<6, 6..<9, 9..<12].map { Self.content(piece.score, $0) }
      #expect(!sections[0].isEmpty && sections[0] == sections[1] && sections[0] == sections[3])
      #expect(sections[2] != sections[0])
      #expect(piece.score.lastNoteEnd <= piece.score.bars[11].end)
      #expect(piece.notes == piece.score.noteCount)
      #expect(try tokenizer.encode(piece.score).ids == piece.ids)
      #expect(piece.surprisals.count == piece.ids.count - piece.givenCount && piece.givenCount == 1)
      let lengths = Set(piece.score.tracks.flatMap(\.notes).map(\.duration))
      #expect(lengths.allSatisfy { $0 > 0 })
    }
  }

  @Test("No note sounds over the end of a section") func noNoteSoundsOverTheEndOfASection() throws {
    for seed in UInt64(1)...4 {
      let score = try composer.compose(CompositionOptions(seed: seed, form: Form("A2B2A2"))).score
      let borders = [2, 4].map { score.bars[$0].start }
      for note in score.tracks.flatMap(\.notes) {
        #expect(borders.allSatisfy { note.onset >= $0 || note.end <= $0 })
      }
    }
  }

  @Test("A variation keeps its first bars and has as many new ones as its strength says")
  func aVariationKeepsItsFirstBars() throws {
    for (strength, kept) in [(0.25, 3), (0.5, 2), (1.0, 0), (0.0, 4)] {
      let piece = try composer.compose(
        CompositionOptions(seed: 3, form: Form("A4A'4B2A'4"), variation: strength))
      #expect(piece.bars == 14)
      let equal = (0..<4).map { bar in
        Self.content(piece.score, bar..<bar + 1) == Self.content(piece.score, 4 + bar..<5 + bar)
      }
      #expect(equal == (0..<4).map { $0 < kept }, "a strength of \(strength)")
      #expect(Self.content(piece.score, 4..<8) == Self.content(piece.score, 10..<14))
    }
  }

  @Test("Notes of kept bars sound on into the new ones") func notesOfKeptBarsSoundOn() throws {
    var held = 0
    for seed in UInt64(1)...8 {
      let score = try composer.compose(
        CompositionOptions(seed: seed, form: Form("A4A'4B2"), variation: 0.5)
      ).score
      let bars = Array(score.bars)
      let shift = bars[4].start
      for track in score.tracks {
        for note in track.notes where note.onset < bars[2].start && note.end > bars[2].start {
          let copies = track.notes.filter { $0.onset == note.onset + shift && $0.pitch == note.pitch }
          let onsets = track.notes.filter { $0.pitch == note.pitch }.map(\.onset)
          #expect(copies.contains { $0.end == note.end + shift || onsets.contains($0.end) })
          held += copies.count { $0.end > bars[6].start }
        }
      }
    }
    #expect(held > 0)
  }

  @Test("The same seed gives the same piece, alone and among others")
  func theSameSeedGivesTheSamePiece() throws {
    let options = try (1...3).map {
      CompositionOptions(seed: UInt64($0), form: try Form("A2A'2B2"), ending: EndingSearch(bars: 1, tries: 3))
    }
    let alone = try options.map { try composer.compose($0).ids }
    #expect(Set(alone).count == 3)
    let together = composer.compose(options, threadCount: 2)
    #expect(try together.map { try $0.get().ids } == alone)
  }

  @Test("A form follows a primer, which stays or goes") func aFormFollowsAPrimer() throws {
    var options = CompositionOptions(
      seed: 4, primer: ComposerTests.primer, keepsPrimer: true, form: try Form("A2B2A2"))
    let whole = try composer.compose(options)
    #expect(whole.bars == 10 && whole.score.bars.count == 10)
    #expect(whole.newMusicTick == whole.score.bars[4].start && whole.score.title == "Chords")
    let given = try tokenizer.normalized(ComposerTests.primer).score
    #expect(Self.content(whole.score, 0..<4) == Self.content(given, 0..<4))
    #expect(Self.content(whole.score, 4..<6) == Self.content(whole.score, 8..<10))
    options.keepsPrimer = false
    let alone = try composer.compose(options)
    #expect(alone.bars == 6 && alone.score.bars.count == 6 && alone.newMusicTick == 0)
    #expect(Self.content(alone.score, 0..<6) == Self.content(whole.score, 4..<10))
  }

  @Test("A form that cannot be had is refused") func aFormThatCannotBeHadIsRefused() throws {
    let form = try Form("AABA")
    #expect(throws: ComposingError.self) {
      try composer.compose(CompositionOptions(seed: 1, bars: 10, form: form))
    }
    #expect(throws: ComposingError.self) {
      try composer.compose(CompositionOptions(seed: 1, form: form, variation: 1.5))
    }
  }
}
