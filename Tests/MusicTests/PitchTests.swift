import Music
import Testing

@Suite struct PitchTests {
  @Test("Every key has a name that leads back to it") func everyKeyHasANameThatLeadsBackToIt() {
    for key in Pitch.keys {
      let pitch = Pitch(key)
      #expect(Pitch(pitch.description) == pitch && Pitch("\(key)") == pitch)
      #expect(12 * (pitch.octave + 1) + pitch.pitchClass == key)
    }
    #expect(Pitch("C4") == .middleC && Pitch("Bb3")?.key == 58 && Pitch("c♯5")?.key == 73)
    #expect(Pitch("B#3") == Pitch("C4") && Pitch("Cb4") == Pitch("B3") && Pitch("G9") == .highest)
  }

  @Test("What is beyond the keys or no name is no pitch") func whatIsBeyondTheKeysIsNoPitch() {
    for name in ["", "C", "H4", "G#9", "Cb-1", "C99999999999999999999", "128", "-1", "4C", "C####4", "Ç4"] {
      #expect(Pitch(name) == nil, "\(name)")
    }
    #expect(Pitch(key: -1) == nil && Pitch(key: 128) == nil)
  }

  @Test("Transposing says when it leaves the keys") func transposingSaysWhenItLeavesTheKeys() {
    #expect(Pitch.middleC.transposed(by: 12) == Pitch("C5"))
    #expect(Pitch.highest.transposed(by: 1) == nil && Pitch.lowest.transposed(by: -1) == nil)
    #expect(Pitch.middleC.transposed(by: .max) == nil && Pitch.middleC.transposed(by: .min) == nil)
    #expect(Pitch("C3")! < Pitch("D3")!)
  }
}
