import Music
import TestSupport
import Testing

@testable import Tokenization

@Suite struct CellFillingTests {
  private static func mask(_ bars: Int, _ parts: Int, seed: UInt64) -> CellMask {
    var generator = RepeatableGenerator(seed: seed)
    var mask = CellMask(barCount: bars, partCount: parts)
    switch seed % 3 {
    case 0:
      let start = Int.random(in: 0..<bars, using: &generator)
      mask.hide(bars: start..<start + 4, parts: 0..<parts)
    case 1: mask.hide(bars: 0..<bars, parts: [Int.random(in: 0..<parts, using: &generator)])
    default:
      for bar in 0..<bars {
        for part in 0..<parts where Int.random(in: 0..<3, using: &generator) == 0 { mask[bar, part] = true }
      }
    }
    return mask
  }

  private static func configurations() -> [CellsConfiguration] {
    CellsConfigurations.all.map { configuration in
      var configuration = configuration
      configuration.infilling = true
      return configuration
    }
  }

  /// The notes and the loudness of each cell.
  private static func cells(_ ids: [Int32], _ tokenizer: CellsTokenizer) -> [[CellNote]] {
    let plan = CellPlan(ids: ids, layout: tokenizer.layout) { CellMask(barCount: $0, partCount: $1) }
    return plan.memory.cells.map { cell in (0..<Int(cell.count)).map { plan.memory.note($0, of: cell) } }
  }

  @Test("Whatever is filled in, all else stays, and the piece is written as the encoder writes it")
  func whateverIsFilledInAllElseStays() throws {
    for (number, configuration) in Self.configurations().enumerated() {
      let walker = try CellsWalker(configuration)
      for seed in UInt64(0)..<15 {
        let ids = try #require(walker.walk(within: .atMost(6), seed: seed))
        let filling = walker.tokenizer.filling(of: ids) { Self.mask($0, $1, seed: seed) }
        guard
          let filled = walker.walk(by: filling.makeGrammar(), seed: seed + 100)
        else {
          Issue.record("configuration \(number), seed \(seed): no way out")
          continue
        }
        let score = try walker.tokenizer.decode(filled)
        // What reached into the last bars may have been hidden, and they may be silent now.
        guard let last = score.bars.last, score.lastNoteEnd > last.start else { continue }
        let again = try walker.tokenizer.encode(score).ids
        #expect(walker.closed(again) == walker.closed(filled), "configuration \(number), seed \(seed)")
        let (before, after) = (Self.cells(ids, walker.tokenizer), Self.cells(filled, walker.tokenizer))
        #expect(before.count == after.count)
        for (index, (old, new)) in zip(before, after).enumerated() {
          let parts = filling.mask.partCount
          if !filling.mask[index / parts, index % parts] {
            #expect(old == new, "configuration \(number), seed \(seed), cell \(index)")
          }
        }
        #expect(filled.starts(with: filling.beginning))
      }
    }
  }

  @Test("What was hidden is one of the ways to fill it in") func whatWasHiddenIsOneOfTheWays() throws {
    for (number, configuration) in Self.configurations().enumerated() {
      let walker = try CellsWalker(configuration)
      for seed in UInt64(0)..<15 {
        let ids = try #require(walker.walk(within: .atMost(6), seed: seed))
        let filling = walker.tokenizer.filling(of: ids) { Self.mask($0, $1, seed: seed) }
        var grammar = filling.makeGrammar()
        let hidden = filling.belongToHidden(ids)
        for (place, id) in ids.enumerated() {
          let isAllowed = walker.mask(grammar)[Int(id)]
          #expect(isAllowed, "configuration \(number), seed \(seed), place \(place)")
          if let given = grammar.givenID {
            #expect(given == id && !hidden[place], "configuration \(number), seed \(seed), place \(place)")
          }
          grammar.advance(id)
        }
        #expect(grammar.isFinished)
      }
    }
  }

