import Music
import Testing
import Tokenization

@Suite struct VocabularyTests {
  /// The kinds in their order, with how many there are, their first and their last token.
  private func kinds(_ vocabulary: Vocabulary) -> [String] {
    var groups: [[String]] = []
    for token in vocabulary.tokens {
      let kind = token.prefix { $0 != "_" }
      if groups.last?.last?.prefix(while: { $0 != "_" }) == kind {
        groups[groups.count - 1].append(token)
      } else {
        groups.append([token])
      }
    }
    return groups.map { "\($0.count) \($0[0]) \($0[$0.count - 1])" }
  }

  /// As MidiTok 3.1's `REMI` with `beat_res={(0, 8): 12}`, 32 velocities, programs, drum pitches, tempos and time signatures.
  /// Its tempos are others (32 from 40 to 250 in even steps), and it has a position for each step of its longest bar.
  @Test("Names and order are miditoks") func namesAndOrderAreMidiToks() throws {
    #expect(
      kinds(try REMITokenizer().vocabulary) == [
        "1 PAD_None PAD_None", "1 BOS_None BOS_None", "1 EOS_None EOS_None", "1 Bar_None Bar_None",
        "128 Pitch_0 Pitch_127", "32 Velocity_3 Velocity_127", "96 Duration_0.1.12 Duration_8.0.12",
        "96 Position_0 Position_95", "128 PitchDrum_0 PitchDrum_127", "63 Tempo_20.31 Tempo_298.05",
        "129 Program_0 Program_-1", "44 TimeSig_1/2 TimeSig_16/16",
      ])
  }

  @Test("Tokens within a kind are miditoks") func tokensWithinAKindAreMidiToks() throws {
    let vocabulary = try REMITokenizer().vocabulary
    let velocities = vocabulary.tokens.filter { $0.hasPrefix("Velocity_") }
    #expect(velocities == (1...32).map { "Velocity_\(127 * $0 / 32)" })
    for token in ["Duration_1.0.12", "Duration_0.11.12", "Tempo_120.0", "TimeSig_3/4", "TimeSig_12/8"] {
      #expect(vocabulary.id(of: token) != nil, "\(token)")
    }
    let signatures = vocabulary.tokens.filter { $0.hasPrefix("TimeSig_") }
    #expect(
      signatures.prefix(5) == ["TimeSig_1/2", "TimeSig_2/2", "TimeSig_3/2", "TimeSig_4/2", "TimeSig_1/4"])
  }

  @Test("Instruments decide which kinds there are") func instrumentsDecideWhichKindsThereAre() throws {
    let single = try REMITokenizer(configuration: REMIConfiguration(instruments: .single(program: 0)))
    let drums = try REMITokenizer(configuration: REMIConfiguration(instruments: .drums))
    #expect(!single.vocabulary.tokens.contains { $0.hasPrefix("Program_") || $0.hasPrefix("PitchDrum_") })
    #expect(!drums.vocabulary.tokens.contains { $0.hasPrefix("Program_") || $0.hasPrefix("Pitch_") })
  }

  @Test("Ids and tokens are one another") func idsAndTokensAreOneAnother() throws {
    let vocabulary = try REMITokenizer().vocabulary
    for (id, token) in vocabulary.tokens.enumerated() {
      #expect(vocabulary.id(of: token) == Int32(id) && vocabulary.token(of: Int32(id)) == token)
    }
    #expect(vocabulary.token(of: -1) == nil && vocabulary.token(of: Int32(vocabulary.count)) == nil)
    #expect(throws: TokenizationError.unknownToken("Bar_4")) {
      try vocabulary.ids(of: ["Bar_None", "Bar_4"])
    }
  }

  @Test("Any vocabulary is the same afterwards") func anyVocabularyIsTheSameAfterwards() throws {
    for configuration in TestConfigurations.all {
      let vocabulary = try REMITokenizer(configuration: configuration).vocabulary
      #expect(try Vocabulary(json: vocabulary.json()) == vocabulary)
    }
  }

  @Test("An edited vocabulary is refused") func anEditedVocabularyIsRefused() throws {
    let text = String(decoding: try REMITokenizer().vocabulary.json(), as: UTF8.self)
    func reading(_ old: String, _ new: String) throws {
      let edited = text.split(separator: old, omittingEmptySubsequences: false).joined(separator: new)
      try #require(edited != text, "'\(old)' is not in the file")
      _ = try Vocabulary(json: Array(edited.utf8))
    }
    #expect(throws: TokenizationError.vocabularyMismatch(index: 4, found: "Pitch_C", expected: "Pitch_0")) {
      try reading("\"Pitch_0\"", "\"Pitch_C\"")
    }
    #expect(throws: TokenizationError.self) { try reading("\"PAD_None\",", "") }
    #expect(throws: TokenizationError.self) { try reading("\"BOS_None\",", "\"BOS_None\", \"BOS_None\",") }
    #expect(throws: TokenizationError.unknownTokenizer("octuple", known: ["cells", "remi"])) {
      try reading("\"remi\"", "\"octuple\"")
    }
    #expect(throws: TokenizationError.self) { try reading("\"programs\"", "\"voices\"") }
    #expect(throws: TokenizationError.self) { try reading("\"stepsPerQuarter\"", "\"steps\"") }
  }

  @Test(
    "What is no vocabulary is refused",
    arguments: ["", "[]", "{", "{}", "null", "{\"tokenizer\": 1}", "\u{0}\u{1}"])
  func whatIsNoVocabularyIsRefused(_ text: String) {
    let error = #expect(throws: TokenizationError.self) { _ = try Vocabulary(json: Array(text.utf8)) }
    guard case .invalidVocabulary = error else {
      Issue.record("'\(text)' gives \(String(describing: error))")
      return
    }
  }

  @Test("Invalid configurations are refused") func invalidConfigurationsAreRefused() {
    let changes: [(String, (inout REMIConfiguration) -> Void)] = [
      ("stepsPerQuarter", { $0.stepsPerQuarter = 10 }), ("stepsPerQuarter", { $0.stepsPerQuarter = 0 }),
      ("maximumDuration", { $0.maximumDuration = 4_096 }), ("maximumBarLength", { $0.maximumBarLength = 47 }),
      ("velocityCount", { $0.velocityCount = 128 }), ("pitchRange", { $0.pitchRange = 0...128 }),
      ("slowestTempo", { $0.slowestTempo = 14 }), ("fastestTempo", { $0.fastestTempo = 119 }),
      ("unisonLimit", { $0.unisonLimit = 0 }), ("program", { $0.instruments = .single(program: 128) }),
      ("metre", { $0.timeSignature = TimeSignature(3, 1) }),
    ]
    for (field, change) in changes {
      var configuration = REMIConfiguration()
      change(&configuration)
      let error = #expect(throws: TokenizationError.self) {
        _ = try REMITokenizer(configuration: configuration)
      }
      guard case .invalidConfiguration(field, _, _) = error else {
        Issue.record("\(field) gives \(String(describing: error))")
        continue
      }
    }
  }
}
