import Foundation
import Music
import Testing

@Suite struct TimeSignatureTests {
  @Test("Numbers from outside make a time signature or none")
  func numbersFromOutsideMakeATimeSignatureOrNone() {
    #expect(TimeSignature(numerator: 255, denominator: 256)?.description == "255/256")
    for (numerator, denominator) in [
      (0, 4), (256, 4), (-3, 4), (4, 0), (4, 3), (4, 512), (4, -4), (Int.max, Int.min), (Int.min, Int.max),
    ] {
      #expect(TimeSignature(numerator: numerator, denominator: denominator) == nil)
      #expect(TimeSignature("\(numerator)/\(denominator)") == nil)
    }
    for text in ["", "/", "4", "4/4/4", "a/4", "99999999999999999999/4"] {
      #expect(TimeSignature(text) == nil)
    }
  }

  @Test("A file's text is read as a time signature or refused") func aFilesTextIsRead() throws {
    let decoder = JSONDecoder()
    #expect(try decoder.decode([TimeSignature].self, from: Data(#"["6/8"]"#.utf8)) == [TimeSignature(6, 8)])
    #expect(throws: DecodingError.self) {
      try decoder.decode([TimeSignature].self, from: Data(#"["6/7"]"#.utf8))
    }
  }

  @Test("Beats go in threes in 6/8, and not in 3/8 or 6/4") func beatsGoInThrees() {
    #expect(TimeSignature(6, 8).isCompound && TimeSignature(12, 16).isCompound)
    #expect(
      !TimeSignature(3, 8).isCompound && !TimeSignature(6, 4).isCompound && !TimeSignature.common.isCompound)
  }
}
