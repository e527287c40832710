import Groundwork
import Testing

@testable import Composing

@Suite struct FormTests {
  @Test("Letters, primes and lengths are read") func lettersPrimesAndLengthsAreRead() throws {
    #expect(try Form("AABA").sections.map(\.name) == ["A", "A", "B", "A"])
    #expect(try Form(" a a' B a’’ ").sections.map(\.name) == ["A", "A'", "B", "A''"])
    #expect(try Form("A8A'8B16A8").lengths(bars: nil) == [8, 8, 16, 8])
    #expect(try Form("A8 A'8 B16 A8").description == "A8 A'8 B16 A8")
    #expect(try Form("AA'BA").description == "AA'BA")
    #expect(try Form("A4 B A").lengths(bars: nil) == [4, 8, 4], "a length holds for the letter")
  }

  @Test("Bars are divided among the sections without a length") func barsAreDividedAmongSections() throws {
    #expect(try Form("AABA").lengths(bars: 32) == [8, 8, 8, 8])
    #expect(try Form("A8 B A").lengths(bars: 20) == [8, 4, 8])
    #expect(try Form("A8 B4").lengths(bars: 12) == [8, 4])
    for (text, bars) in [("AABA", 30), ("A8 B4", 16), ("A8 B", 8), ("ABC", 2)] {
      #expect(throws: FormError.self, "\(text) in \(bars)") { try Form(text).lengths(bars: bars) }
    }
  }

  @Test(
    "A mistake is named with its place",
    arguments: [
      ("", "no section"), ("A-B", "character 2, '-'"), ("8A", "character 1, '8'"),
      ("AB'", "character 2: B' varies"), ("A0", "A has 0 bars"), ("A99999", "99999 bars"),
      ("A8 A4", "8 and later 4"), ("'A", "character 1"), ("A é", "character 3"),
      (String(repeating: "A", count: 65), "65 sections"),
    ])
  func aMistakeIsNamedWithItsPlace(text: String, part: String) {
    do {
      _ = try Form(text)
      Issue.record("\(text) was read")
    } catch {
      #expect(error.message.contains(part), "\(error.message)")
      #expect(error.kind == .usage)
    }
  }

  @Test("The plan says what is new, copied and varied") func thePlanSaysWhatIsNewCopiedAndVaried() throws {
    let plan = try FormPlan(Form("A8 A' B4 A' A''"), bars: nil, variation: 0.3)
    #expect(
      plan.sections.map(\.content) == [
        .new, .variation(of: 0, keptBars: 6), .new, .copy(of: 1), .variation(of: 0, keptBars: 6),
      ])
    #expect(plan.bars == 36 && plan.sections.map(\.endsPiece) == [false, false, false, false, true])
    let returning = try FormPlan(Form("AABA"), bars: 32, variation: 0.3)
    #expect(returning.sections.map(\.content) == [.new, .copy(of: 0), .new, .copy(of: 0)])
    #expect(returning.sections.map(\.endsPiece) == [true, false, false, true])
    #expect(
      try FormPlan(Form("A4A'"), bars: nil, variation: 0).sections.map(\.content) == [.new, .copy(of: 0)])
    #expect(
      try FormPlan(Form("A4A'"), bars: nil, variation: 1).sections.last?.content
        == .variation(of: 0, keptBars: 0))
    #expect(
      try FormPlan(Form("A4A'"), bars: nil, variation: 0.01).sections.last?.content
        == .variation(of: 0, keptBars: 3), "a variation changes at least one bar")
  }
}
