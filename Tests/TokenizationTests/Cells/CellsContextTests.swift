import Music
import Notation
import TestSupport
import Testing
import Tokenization

@Suite struct CellsContextTests {
  @Test("What is told of a place depends on the ids before it alone")
  func whatIsToldOfAPlaceDependsOnTheIDsBeforeItAlone() throws {
    for (number, configuration) in CellsConfigurations.all.enumerated() {
      let walker = try CellsWalker(configuration)
      let features = walker.tokenizer.contextFeatures
      for seed in UInt64(0)..<10 {
        let ids = try #require(walker.walk(within: .atMost(8), seed: seed))
        var context = try #require(walker.tokenizer.makeContext())
        var told: [[Int32]] = []
        var row = [Int32](repeating: -2, count: features.count)
        for id in ids {
          context.advance(id)
          context.write(into: &row)
          told.append(row)
          for (value, feature) in zip(row, features) {
            #expect((-1..<Int32(feature.count)).contains(value), "\(number): \(feature.name) is \(value)")
          }
        }
        let place = ids.count * 2 / 3
        var prefix = try #require(walker.tokenizer.makeContext())
        for id in ids[...place] { prefix.advance(id) }
        prefix.write(into: &row)
        #expect(row == told[place], "configuration \(number), seed \(seed)")
      }
    }
  }

  @Test("The context says what stood here some bars ago") func theContextSaysWhatStoodHereSomeBarsAgo() throws
  {
    let tokenizer = try CellsTokenizer()
    let tokens = [
      "BOS_None", "Key_G", "Length_3", "Tempo_120.0", "Part_chords", "Program_0", "Part_melody", "Program_73",
      "Bar_None", "TimeSig_4/4",
      "Velocity_63", "Notes_None", "Duration_4.0.12", "Pitch_48", "And_52", "And_55",
      "Velocity_95", "Notes_None", "Duration_1.0.12", "Pitch_67", "Position_24", "Pitch_69",
      "Bar_None", "Same_1", "Rhythm_1", "Pitch_72",
    ]
    let features = tokenizer.contextFeatures.map(\.name)
    var context = try #require(tokenizer.makeContext())
    var row = [Int32](repeating: 0, count: features.count)
    func told(_ name: String) -> Int32 {
      context.write(into: &row)
      return features.firstIndex(of: name).map { row[$0] } ?? -2
    }
    for (index, id) in try tokenizer.vocabulary.ids(of: tokens).enumerated() {
      context.advance(id)
      switch index {
      case 3: #expect(told("part") == 0 && told("barsToCome") == 3 && told("position") == -1)
      case 9: #expect(told("part") == 2 && told("barsToCome") == 3 && told("bar") == 0)
      case 13: #expect(told("harmony1") == 12 && told("position") == 48)
      case 15: #expect(told("part") == 2 && told("lastPitch") == 55)
      case 16: #expect(told("part") == 18 && told("harmony1") == 0 && told("harmony3") == 7)
      case 19: #expect(told("position") == 12 && told("duration") == 12 && told("lastPitch") == 67)
      case 23:
        #expect(told("pitch1") == 67 && told("time1") == 11 && told("lastForm") == 2)
        #expect(told("pitch2") == -1 && told("barsToCome") == 2 && told("firstPitch") == 67)
      case 25:
        #expect(told("position") == 24 && told("pitchInRhythm") == 69 && told("lastPitch") == 72)
      default: break
      }
    }
  }

  /// What is told after each of some tokens.
  private func told(after tokens: [String]) throws -> [[String: Int32]] {
    let tokenizer = try CellsTokenizer()
    let names = tokenizer.contextFeatures.map(\.name)
    var context = try #require(tokenizer.makeContext())
    var row = [Int32](repeating: 0, count: names.count)
    return try tokenizer.vocabulary.ids(of: tokens).map { id in
      context.advance(id)
      context.write(into: &row)
      return Dictionary(uniqueKeysWithValues: zip(names, row))
    }
  }

  @Test("The context says which pitch would move in parallel fifths") func theContextSaysWhatMovesInParallel()
    throws
  {
    let told = try told(after: [
      "BOS_None", "Key_C", "Length_2", "Tempo_120.0", "Part_bass", "Program_32", "Part_melody", "Program_73",
      "Bar_None", "TimeSig_4/4", "Velocity_63", "Notes_None", "Duration_2.0.12", "Pitch_48", "Pitch_50",
      "Velocity_63", "Notes_None", "Duration_2.0.12", "Pitch_67", "Pitch_69", "Bar_None", "Same_1",
    ])
    #expect(told[14]["parallel1"] == -1, "nothing was played that could move")
    #expect(told[18]["parallel1"] == 9, "C and G go on to D and A")
    #expect(told[18]["lowest"] == 50 && told[18]["highest"] == 50 && told[18]["lastStep"] == -1)
    #expect(told[19]["lastStep"] == 15)
    #expect(told[21]["parallel1"] == 7, "D and A go back to C and G")
  }
}
