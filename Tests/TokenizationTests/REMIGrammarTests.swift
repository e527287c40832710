import Music
import Testing

@testable import Tokenization

@Suite struct REMIGrammarTests {
  /// Numbers for walks: SplitMix64.
  struct Walk: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var word = state
      word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
      word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
      return word ^ word >> 31
    }
  }

  static let configurations: [REMIConfiguration] = {
    var coarse = REMIConfiguration(instruments: .single(program: 40))
    coarse.stepsPerQuarter = 4
    coarse.maximumDuration = 8
    coarse.maximumBarLength = 16
    coarse.pitchRange = 60...62
    coarse.velocityCount = 3
    coarse.unisonLimit = 3
    return [
      REMIConfiguration(), REMIConfiguration(instruments: .single(program: 0)),
      REMIConfiguration(instruments: .drums), REMIConfiguration(metre: TimeSignature(6, 8)),
      REMIConfiguration(instruments: .single(program: 9), metre: TimeSignature(1, 4)), coarse,
    ]
  }()

  /// A sequence that takes allowed ids at random. Bars and ends are rare among the ids, so that now and then the walk prefers them.
  private func walk(_ tokenizer: REMITokenizer, bars: BarLimit, seed: UInt64, longest: Int = 4_000) -> [Int32]
  {
    var random = Walk(state: seed)
    var grammar = tokenizer.makeGrammar(bars: bars)
    var mask = [Bool](repeating: false, count: tokenizer.vocabulary.count)
    var ids: [Int32] = []
    let leaving: [Int32] = [REMILayout.bar, tokenizer.vocabulary.eosID]
    while !grammar.isFinished {
      grammar.allowed(into: &mask)
      let allowed = mask.indices.filter { mask[$0] }.map { Int32($0) }
      guard !allowed.isEmpty, ids.count < longest else { return [] }
      let exits = leaving.filter { mask[Int($0)] }
      let next =
        !exits.isEmpty && (ids.count > longest / 2 || Int.random(in: 0..<8, using: &random) == 0)
        ? exits[exits.count - 1] : allowed[Int.random(in: 0..<allowed.count, using: &random)]
      grammar.advance(next)
      ids.append(next)
    }
    return ids
  }

  @Test(arguments: configurations.indices)
  func everyWalkDecodesAndEncodesToItself(_ index: Int) throws {
    let tokenizer = try REMITokenizer(configuration: Self.configurations[index])
    for seed in 0..<60 as Range<UInt64> {
      let ids = walk(tokenizer, bars: .atMost(12), seed: seed)
      try #require(!ids.isEmpty, "the walk of seed \(seed) found no end")
      let score = try tokenizer.decode(ids)
      let encoding = try tokenizer.encode(score)
      #expect(encoding.ids == ids, "seed \(seed)")
      #expect(encoding.report.keptShare == 1 && encoding.report.clippedDurations == 0)
    }
  }

  @Test(arguments: [1, 2, 5, 16])
  func aLimitOfBarsIsKeptExactly(_ count: Int) throws {
    for configuration in Self.configurations {
      let tokenizer = try REMITokenizer(configuration: configuration)
      for seed in 0..<20 as Range<UInt64> {
        let ids = walk(tokenizer, bars: .exactly(count), seed: seed)
        try #require(!ids.isEmpty)
        #expect(ids.count { $0 == REMILayout.bar } == count)
        let score = try tokenizer.decode(ids)
        #expect(score.bars.count == count && score.lastNoteEnd <= score.length)
        #expect(try tokenizer.encode(score).ids == ids)
      }
    }
  }

  @Test func positionsOnlyGoForwardAndNotesUpwards() throws {
    let tokenizer = try REMITokenizer()
    let grammar = try after(["BOS_None", "Bar_None", "TimeSig_3/4"], tokenizer)
    #expect(allowed(grammar, tokenizer) == ["Position_0"])
    let beginning = ["BOS_None", "Bar_None", "TimeSig_3/4", "Position_0", "Tempo_120.0"]
    let note = ["Program_5", "Pitch_60", "Velocity_91", "Duration_1.0.12"]
    let then = allowed(try after(beginning + note + ["Position_12"] + note, tokenizer), tokenizer)
    #expect(!then.contains("Position_12") && then.contains("Position_13") && then.contains("Position_35"))
    #expect(!then.contains("Position_36") && !then.contains("Tempo_120.0"))
    #expect(!then.contains("Program_4") && then.contains("Program_5") && then.contains("Program_-1"))
    let tempo = allowed(try after(beginning + note + ["Position_12"], tokenizer), tokenizer)
    #expect(!tempo.contains("Tempo_120.0") && tempo.contains("Tempo_125.31"))
    let unison = allowed(try after(beginning + note + note + ["Program_5"], tokenizer), tokenizer)
    #expect(!unison.contains("Pitch_60") && !unison.contains("Pitch_59") && unison.contains("Pitch_61"))
  }

  @Test func theEndWaitsForTheLastNote() throws {
    let tokenizer = try REMITokenizer()
    let beginning = ["BOS_None", "Bar_None", "TimeSig_3/4", "Position_0", "Tempo_120.0"]
    #expect(!allowed(try after(beginning, tokenizer), tokenizer).contains("EOS_None"))
    let note = beginning + ["Program_0", "Pitch_60", "Velocity_91"]
    #expect(allowed(try after(note + ["Duration_3.0.12"], tokenizer), tokenizer).contains("EOS_None"))
    let long = try after(note + ["Duration_3.1.12"], tokenizer)
    #expect(!allowed(long, tokenizer).contains("EOS_None") && allowed(long, tokenizer).contains("Bar_None"))
    let limited = try after(note, tokenizer, bars: .exactly(1))
    #expect(allowed(limited, tokenizer).contains("Duration_3.0.12"))
    #expect(!allowed(limited, tokenizer).contains("Duration_3.1.12"))
  }

  private func after(
    _ tokens: [String], _ tokenizer: REMITokenizer, bars: BarLimit = .unlimited
  ) throws -> any TokenGrammar {
    var grammar = tokenizer.makeGrammar(bars: bars)
    for id in try tokenizer.vocabulary.ids(of: tokens) { grammar.advance(id) }
    return grammar
  }

  private func allowed(_ grammar: any TokenGrammar, _ tokenizer: REMITokenizer) -> Set<String> {
    var mask = [Bool](repeating: false, count: tokenizer.vocabulary.count)
    grammar.allowed(into: &mask)
    return Set(mask.indices.filter { mask[$0] }.map { tokenizer.vocabulary.tokens[$0] })
  }
}
