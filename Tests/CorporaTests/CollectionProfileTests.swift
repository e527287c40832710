import Corpora
import Groundwork
import Music
import TestSupport
import Testing

@Suite("The profile of a collection") struct CollectionProfileTests {
  private func line(from pitch: Int, program: Int? = nil, isDrum: Bool = false) -> Track {
    Track(
      program: program, isDrum: isDrum,
      notes: (0..<16).map { Note(onset: $0 * 240, duration: 240, pitch: pitch + $0 % 5, velocity: 80) })
  }

  private func chords(from pitch: Int) -> Track {
    Track(
      notes: (0..<4).flatMap { bar in
        [0, 4, 7].map { Note(onset: bar * 960, duration: 960, pitch: pitch + $0, velocity: 80) }
      })
  }

  private func kind(_ tracks: Track...) -> CollectionProfile.Kind? {
    CollectionProfile(of: [Score(ticksPerQuarter: 480, tracks: tracks)])?.kind
  }

  @Test("The parts of a piece tell its kind") func kinds() {
    #expect(kind(line(from: 36, isDrum: true)) == .drums)
    #expect(kind(line(from: 72)) == .tunes)
    #expect(kind(line(from: 72), chords(from: 48)) == .tunes)
    #expect(kind(line(from: 72), line(from: 67), line(from: 60), line(from: 48)) == .chorales)
    #expect(kind(line(from: 72), chords(from: 60), chords(from: 48)) == .piano)
    #expect(kind(chords(from: 60)) == .piano)
    #expect(kind(line(from: 72, program: 73), line(from: 40, program: 32), chords(from: 60)) == .band)
    #expect(kind(line(from: 72), line(from: 36, isDrum: true)) == .band)
    #expect(kind(Track()) == nil)
  }

  @Test("A collection is of the kind that most of its pieces are, and its size is that of all files")
  func collections() throws {
    let folder = try TemporaryFolder()
    let tune = "X:1\nT:A\nM:4/4\nL:1/8\nK:C\nCDEF GABc|\n"
    for number in 0..<30 { try replaceFile(at: folder.file("\(number).abc"), with: tune) }
    let profile = try #require(try CollectionProfile(of: [folder.path], fileLimit: 10))
    #expect(profile == CollectionProfile(kind: .tunes, share: 1, pieces: 30, notes: 240))
    #expect(throws: FileError.self) { try CollectionProfile(of: [folder.file("missing")]) }
  }

  @Test("A book of many tunes that was not read counts by its bytes") func booksCountByTheirBytes() throws {
    let folder = try TemporaryFolder()
    func tune(_ number: Int) -> String { "X:\(number)\nT:A\nM:4/4\nL:1/8\nK:C\nCDEF GABc|\n\n" }
    // Of the files in the order of their names only the first is read.
    try replaceFile(at: folder.file("a.abc"), with: tune(1))
    try replaceFile(at: folder.file("b.abc"), with: (1...9).map(tune).joined())
    let profile = try #require(try CollectionProfile(of: [folder.path], fileLimit: 1))
    #expect(profile.pieces == 10)
    #expect(profile.notes == 80)
  }

  @Test(
    "Real collections are what their names say",
    .enabled(if: SharedData.isPresent, "\(SharedData.absence)"),
    arguments: [
      ("nottingham/midi", CollectionProfile.Kind.tunes), ("pop909", .piano), ("js-fakes/midi", .chorales),
      ("groove", .drums), ("multitrack", .band),
    ])
  func realCollections(name: String, kind: CollectionProfile.Kind) throws {
    let folder = SharedData.path(name)
    let profile = try #require(try CollectionProfile(of: [folder], fileLimit: 16))
    #expect(profile.kind == kind)
    #expect(profile.share > 0.6)
  }
}
