import Arithmetic
import ModelSupport
import Music
import Recurrent
import TestSupport
import Testing
import Tokenization
import Training

@testable import Composing

/// Pieces in cells of which some are filled in.
@Suite struct FillingTests {
  private let model: MusicModel
  private let tokenizer: CellsTokenizer
  private let composer: Composer

  init() throws {
    var configuration = CellsConfiguration.small
    configuration.infilling = true
    model = try ComposerTests.model(configuration)
    tokenizer = try #require(model.tokenizer as? CellsTokenizer)
    for name in ["Bar_None", "Rest_None", "EOS_None"] {
      let id = try #require(tokenizer.vocabulary.id(of: name))
      try ComposerTests.setOutputBias(of: model, id: id, to: 2)
    }
    composer = try Composer(model: model)
  }

  private func filling(seed: UInt64) throws -> (ids: [Int32], filling: CellFilling) {
    let ids = try composer.compose(CompositionOptions(seed: seed, bars: 8)).ids
    let filling = tokenizer.filling(of: ids) { bars, parts in
      var random = RandomStream(seed: seed, name: "mask")
      return FillMasks.draw(barCount: bars, partCount: parts, random: &random)
    }
    return (ids, filling)
  }

  @Test(
    "Alone, side by side, in a session and in its fork a piece is filled in alike, and as probable as when it is read"
  )
  func aPieceIsFilledInAlike() throws {
    var options: [CompositionOptions] = []
    for seed in UInt64(1)...8 {
      let (_, filling) = try filling(seed: seed)
      let given = CompositionOptions(seed: seed, filling: filling)
      options.append(given)
      let piece = try composer.compose(given)
      #expect(
        piece.ids.starts(with: filling.beginning) && piece.bars == 8 && piece.stopReason == .barsWritten)
      let read = try composer.surprisals(ofIDs: piece.ids, filling: filling)[piece.givenCount...]
      #expect(read.count == piece.surprisals.count)
      #expect(zip(read, piece.surprisals).allSatisfy { abs($0 - $1) < 1e-3 }, "seed \(seed)")
      let session = try composer.session(given)
      for _ in 0..<5 { _ = try session.step() }
      let fork = session.fork()
      #expect(try session.finish().ids == piece.ids && fork.finish().ids == piece.ids)
    }
    for (given, result) in zip(options, composer.compose(options, threadCount: 2)) {
      #expect(try result.get().ids == composer.compose(given).ids)
    }
    let best = composer.compose(options, tries: 4, threadCount: 2)
    for (given, result) in zip(options, best) {
      #expect(try result.get().nll <= composer.compose(given).nll + 1e-9)
    }
  }

  private static func song(bars: Int) -> Score {
    let melody = (0..<bars * 4).map {
      Note(onset: 96 * $0 + 1, duration: 90, pitch: 60 + [0, 2, 4, 7, 5, 9][$0 % 6], velocity: 70 + $0 % 9)
    }
    let chords = (0..<bars).flatMap { bar in
      [48, 52, 55].map {
        Note(onset: 384 * bar, duration: 384, pitch: $0 + [0, 5, 7][bar % 3], velocity: 50)
      }
    }
    return Score(
      ticksPerQuarter: 96,
      tracks: [
        Track(name: "tune", program: 0, channel: 0, notes: melody),
        Track(name: "piano", program: 0, channel: 1, notes: chords),
      ],
      timeSignatures: [TimeSignatureChange(tick: 0, timeSignature: .common)], length: 384 * bars)
  }

  @Test("What is not asked for stays note for note") func whatIsNotAskedForStays() throws {
    let song = Self.song(bars: 10)
    let filling = try PieceFilling(
      FillRequest(bars: [4..<6], parts: [.name("chords")]), of: song, model: model)
    #expect(filling.cells.mask.hiddenCount == 2)
    for seed in UInt64(1)...6 {
      let piece = try composer.compose(CompositionOptions(seed: seed, filling: filling.cells))
      let result = song.applying(filling.edit(by: piece))
      #expect(result.tracks.count == 2 && result.tracks[0] == song.tracks[0])
      let range = 4 * 384..<6 * 384
      #expect(
        result.tracks[1].notes.filter { !range.contains($0.onset) }
          == song.tracks[1].notes.filter { !range.contains($0.onset) })
      #expect(result.tracks[1].notes.allSatisfy { $0.velocity == 50 })
    }
  }

  @Test("A melody gets chords, and chords get a melody") func aMelodyGetsChords() throws {
    var song = Self.song(bars: 8)
    for given in [0, 1] {
      song.tracks = [Self.song(bars: 8).tracks[given]]
      let filling = try PieceFilling(Accompaniment(), to: song, model: model)
      #expect(filling.cells.mask.hiddenCount == 8)
      let piece = try composer.compose(CompositionOptions(seed: 3, filling: filling.cells))
      let result = song.applying(filling.edit(by: piece))
      #expect(result.tracks.count == 2 && result.tracks[0] == song.tracks[0])
      #expect(result.tracks[1].role == (given == 0 ? .chords : .melody))
    }
    #expect(throws: FillError.self) {
      try PieceFilling(Accompaniment(roles: [.drums]), to: song, model: model)
    }
  }

  /// Whether a note is higher than one of the others that sounds with it.
  private static func crosses(_ note: Note, _ others: [Note]) -> Bool {
    others.contains { $0.onset < note.end && $0.end > note.onset && $0.pitch < note.pitch }
  }

  @Test("A new bass lies below the other parts, known and new, and in the register of basses")
  func aBassLiesBelow() throws {
    var configuration = CellsConfiguration.small
    (configuration.infilling, configuration.parts, configuration.pitchRange) = (true, nil, 24...83)
    let model = try ComposerTests.model(configuration)
    for name in ["Rest_None", "Bar_None"] {
      let id = try #require(model.tokenizer.vocabulary.id(of: name))
      try ComposerTests.setOutputBias(of: model, id: id, to: 1)
    }
    let composer = try Composer(model: model)
    let song = Self.song(bars: 6)
    var crossings = (free: 0, held: 0, notes: 0)
    for roles in [[PartRole.bass], [.chords, .bass]] {
      let filling = try PieceFilling(Accompaniment(roles: roles), to: song, model: model)
      #expect(filling.constraints.count == 1)
      for seed in UInt64(1)...4 {
        for constraints in [[], filling.constraints] {
          let piece = try composer.compose(
            CompositionOptions(seed: seed, constraints: constraints, filling: filling.cells))
          let result = song.applying(filling.edit(by: piece))
          let bass = result.tracks.filter { $0.role == .bass }.flatMap(\.notes)
          let others = result.tracks.filter { $0.role != .bass }.flatMap(\.notes)
          // The tune's notes are a tick late, which the model does not see; and below the lowest bass there is none.
          let least = BassRegister.Rule.usualRange.lowerBound
          let count = bass.count { note in
            Self.crosses(note, others.filter { $0.onset + 2 < note.end && $0.pitch >= least })
          }
          if constraints.isEmpty {
            crossings.free += count
          } else {
            crossings.held += count
            crossings.notes += bass.count
            #expect(bass.allSatisfy { BassRegister.Rule.usualRange.contains($0.pitch) })
          }
        }
      }
    }
    #expect(crossings.free > 10 && crossings.held == 0 && crossings.notes > 10, "\(crossings)")
  }

  @Test("A bass of a network that knows none plays the chords on beats, one note at a time")
  func anUnknownBassPlaysTheChords() throws {
    var configuration = CellsConfiguration.small
    (configuration.infilling, configuration.parts, configuration.pitchRange) = (true, nil, 24...83)
    let model = try ComposerTests.model(configuration)
    let tokenizer = try #require(model.tokenizer as? CellsTokenizer)
    let composer = try Composer(model: model)
    let song = Self.song(bars: 6)
    let filling = try PieceFilling(Accompaniment(roles: [.bass]), to: song, model: model)
    let rule = BassRegister.Rule(range: 28...50, isLearned: false)
    let bassRegister = try #require(
      BassRegister(rule, ids: filling.reading.ids, mask: filling.cells.mask, tokenizer: tokenizer))
    for seed in UInt64(1)...6 {
      let piece = try composer.compose(
        CompositionOptions(seed: seed, constraints: [bassRegister], filling: filling.cells))
      let notes = song.applying(filling.edit(by: piece)).tracks.last?.notes ?? []
      #expect(!notes.isEmpty)
      for (index, note) in notes.enumerated() {
        let root = (48 + [0, 5, 7][note.onset / 384 % 3]) % 12
        let third = (root + 4) % 12, fifth = (root + 7) % 12
        let classes = note.onset % 384 == 0 ? [root] : [root, third, fifth]
        #expect(classes.contains(note.pitch % 12) && (28...50).contains(note.pitch), "\(note)")
        #expect(note.onset % 96 == 0 && !Self.crosses(note, song.tracks[1].notes))
        if index > 0 { #expect(notes[index - 1].end <= note.onset) }
      }
    }
  }

  @Test("A variation changes a share of the bars of parts") func aVariationChangesAShare() throws {
    let song = Self.song(bars: 10)
    for order in Variation.Order.allCases {
      let filling = try PieceFilling(
        Variation(share: 0.3, order: order), of: song, parts: [], composer: composer, seed: 1)
      #expect(filling.cells.mask.hiddenCount == 6)
      let piece = try composer.compose(CompositionOptions(seed: 1, filling: filling.cells))
      #expect(filling.changedCells(by: piece).of == 6)
    }
    #expect(throws: FillError.self) {
      try PieceFilling(Variation(share: 0), of: song, parts: [], composer: composer, seed: 1)
    }
  }

  @Test("A morph leaves the first piece and comes to the second") func aMorphComesToTheSecondPiece() throws {
    var goal = Self.song(bars: 12)
    for index in goal.tracks[0].notes.indices { goal.tracks[0].notes[index].pitch += 3 }
    let morph = try Morph(from: Self.song(bars: 8), to: goal, stepCount: 3, model: model, seed: 5)
    #expect(morph.steps.map(\.barCount) == [9, 10, 11])
    for step in morph.steps {
      #expect(step.mask.hiddenCount > 0)
      let piece = try composer.compose(CompositionOptions(seed: 1, filling: step))
      #expect(piece.bars == step.barCount)
    }
    goal.timeSignatures[0].timeSignature = TimeSignature(3, 4)
    #expect(throws: (any Error).self) {
      try Morph(from: Self.song(bars: 8), to: goal, stepCount: 0, model: model, seed: 5)
    }
  }

  @Test("What cannot be filled in is refused in a line") func whatCannotBeFilledInIsRefused() throws {
    let song = Self.song(bars: 8)
    func refuses(_ request: FillRequest, of score: Score) {
      do {
        _ = try PieceFilling(request, of: score, model: model)
        Issue.record("\(request) was not refused")
      } catch let error as FillError {
        #expect(!error.message.isEmpty && !error.message.contains("\n"))
      } catch {
        Issue.record("\(error)")
      }
    }
    refuses(FillRequest(bars: [7..<9]), of: song)
    refuses(FillRequest(bars: [-1..<2]), of: song)
    refuses(FillRequest(parts: [.number(3)]), of: song)
    refuses(FillRequest(parts: [.name("bass")]), of: song)
    refuses(FillRequest(), of: Score(ticksPerQuarter: 480))
    let remi = try ComposerTests.untrainedModel()
    #expect(throws: FillError.self) { try PieceFilling(FillRequest(), of: song, model: remi) }
  }

  @Test("Training hides other cells each time, and a source that is resumed hides the same")
  func trainingHidesOtherCellsEachTime() throws {
    let pieces = try (UInt64(1)...5).map { try composer.compose(CompositionOptions(seed: $0, bars: 8)).ids }
    func source() throws -> CorpusBatchSource {
      try CorpusBatchSource(
        pieces: PieceIDs(pieces), tokenizer: tokenizer,
        settings: ModelPreset(
          training: TrainingConfiguration(budget: .steps(1), batchSize: 2, truncationLength: 40, seed: 4),
          transposition: ModelPreset.Transposition(-2...2), infilling: 0.7))
    }
    var (first, plain) = (try source(), try source())
    var batch = first.makeBatch(), other = plain.makeBatch()
    let ahead = try #require(tokenizer.contextFeatures.firstIndex { $0.name == "hiddenBefore" })
    var told = 0
    for step in 0..<20 {
      let position = first.position
      first.nextBatch(into: &batch)
      plain.nextBatch(into: &other)
      #expect(batch.contexts == other.contexts && batch.inputs == other.inputs)
      told += stride(from: ahead, to: batch.contexts.count, by: tokenizer.contextFeatures.count).count {
        batch.contexts[$0] >= 0
      }
      if step % 7 == 3 {
        var resumed = try source()
        let isFound = resumed.seek(to: position)
        #expect(isFound)
        resumed.nextBatch(into: &other)
        #expect(batch.contexts == other.contexts && batch.inputs == other.inputs)
      }
    }
    #expect(told > 100)
  }
}
