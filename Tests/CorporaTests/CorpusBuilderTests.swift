import Corpora
import Foundation
import Groundwork
import Music
import Synchronization
import TestSupport
import Testing
import Tokenization

@Suite struct CorpusBuilderTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A tune of 32 bars that no other number has.
  private func tune(_ number: Int) -> String {
    let scale = Array("CDEFGABcde").map(String.init)
    let bars = (0..<32).map { bar in
      (0..<8).map { scale[($0 * (number % 4 + 1) + bar * (number % 3 + 2) + number / 3) % scale.count] }
        .joined()
    }
    return "X:1\nT:Tune \(number)\nM:4/4\nL:1/8\nK:C\n" + bars.joined(separator: "|") + "|]\n"
  }

  private func write(_ numbers: Range<Int>) throws {
    for number in numbers { try replaceFile(at: folder.file("\(number).abc"), with: tune(number)) }
  }

  private func build(_ builder: CorpusBuilder = CorpusBuilder()) throws -> Corpus {
    try builder.build(from: [folder.path], to: folder.file("made"))
  }

  @Test("The result does not depend on threads") func theResultDoesNotDependOnThreads() throws {
    try write(0..<20)
    let one = try build()
    let four = try build(CorpusBuilder(threadCount: 4))
    #expect(one.fingerprint == four.fingerprint)
    #expect(one.pieces.map(\.hash) == four.pieces.map(\.hash))
  }

  @Test("A report's fields are called as in the files that there are")
  func aReportsFieldsAreCalledAsInTheFilesThatThereAre()
    throws
  {
    try write(0..<3)
    let report = String(decoding: try JSONFormat.encode(try build().report()), as: UTF8.self)
    for name in ["normalisation", "metreApproximations", "movedMetreChanges", "pieceNames"] {
      #expect(report.contains("\"\(name)\""), "\(name) is missing: \(report)")
    }
  }

  @Test("A sole program is not named in the tokens") func aSoleProgramIsNotNamedInTheTokens() throws {
    try write(0..<10)
    var builder = CorpusBuilder(tokenizer: REMIConfiguration())
    let corpus = try build(builder)
    builder.dropsSoleProgram = false
    let named = try builder.build(from: [folder.path], to: folder.file("named"))
    #expect(corpus.vocabulary.id(of: "Program_0") == nil && named.vocabulary.id(of: "Program_0") != nil)
    #expect(named.tokenCount == corpus.tokenCount + 10 * 32 * 8)
    #expect(corpus.pieces.map(\.hash) == named.pieces.map(\.hash))
    for piece in corpus.pieces.indices {
      let ids = corpus.ids(ofPiece: piece)
      let score = try corpus.tokenizer.decode(ids)
      #expect(try score == named.tokenizer.decode(named.ids(ofPiece: piece)))
      #expect(try corpus.tokenizer.encode(score).ids == ids)
    }
  }

  @Test("Where no piece names a program, parts are decoded without one, from the same tokens")
  func programsThatNobodyNamed() throws {
    try write(0..<10)
    let open = try build()
    let score = try open.tokenizer.decode(open.ids(ofPiece: 0))
    #expect(score.tracks.allSatisfy { $0.program == nil })
    #expect(try open.tokenizer.encode(score).ids == open.ids(ofPiece: 0))
    let again = try Corpus(path: folder.file("made"))
    #expect(try again.tokenizer.decode(again.ids(ofPiece: 0)) == score)
    for number in 0..<10 {
      let text = tune(number).replacing("L:1/8\n", with: "L:1/8\n%%MIDI program 0\n")
      try replaceFile(at: folder.file("\(number).abc"), with: text)
    }
    let named = try build()
    let other = try named.tokenizer.decode(named.ids(ofPiece: 0))
    #expect(other.tracks.allSatisfy { $0.program == 0 })
    #expect(named.ids(ofPiece: 0) == open.ids(ofPiece: 0))
  }

  @Test("Tracks get their programs by name and tokens tell them apart")
  func tracksGetTheirProgramsByNameAndTokensTellThemApart() throws {
    for number in 0..<10 {
      let text = tune(number).replacing("|", with: "|\"C\"")
      try replaceFile(at: folder.file("\(number).abc"), with: text)
    }
    let corpus = try build(CorpusBuilder(programs: ["CHORDS": 24]))
    let score = try corpus.tokenizer.decode(corpus.ids(ofPiece: 0))
    #expect(Set(score.tracks.map(\.program)) == [0, 24])
  }

  @Test("Pieces keep their split when others join") func piecesKeepTheirSplitWhenOthersJoin() throws {
    try write(0..<20)
    let before = try build(CorpusBuilder(tokenizer: REMIConfiguration()))
    let splits = Dictionary(uniqueKeysWithValues: before.pieces.map { ($0.hash, $0.split) })
    try write(20..<30)
    let after = try build(CorpusBuilder(tokenizer: REMIConfiguration()))
    #expect(after.pieces.count == 30 && Set(splits.values).contains(.valid))
    for piece in after.pieces { #expect(splits[piece.hash] == nil || splits[piece.hash] == piece.split) }
  }

  @Test("Damaged files are named and copies found") func damagedFilesAreNamedAndCopiesFound() throws {
    try write(0..<10)
    try replaceFile(at: folder.file("bad.mid"), with: "no music")
    try replaceFile(at: folder.file("copy.abc"), with: tune(3))
    let corpus = try build()
    let report = try corpus.report()
    #expect(corpus.pieces.count == 10 && report.files == 12)
    #expect(report.skipped.map(\.file) == [folder.file("bad.mid")])
    #expect(report.duplicates.count == 1 && report.duplicates[0].piece == folder.file("copy.abc"))
    #expect(try build(CorpusBuilder(deduplication: .none)).pieces.count == 11)
  }

  @Test("Damaged files that can be read are counted, named, and left out if so asked")
  func damagedFilesThatCanBeReadAreCounted() throws {
    try write(0..<10)
    // A note, and then the file ends within an event of a track that is said to be longer.
    let whole: [UInt8] = [0, 0x90, 60, 80, 96, 0x80, 60, 0]
    try replaceFile(
      at: folder.file("cut.mid"),
      with: Array("MThd".utf8) + [0, 0, 0, 6, 0, 0, 0, 1, 0, 96] + Array("MTrk".utf8) + [0, 0, 0, 100] + whole
        + [0, 0x90])
    let corpus = try build()
    #expect(corpus.pieces.count == 11)
    let damaged = try #require(try corpus.info().damaged.first)
    #expect(damaged.file == folder.file("cut.mid") && damaged.faults >= 1 && !damaged.first.isEmpty)
    var builder = CorpusBuilder()
    builder.leavesOutDamaged = true
    let strict = try build(builder)
    #expect(strict.pieces.count == 10)
    #expect(try strict.report().skipped.map(\.file) == [folder.file("cut.mid")])
    #expect(try strict.info().damaged.isEmpty)
  }

  @Test("A file that is too large is skipped and named") func aFileThatIsTooLargeIsSkippedAndNamed() throws {
    try write(0..<10)
    let path = folder.file("huge.mid")
    for beginning in ["MThd", "zeros"] {
      try replaceFile(at: path, with: beginning)
      #expect(truncate(path, 1 << 40) == 0)
      let report = try build().report()
      #expect(report.skipped.map(\.file) == [path])
      #expect(report.skipped[0].reason.contains(beginning == "MThd" ? "64,000,000" : "neither a MIDI file"))
      #expect(
        try CorpusBuilder.sourceFingerprint(of: [folder.path + "/0.abc", path])
          != CorpusBuilder.sourceFingerprint(of: [folder.path + "/1.abc", path]))
      try FileManager.default.removeItem(atPath: folder.file("made"))
    }
    var builder = CorpusBuilder()
    builder.sizeLimit = 10
    #expect(throws: CorpusError.self) { try build(builder) }
  }

  @Test("A request is kept and checked when it is read") func aRequestIsKeptAndChecked() throws {
    let path = folder.file("request.json")
    #expect(try CorpusRequest(path: path) == nil)
    let request = CorpusRequest(valid: 0.2, programs: ["A": 5], metre: "3/4", strict: true, sizeLimit: 1000)
    try request.write(to: path)
    #expect(try CorpusRequest(path: path) == request)
    for text in [
      "{", #"{"valid":2}"#, #"{"programs":{"A":128}}"#, #"{"metre":"x"}"#, #"{"deduplicate":"maybe"}"#,
      #"{"a":1}"#,
    ] {
      try replaceFile(at: path, with: text)
      do {
        _ = try CorpusRequest(path: path)
        Issue.record("\(text) was read")
      } catch let error as CorpusError {
        #expect(error.kind == .badInput && error.file == path, "\(error.message)")
      }
    }
  }

  @Test("A single piece gives its last tenth to validation") func aSinglePieceGivesItsLastTenthToValidation()
    throws
  {
    let bars = (0..<200).map { "C\(["D", "E", "F", "G", "A"][$0 % 5])EF GABc" }
    try replaceFile(
      at: folder.file("long.abc"),
      with: "X:1\nT:Long\nM:4/4\nL:1/8\nK:C\n" + bars.joined(separator: "|") + "|]\n")
    let corpus = try build()
    #expect(corpus.pieces.map(\.split) == [.train, .valid])
    #expect(corpus.pieces.map(\.barCount) == [180, 20])
    for piece in 0..<2 {
      let ids = corpus.ids(ofPiece: piece)
      #expect(try corpus.tokenizer.encode(corpus.tokenizer.decode(ids)).ids == ids)
    }
  }

  @Test("Where the last tenth is silent more goes to validation")
  func whereTheLastTenthIsSilentMoreGoesToValidation() throws {
    let bars = (0..<150).map { "C\(["D", "E", "F", "G", "A"][$0 % 5])EF GABc" }
    let rests = Array(repeating: "z8", count: 49)
    try replaceFile(
      at: folder.file("long.abc"),
      with: "X:1\nT:Long\nM:4/4\nL:1/8\nK:C\n" + (bars + rests + ["c8"]).joined(separator: "|") + "|]\n")
    #expect(try build().pieces.map(\.barCount) == [150, 20])
    // A last note that is held through the last tenth begins before it.
    try replaceFile(
      at: folder.file("long.abc"),
      with: "X:1\nT:Long\nM:4/4\nL:1/8\nQ:1/4=60\nK:C\n" + bars.joined(separator: "|")
        + "|C16|]\n")
    #expect(try build().pieces.map(\.split) == [.train, .valid])
  }

  @Test("Nothing is written where building fails") func nothingIsWrittenWhereBuildingFails() throws {
    try write(0..<1)
    #expect(throws: CorpusError.self) { try build() }
    #expect(!Corpus.exists(at: folder.file("made")))
    try write(1..<20)
    let cancellation = Cancellation()
    cancellation.request()
    #expect(throws: CorpusError.cancelled) {
      try CorpusBuilder().build(from: [folder.path], to: folder.file("made"), cancellation: cancellation)
    }
    #expect(!Corpus.exists(at: folder.file("made")))
    // A corpus that is there stays when the next build fails.
    let fingerprint = try build().fingerprint
    #expect(throws: CorpusError.self) {
      try CorpusBuilder().build(from: [folder.file("0.abc")], to: folder.file("made"))
    }
    #expect(try Corpus(path: folder.file("made")).fingerprint == fingerprint)
  }

  @Test("Progress counts every file") func progressCountsEveryFile() throws {
    try write(0..<12)
    let counts = Mutex<[Double]>([])
    try CorpusBuilder(threadCount: 2).build(from: [folder.path], to: folder.file("made")) { report in
      counts.withLock { $0.append(report.completed) }
      #expect(report.total == 12 && report.unit == "files")
    }
    #expect(counts.withLock { $0.count == 12 && $0.contains(12) })
  }

  @Test("A small collection is refused with what is needed") func aSmallCollectionIsRefusedWithWhatIsNeeded()
    throws
  {
    try write(0..<1)
    let error = #expect(throws: CorpusError.self) { try build() }
    #expect(error?.message.contains("at least 300 notes") == true)
  }

  @Test("What is no music is refused") func whatIsNoMusicIsRefused() throws {
    try replaceFile(at: folder.file("a.txt"), with: "text")
    #expect(throws: CorpusError.noMusicFiles(paths: [folder.path])) { try build() }
    #expect(throws: FileError.notFound(path: "/nowhere")) {
      try CorpusBuilder().build(from: ["/nowhere"], to: folder.file("made"))
    }
    try replaceFile(at: folder.file("b.mid"), with: "")
    #expect(throws: CorpusError.self) { try build() }
  }

  @Test("A damaged corpus is recognized wherever it is damaged")
  func aDamagedCorpusIsRecognizedWhereverItIsDamaged() throws {
    try write(0..<8)
    let corpus = try build()
    let bytes = try readFile(corpus.path)
    var state: UInt64 = 1
    for _ in 0..<300 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      var damaged = bytes
      let place = Int(state >> 33) % bytes.count
      if state & 1 == 0 {
        damaged[place] ^= UInt8(1 << (state >> 20 & 7))
      } else {
        damaged.removeSubrange(place...)
      }
      try replaceFile(at: corpus.path, with: damaged)
      #expect(throws: (any Error).self, "a change at byte \(place) was not noticed") {
        _ = try Corpus(path: corpus.path).report()
      }
    }
  }

  @Test("The sources are distinguished") func theSourcesAreDistinguished() throws {
    try write(0..<8)
    let corpus = try build()
    let counts = Mutex<[Double]>([])
    let fingerprint = try CorpusBuilder.sourceFingerprint(of: [folder.path]) { report in
      counts.withLock { $0.append(report.completed) }
    }
    #expect(try corpus.report().sourceFingerprint == fingerprint)
    #expect(counts.withLock { $0 } == (1...8).map(Double.init))
    let cancellation = Cancellation()
    cancellation.request()
    #expect(throws: CorpusError.cancelled) {
      try CorpusBuilder.sourceFingerprint(of: [folder.path], cancellation: cancellation)
    }
    try replaceFile(at: folder.file("3.abc"), with: tune(3) + "\n")
    #expect(try corpus.report().sourceFingerprint != CorpusBuilder.sourceFingerprint(of: [folder.path]))
  }

  @Test("Arrays hold the splits") func arraysHoldTheSplits() throws {
    try write(0..<20)
    let corpus = try build()
    try corpus.exportNumPy(to: folder.file("arrays"))
    let train = try readFile(folder.file("arrays/train.npy"))
    let count = corpus.pieces.filter { $0.split == .train }.reduce(0) { $0 + $1.tokenCount }
    #expect(train.count == 128 + 4 * count)
    #expect(train[128] == UInt8(corpus.vocabulary.roles.beginning))
  }

  @Test("The statistics of a corpus are shown") func theStatisticsOfACorpusAreShown() throws {
    try write(0..<20)
    let corpus = try build()
    let info = try corpus.info()
    #expect(info.pieces == 20 && info.tokens == corpus.tokenCount && info.notes == 20 * 32 * 8)
    #expect(info.splits.values.reduce(0) { $0 + $1.pieces } == 20)
    #expect(info.use.first { $0.kind == "Bar" }?.occurrences == 20 * 32)
  }
}
