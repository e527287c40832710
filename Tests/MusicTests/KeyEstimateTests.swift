import Music
import Testing

@Suite struct KeyEstimateTests {
  private func score(_ pitches: [Int], isDrum: Bool = false) -> Score {
    let notes = pitches.enumerated().map {
      Note(onset: $0.offset * 480, duration: 480, pitch: $0.element, velocity: 80)
    }
    return Score(ticksPerQuarter: 480, tracks: [Track(isDrum: isDrum, notes: notes)])
  }

  @Test("A cadence is heard in its key", arguments: 0..<12)
  func aCadenceIsHeardInItsKey(tonic: Int) throws {
    let major = try #require(
      KeyEstimate(score([0, 4, 7, 5, 9, 12, 7, 11, 14, 0, 4, 7, 12].map { 48 + tonic + $0 })))
    #expect(major.tonic == tonic && !major.isMinor)
    let minor = try #require(
      KeyEstimate(score([0, 3, 7, 5, 8, 12, 7, 11, 14, 0, 3, 7, 12].map { 48 + tonic + $0 })))
    #expect(minor.tonic == tonic && minor.isMinor)
  }

  @Test("Names and signatures agree") func namesAndSignaturesAgree() throws {
    let estimate = try #require(KeyEstimate(score([66, 69, 73, 66, 71, 74, 78, 73, 77, 80, 66, 69, 73])))
    #expect(estimate.name == "F# minor" && estimate.fifths == 3)
    #expect(keyName(fifths: -3, isMinor: false) == "Eb major")
    #expect(keyName(fifths: -3, isMinor: true) == "C minor")
    #expect(keyName(fifths: 7, isMinor: true) == "A# minor")
  }

  @Test("Drums and silence have no key") func drumsAndSilenceHaveNoKey() {
    #expect(KeyEstimate(score([36, 38, 42], isDrum: true)) == nil)
    #expect(KeyEstimate(Score(ticksPerQuarter: 480)) == nil)
  }
}
