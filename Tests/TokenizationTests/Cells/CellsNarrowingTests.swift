import Groundwork
import Music
import Notation
import TestSupport
import Testing
import Tokenization

@Suite struct CellsNarrowingTests {
  @Test("What all pieces have in common costs no token") func whatAllPiecesHaveInCommonCostsNoToken() throws {
    let wide = try CellsTokenizer()
    let ids = try wide.encode(CellsTokenizerTests.tune).ids
    let narrowing = try #require(try wide.narrowing(to: [ids, ids]))
    let narrow = try #require(narrowing.tokenizer as? CellsTokenizer)
    #expect(narrow.configuration.parts?.map(\.role) == [.chords, .melody])
    #expect(narrow.configuration.parts?.map(\.program) == [0, 73])
    #expect(narrow.configuration.tempo == 500_000 && narrow.configuration.velocity == 95)
    #expect(narrow.configuration.timeSignature == .common)
    let mapped = ids.map { narrowing.idMap[Int($0)] }.filter { $0 >= 0 }
    #expect(try narrow.encode(CellsTokenizerTests.tune).ids == mapped)
    #expect(try narrow.decode(mapped) == wide.decode(ids))
    #expect(mapped.count == ids.count - 8)
    #expect(try narrow.narrowing(to: [mapped]) == nil)
  }

  @Test("A narrow vocabulary is saved and read") func aNarrowVocabularyIsSavedAndRead() throws {
    for configuration in CellsConfigurations.all {
      let vocabulary = try CellsTokenizer(configuration: configuration).vocabulary
      let read = try Vocabulary(json: vocabulary.json())
      #expect(read == vocabulary && read.configuration as? CellsConfiguration == configuration)
    }
  }

  @Test("Invalid settings are refused by name") func invalidSettingsAreRefusedByName() throws {
    func check(_ field: String, _ change: (inout CellsConfiguration) -> Void) {
      var configuration = CellsConfiguration()
      change(&configuration)
      let error = #expect(throws: TokenizationError.self) { try configuration.validate() }
      guard case .invalidConfiguration(field, _, _)? = error else {
        Issue.record("\(field): \(String(describing: error))")
        return
      }
    }
    check("stepsPerQuarter") { $0.stepsPerQuarter = 5 }
    check("pitchRange") { $0.pitchRange = 60...71 }
    check("longestLag") { $0.longestLag = 65 }
    check("longestLength") { $0.longestLength = 0 }
    check("velocity") { $0.velocity = 0 }
    check("tempo") { $0.tempo = 0 }
    check("metre") { $0.timeSignature = TimeSignature(7, 2) }
    check("parts") { $0.parts = [] }
    check("parts") { $0.parts = [.init(role: .drums, program: 0), .init(role: .melody, program: 0)] }
    check("parts") { $0.parts = Array(repeating: .init(role: .bass, program: 0), count: 5) }
  }

  @Test("Another ensemble plays in the places of a fixed one")
  func anotherEnsemblePlaysInThePlacesOfAFixedOne() throws {
    let tokenizer = try CellsTokenizer(configuration: CellsConfigurations.band)
    let (score, report) = try tokenizer.normalized(CellsTokenizerTests.tune)
    #expect(score.tracks.map(\.role) == [.chords, .bass, .melody, .drums])
    #expect(score.tracks.map(\.notes.count) == [12, 0, 13, 0] && report.keptShare == 1)
    let drums = Track(isDrum: true, notes: [Note(onset: 0, duration: 10, pitch: 36, velocity: 90)])
    var withDrums = CellsTokenizerTests.tune
    withDrums.tracks.append(drums)
    let melody = try CellsTokenizer(
      configuration: {
        var configuration = CellsConfiguration()
        configuration.parts = [.init(role: .melody, program: 0)]
        return configuration
      }())
    let (sole, soleReport) = try melody.normalized(withDrums)
    #expect(sole.tracks.count == 1 && soleReport.unsupportedNotes == 1)
    #expect(sole.noteCount + soleReport.doublings == 25)
  }

  @Test(
    "Collections narrow and their pieces stay the same",
    .enabled(if: SharedData.isPresent, "\(SharedData.absence)"),
    arguments: ["groove", "pop909", "nottingham/midi"])
  func collectionsNarrowAndTheirPiecesStayTheSame(_ folder: String) throws {
    let wide = try CellsTokenizer()
    let scores = try CellsRoundTripTests.paths(folder, count: 10).map { try Score.read(midiPath: $0).score }
    let pieces = try scores.map { try wide.encode($0).ids }
    guard let narrowing = try wide.narrowing(to: pieces) else { return }
    for (score, ids) in zip(scores, pieces) {
      let mapped = ids.map { narrowing.idMap[Int($0)] }.filter { $0 >= 0 }
      #expect(try narrowing.tokenizer.encode(score).ids == mapped)
    }
  }
}
