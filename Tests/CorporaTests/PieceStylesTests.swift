import Music
import Notation
import TestSupport
import Testing
import Tokenization

@testable import Corpora

/// Styles from folders and tables.
@Suite struct PieceStylesTests {
  @Test("A table has files by the ends of their paths, with or without a head")
  func aTableHasFilesByTheirEnds() throws {
    let plain = try #require(PieceStyles.table(csv: "a.mid, slow jig\nb/c.mid,reel\n\n"))
    #expect(
      plain.styles(of: ["/x/a.mid", "/x/b/c.mid", "/x/c.mid"])
        == ["/x/a.mid": "slow-jig", "/x/b/c.mid": "reel"])
    let named = try #require(
      PieceStyles.table(csv: "drummer,style,bpm,midi_filename\r\nd1,\"funk/groove1\",138,d1/e.mid\r\n"))
    #expect(named.styles(of: ["data/d1/e.mid"]) == ["data/d1/e.mid": "funk/groove1"])
    #expect(PieceStyles.table(csv: "nothing") == nil && PieceStyles.table(csv: "") == nil)
    #expect(
      PieceStyles.folders.styles(of: ["a.mid", "x/two words/b.mid"]) == ["x/two words/b.mid": "two-words"])
  }
}