  @Test(
    "A network is told nothing of what is hidden before it is written, and nothing new where all is known")
  func nothingIsToldOfWhatIsHidden() throws {
    for (number, configuration) in Self.configurations().enumerated() {
      let walker = try CellsWalker(configuration)
      let features = walker.tokenizer.contextFeatures
      let base = try CellsTokenizer(configuration: CellsConfigurations.all[number]).contextFeatures.count
      for seed in UInt64(0)..<6 {
        let ids = try #require(walker.walk(within: .atMost(6), seed: seed))
        let filling = walker.tokenizer.filling(of: ids) { Self.mask($0, $1, seed: seed) }
        let filled = try #require(walker.walk(by: filling.makeGrammar(), seed: seed + 100))
        // One plan knows what was hidden, the other has something else there.
        let other = walker.tokenizer.filling(of: filled) { _, _ in filling.mask }
        var (first, second) = (filling.makeContext(), other.makeContext())
        var plain = try #require(walker.tokenizer.makeContext())
        var rows = Array(repeating: [Int32](repeating: -2, count: features.count), count: 3)
        let hidden = filling.belongToHidden(filled)
        for (place, id) in filled.enumerated() {
          first.advance(id)
          second.advance(id)
          plain.advance(id)
          first.write(into: &rows[0])
          second.write(into: &rows[1])
          plain.write(into: &rows[2])
          #expect(rows[0] == rows[1], "configuration \(number), seed \(seed), place \(place)")
          #expect(rows[0][..<base] == rows[2][..<base])
          #expect(rows[2][base...].allSatisfy { $0 == -1 })
          if place + 1 < filled.count, hidden[place + 1] {
            #expect(rows[0][base] >= 0, "configuration \(number), seed \(seed), place \(place)")
          }
          for (value, feature) in zip(rows[0], features) {
            #expect((-1..<Int32(feature.count)).contains(value), "\(number): \(feature.name) is \(value)")
          }
        }
      }
    }
  }

  @Test("Infilling changes neither the tokens nor how a configuration without it is saved")
  func infillingChangesNoTokens() throws {
    let plain = try CellsTokenizer()
    let filling = try plain.infilling()
    #expect(plain.vocabulary.tokens == filling.vocabulary.tokens && plain.vocabulary != filling.vocabulary)
    #expect(plain.vocabulary.hasIDs(of: filling.vocabulary))
    #expect(!plain.vocabulary.json().contains("infilling"))
    let read = try Vocabulary(json: filling.vocabulary.json())
    #expect(read == filling.vocabulary)
    #expect(filling.contextFeatures.starts(with: plain.contextFeatures))
  }

  @Test("A context tells what stands ahead in its part and above it") func aContextTellsWhatStandsAhead()
    throws
  {
    let tokenizer = try CellsTokenizer().infilling()
    let tokens = [
      "BOS_None", "Key_G", "Length_3", "Tempo_120.0", "Part_chords", "Program_0", "Part_melody", "Program_73",
      "Bar_None", "TimeSig_4/4",
      "Velocity_63", "Notes_None", "Duration_4.0.12", "Pitch_48", "And_52", "And_55",
      "Velocity_95", "Notes_None", "Duration_1.0.12", "Pitch_67", "Position_24", "Pitch_69",
      "Bar_None", "Same_1", "Rhythm_1", "Pitch_72", "Pitch_74",
      "Bar_None", "Same_1", "Same_2", "EOS_None",
    ]
    let ids = try tokenizer.vocabulary.ids(of: tokens)
    // The chords of the second bar are hidden.
    let filling = tokenizer.filling(of: ids) { bars, parts in
      var mask = CellMask(barCount: bars, partCount: parts)
      mask[1, 0] = true
      return mask
    }
    #expect(filling.beginning.count == 23)
    let features = tokenizer.contextFeatures.map(\.name)
    var context = filling.makeContext()
    var row = [Int32](repeating: 0, count: features.count)
    for id in filling.beginning { context.advance(id) }
    context.write(into: &row)
    func told(_ name: String) -> Int32 { features.firstIndex(of: name).map { row[$0] } ?? -2 }
    #expect(told("hiddenBefore") == 0 && told("barsToKnown") == 1)
    #expect(told("pitchAhead1") == 48 && told("nextKnownPitch") == 48 && told("pitchAhead2") == -1)
    #expect(told("abovePitch") == 72 && told("aboveAtBeat0") == 0 && told("aboveAtBeat2") == 2)
    #expect(told("runAfter2") == 1 && told("runAfter1") == 9)
  }
}

extension [UInt8] {
  fileprivate func contains(_ text: String) -> Bool { String(decoding: self, as: UTF8.self).contains(text) }
}
