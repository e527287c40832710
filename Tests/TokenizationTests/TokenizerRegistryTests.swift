import Groundwork
import Music
import Testing
import Tokenization

/// Ten tokens: the beginning, the end, a rest and seven pitches, each as long as a quarter.
struct Scale: SimpleTokens {
  static let tokenizerName = "scale"
  static let pitches = [60, 62, 64, 65, 67, 69, 71]
  var highest = 7

  var tokens: [SimpleToken] {
    [SimpleToken("Rest")] + Self.pitches.prefix(highest).map { SimpleToken("Pitch_\($0)", pitch: $0) }
  }

  func write(_ score: Score) -> [Int] {
    var list: [Int] = []
    for note in score.tracks.first?.notes ?? [] {
      let quarter = (note.onset + score.ticksPerQuarter / 2) / score.ticksPerQuarter
      guard quarter >= list.count, let place = Self.pitches.firstIndex(of: note.pitch), place < highest
      else { continue }
      list += Array(repeating: 0, count: quarter - list.count) + [place + 1]
    }
    return list
  }
}

@Suite struct TokenizerRegistryTests {
  @Test("Standard settings are found by name, for tokenizers that have them")
  func standardSettingsAreFoundByName()
    throws
  {
    let registry = TokenizerRegistry.standard.adding(Scale.self)
    let found = try registry.configuration(named: "remi", timeSignature: TimeSignature(3, 4))
    #expect(found as? REMIConfiguration == REMIConfiguration(timeSignature: TimeSignature(3, 4)))
    #expect(
      found.name == "remi" && TokenizerRegistry.defaultConfiguration.name == TokenizerRegistry.defaultName)
    for name in ["scale", "Remi", ""] {
      #expect(
        throws: TokenizationError.unknownTokenizer(
          name, known: name == "scale" ? ["cells", "remi"] : registry.names)
      ) {
        try registry.configuration(named: name)
      }
    }
  }

  @Test("A simple token says its notes and how far it moves on") func aSimpleTokenSaysItsNotes() throws {
    let roles = try Scale().makeTokenizer().vocabulary.roles
    let quarter = GridTime(steps: 480, stepsPerQuarter: 480)
    #expect(roles[2] == .position && roles.values(of: 2) == [.advance(quarter)])
    #expect(roles[3] == .pitch)
    #expect(roles.values(of: 3) == [.pitch(60), .velocity(80), .duration(quarter), .advance(quarter)])
    #expect(roles.ids { $0.pitch.map { $0 > 67 } ?? false } == [8, 9])
  }

  static let melody = Score(
    ticksPerQuarter: 240,
    tracks: [
      Track(
        program: 12,
        notes: [60, 62, 64, 67, 61].enumerated().map {
          Note(onset: 480 * $0, duration: 200, pitch: $1, velocity: 50)
        })
    ])

  @Test("A tokenizer of ten tokens writes and reads, bar lines or not")
  func aTokenizerOfTenTokensWritesAndReads() throws {
    let tokenizer = try Scale().makeTokenizer()
    let vocabulary = tokenizer.vocabulary
    #expect(vocabulary.count == 10 && !vocabulary.roles.hasBars && vocabulary.roles.padding == nil)
    let encoding = try tokenizer.encode(Self.melody)
    #expect(
      try encoding.ids
        == vocabulary.ids(
          of: [
            "BOS_None", "Pitch_60", "Rest", "Pitch_62", "Rest", "Pitch_64", "Rest", "Pitch_67", "EOS_None",
          ]))
    #expect(encoding.noteCount == 4 && encoding.barCount == 0 && encoding.report.unsupportedNotes == 1)
    #expect(encoding.seconds == 3.5)
    let (score, report) = try tokenizer.normalized(Self.melody)
    #expect(try tokenizer.decode(encoding.ids) == score && report == encoding.report)
    #expect(score.tracks[0].notes.map(\.onset) == [0, 960, 1920, 2880])
    #expect(try tokenizer.encode(score).ids == encoding.ids)
    let spans = try tokenizer.spans(of: encoding.ids)
    #expect(spans.notes.map(\.decoded.ids) == [1..<2, 3..<4, 5..<6, 7..<8] && spans.bars.isEmpty)
    #expect(tokenizer.transpositionTable(semitones: 0) == Array(0..<10))
    #expect(tokenizer.transpositionTable(semitones: 1).filter { $0 < 0 }.count == 7)
    #expect(throws: TokenizationError.noNotes) { try tokenizer.encode(Score(ticksPerQuarter: 480)) }
    #expect(throws: TokenizationError.unknownID(id: 10, index: 1, vocabularySize: 10)) {
      try tokenizer.decode([0, 10])
    }
    #expect(throws: TokenizationError.self) { try tokenizer.decode([0, 3, 0]) }
    #expect(throws: TokenizationError.self) { try tokenizer.decode([0, 3, 1, 3]) }
  }

  @Test("A vocabulary finds a tokenizer of another package by its name")
  func aVocabularyFindsATokenizerOfAnotherPackageByItsName() throws {
    let vocabulary = try Scale(highest: 3).makeTokenizer().vocabulary
    let json = vocabulary.json()
    let known = TokenizerRegistry.standard.adding(Scale.self)
    #expect(known.names == ["cells", "remi", "scale"])
    let again = try Vocabulary(json: json, tokenizers: known)
    #expect(again == vocabulary && again.hashValue == vocabulary.hashValue)
    #expect(again.configuration as? Scale == Scale(highest: 3) && again.configuration.name == "scale")
    #expect(try again.makeTokenizer().vocabulary == vocabulary)
    let error = #expect(throws: TokenizationError.unknownTokenizer("scale", known: ["cells", "remi"])) {
      try Vocabulary(json: json)
    }
    #expect(error?.message == "there is no tokenizer 'scale'; this version knows 'cells', 'remi'")
    #expect(
      try Vocabulary(json: REMITokenizer().vocabulary.json(), tokenizers: known).configuration.name == "remi")
    #expect(try REMITokenizer().vocabulary != vocabulary)
  }

  @Test("The settings of a tokenizer that another wraps are found by name too")
  func theSettingsOfATokenizerThatAnotherWrapsAreFoundByNameToo() throws {
    let wrapped = [
      WrappedTokenizer(REMIConfiguration(instruments: .drums)), WrappedTokenizer(Scale(highest: 2)),
    ]
    #expect(wrapped[0] != wrapped[1] && wrapped[1] == WrappedTokenizer(Scale(highest: 2)))
    let text = String(decoding: try JSONFormat.encodeLine(wrapped), as: UTF8.self)
    #expect(text.hasSuffix(#"{"configuration":{"highest":2},"tokenizer":"scale"}]"#), "\(text)")
    #expect(throws: TokenizationError.self) {
      try JSONFormat.decode([WrappedTokenizer].self, from: Array(text.utf8))
    }
  }
}
