import Music
import TestSupport
import Testing
import Tokenization

@Suite struct MetreTests {
  /// A note on each quarter note, in these metres.
  private func score(quarters: Int, metres: [(tick: Int, Int, Int)], ticksPerQuarter: Int = 480) -> Score {
    Score(
      ticksPerQuarter: ticksPerQuarter,
      tracks: [
        Track(
          program: 0,
          notes: (0..<quarters).map {
            Note(onset: $0 * ticksPerQuarter, duration: ticksPerQuarter, pitch: 60 + $0 % 12, velocity: 80)
          })
      ],
      timeSignatures: metres.map {
        TimeSignatureChange(tick: $0.tick, timeSignature: TimeSignature($0.1, $0.2))
      })
  }

  private func metres(_ score: Score) -> [String] {
    score.timeSignatures.map { "\($0.timeSignature)@\($0.tick)" }
  }

  @Test("Only quarter bars are read in four four") func onlyQuarterBarsAreReadInFourFour() throws {
    let tokenizer = try REMITokenizer()
    let (result, report) = try tokenizer.normalized(score(quarters: 10, metres: [(0, 1, 4)]))
    #expect(metres(result) == ["4/4@0"])
    #expect(report.assumedTimeSignature == .fourFourForOneFour)
    #expect(report.sentences.contains { $0.contains("1/4") })
    #expect(try tokenizer.encode(score(quarters: 10, metres: [(0, 1, 4)])).barCount == 3)
  }

  @Test("A quarter bar among others is believed") func aQuarterBarAmongOthersIsBelieved() throws {
    let mixed = score(quarters: 9, metres: [(0, 4, 4), (1_920, 1, 4), (2_400, 4, 4)])
    let (result, report) = try REMITokenizer().normalized(mixed)
    #expect(metres(result) == ["4/4@0", "1/4@1920", "4/4@2400"])
    #expect(report.assumedTimeSignature == nil)
  }

  @Test("The configured metre overrides the file") func theConfiguredMetreOverridesTheFile() throws {
    let tokenizer = try REMITokenizer(configuration: REMIConfiguration(timeSignature: TimeSignature(3, 4)))
    for stated in [[(0, 1, 4)], [(0, 4, 4)], []] {
      let (result, report) = try tokenizer.normalized(score(quarters: 12, metres: stated))
      #expect(metres(result) == ["3/4@0"])
      #expect(report.assumedTimeSignature == .configured)
    }
    let (_, report) = try tokenizer.normalized(score(quarters: 12, metres: [(0, 3, 4)]))
    #expect(report.assumedTimeSignature == nil)
  }

  @Test("No metre is four four") func noMetreIsFourFour() throws {
    let (result, report) = try REMITokenizer().normalized(score(quarters: 5, metres: []))
    #expect(metres(result) == ["4/4@0"])
    #expect(report.assumedTimeSignature == nil && report.sentences.isEmpty)
  }

  @Test(
    "A metre without a token is written in others",
    arguments: [
      ((9, 4), "5/4 4/4", true), ((12, 4), "6/4 6/4", true), ((8, 32), "4/16", true), ((18, 16), "9/8", true),
      ((5, 32), "3/16", false), ((6, 64), "2/16", false), ((17, 16), "9/16 8/16", true),
      ((2, 1), "4/2", true),
      ((3, 1), "3/2 3/2", true),
    ])
  func aMetreWithoutATokenIsWrittenInOthers(metre: (Int, Int), written: String, isExact: Bool) throws {
    let tokenizer = try REMITokenizer()
    let score = score(quarters: 40, metres: [(0, metre.0, metre.1)])
    let (result, report) = try tokenizer.normalized(score)
    #expect(report.timeSignatureApproximations.map(\.found) == ["\(metre.0)/\(metre.1)"])
    #expect(report.timeSignatureApproximations.map(\.written) == [written])
    #expect(report.timeSignatureApproximations.map(\.isExact) == [isExact])
    #expect(try tokenizer.decode(tokenizer.encode(score).ids) == result)
    #expect(report.keptNotes == 40)
  }

  @Test("A bar that is cut short has a shorter metre") func aBarThatIsCutShortHasAShorterMetre() throws {
    // 4/4 for six quarters, then 3/4: the second bar has two quarters.
    let (result, report) = try REMITokenizer().normalized(
      score(quarters: 12, metres: [(0, 4, 4), (2_880, 3, 4)]))
    #expect(metres(result) == ["4/4@0", "2/4@1920", "3/4@2880"])
    #expect(report.shortenedBars == 1 && report.movedTimeSignatureChanges == 0)
  }

  @Test("A bar of no metres length moves the line and no note")
  func aBarOfNoMetresLengthMovesTheLineAndNoNote() throws {
    // Eleven of twelve steps: no metre is so long.
    let score = score(quarters: 8, metres: [(0, 4, 4), (440, 3, 4)])
    let (result, report) = try REMITokenizer().normalized(score)
    #expect(metres(result) == ["1/4@0", "3/4@480"])
    #expect(report.shortenedBars == 1 && report.movedTimeSignatureChanges == 1)
    #expect(result.tracks[0].notes.map(\.onset) == score.tracks[0].notes.map(\.onset))
  }

  @Test(
    "Most of POP909 is read in four four and says so",
    .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
  func mostOfPop909IsReadInFourFourAndSaysSo() throws {
    let tokenizer = try REMITokenizer()
    var reported = 0
    let paths = RealCollection.pop909.paths()
    for path in paths {
      let score = try RealCollection.pop909.score(path)
      let isCountedInBeats =
        !score.timeSignatures.isEmpty
        && score.timeSignatures.allSatisfy { $0.timeSignature == TimeSignature(1, 4) }
      let (result, report) = try tokenizer.normalized(score)
      #expect((report.assumedTimeSignature == .fourFourForOneFour) == isCountedInBeats, "\(path)")
      if isCountedInBeats { #expect(metres(result) == ["4/4@0"], "\(path)") }
      reported += isCountedInBeats ? 1 : 0
    }
    #expect(reported * 2 > paths.count)
  }
}
