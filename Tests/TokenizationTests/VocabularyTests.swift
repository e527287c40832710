import Testing

@testable import Tokenization

@Suite struct VocabularyTests {
  @Test func tokensHaveMidiToksNamesAndOrder() throws {
    let vocabulary = try REMITokenizer().vocabulary
    #expect(vocabulary.tokens.prefix(5) == ["PAD_None", "BOS_None", "EOS_None", "Bar_None", "Pitch_0"])
    var kinds: [String] = []
    for token in vocabulary.tokens.dropFirst(3) {
      let kind = String(token.prefix { $0 != "_" })
      if kinds.last != kind { kinds.append(kind) }
    }
    #expect(
      kinds == [
        "Bar", "Pitch", "Velocity", "Duration", "Position", "PitchDrum", "Tempo", "Program", "TimeSig",
      ])
    let velocities = vocabulary.tokens.filter { $0.hasPrefix("Velocity_") }
    #expect(velocities.count == 32)
    #expect(
      velocities.prefix(3) == ["Velocity_3", "Velocity_7", "Velocity_11"] && velocities.last == "Velocity_127"
    )
    for token in [
      "TimeSig_3/4", "TimeSig_12/8", "Position_0", "Position_95", "Duration_0.1.12", "Duration_1.0.12",
      "Duration_8.0.12", "Program_-1", "Program_127", "Tempo_120.0", "PitchDrum_36",
    ] {
      let id = try #require(vocabulary.id(of: token))
      #expect(vocabulary.token(of: id) == token)
    }
  }

  @Test(arguments: REMIGrammarTests.configurations.indices)
  func aVocabularyIsSavedWithItsConfiguration(_ index: Int) throws {
    let vocabulary = try REMITokenizer(configuration: REMIGrammarTests.configurations[index]).vocabulary
    let read = try Vocabulary(json: vocabulary.json())
    #expect(read == vocabulary)
    #expect(try read.makeTokenizer().vocabulary == vocabulary)
  }

  @Test func aVocabularyThatWasTamperedWithIsRefused() throws {
    let json = String(decoding: try REMITokenizer().vocabulary.json(), as: UTF8.self)
    func read(_ old: String, _ new: String) throws {
      let text = json.replacing(old, with: new)
      #expect(text != json)
      _ = try Vocabulary(json: Array(text.utf8))
    }
    #expect(throws: TokenizationError.vocabularyMismatch(index: 3, found: "Barre", expected: "Bar_None")) {
      try read("\"Bar_None\"", "\"Barre\"")
    }
    #expect(throws: TokenizationError.unknownTokenizer("tsd")) { try read("\"remi\"", "\"tsd\"") }
    #expect(throws: TokenizationError.self) {
      try read("\"stepsPerQuarter\" : 12", "\"stepsPerQuarter\" : 13")
    }
    #expect(throws: TokenizationError.self) {
      try read("\"stepsPerQuarter\" : 12", "\"stepsPerQuarter\" : \"a\"")
    }
    #expect(throws: TokenizationError.invalidVocabulary(reason: "it is not JSON")) {
      try Vocabulary(json: Array("no".utf8))
    }
    #expect(throws: TokenizationError.self) { try Vocabulary(json: []) }
  }

  @Test func transposingMovesPitchesAndLeavesDrums() throws {
    var configuration = REMIConfiguration()
    configuration.pitchRange = 21...108
    let tokenizer = try REMITokenizer(configuration: configuration)
    let vocabulary = tokenizer.vocabulary
    let table = tokenizer.transpositionTable(semitones: 5)
    func moved(_ token: String) throws -> String? {
      let id = try #require(vocabulary.id(of: token))
      return vocabulary.token(of: table[Int(id)])
    }
    #expect(try moved("Pitch_60") == "Pitch_65" && moved("Pitch_103") == "Pitch_108")
    #expect(try moved("Pitch_104") == nil)
    for (token, id) in zip(vocabulary.tokens, table) where !token.hasPrefix("Pitch_") {
      #expect(vocabulary.token(of: id) == token)
    }
  }

  @Test func idsThatMakeNoSenseAreRefusedWithTheirPlace() throws {
    let tokenizer = try REMITokenizer()
    func decode(_ tokens: [String]) throws { _ = try tokenizer.decode(tokenizer.vocabulary.ids(of: tokens)) }
    let bar = ["BOS_None", "Bar_None", "TimeSig_3/4", "Position_0", "Tempo_120.0"]
    let note = ["Program_0", "Pitch_60", "Velocity_91", "Duration_1.0.12"]
    #expect(throws: Never.self) { try decode(bar + note + ["EOS_None"]) }
    #expect(throws: Never.self) { try decode(Array((bar + note).dropFirst())) }
    #expect(throws: TokenizationError.truncated(expected: "a Velocity")) { try decode(bar + note.prefix(2)) }
    #expect(throws: TokenizationError.noNotes) { try decode(bar) }
    for wrong in [["Pitch_60"], ["Position_0"], ["Program_-1", "Pitch_60"], ["TimeSig_3/4"], ["BOS_None"]] {
      #expect(throws: TokenizationError.self) { try decode(bar + wrong + note + ["EOS_None"]) }
    }
    #expect(throws: TokenizationError.self) { try decode(bar + note + ["Position_36"] + note) }
    #expect(
      throws: TokenizationError.unknownID(id: 9_999, index: 0, vocabularySize: tokenizer.vocabulary.count)
    ) {
      try tokenizer.decode([9_999])
    }
    #expect(throws: TokenizationError.self) { try tokenizer.decode([-1]) }
    #expect(throws: (any Error).self) { try tokenizer.decode([]) }
  }

  @Test func garbageIsDecodedOrRefusedButNeverCrashes() throws {
    var random = REMIGrammarTests.Walk(state: 3)
    for configuration in REMIGrammarTests.configurations {
      let tokenizer = try REMITokenizer(configuration: configuration)
      let count = Int32(tokenizer.vocabulary.count)
      for _ in 0..<500 {
        let ids = (0..<20).map { _ in Int32.random(in: -1...count, using: &random) }
        _ = try? tokenizer.decode(ids)
        _ = try? tokenizer.decode([1, 3, count - 1] + ids)
      }
    }
  }
}
