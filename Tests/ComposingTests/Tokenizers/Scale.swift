import Music
import Tokenization

/// Ten tokens: the beginning, the end, a rest and seven pitches, each as long as a quarter.
struct Scale: SimpleTokens {
  static let tokenizerName = "scale"
  static let pitches = [60, 62, 64, 65, 67, 69, 71]

  var tokens: [SimpleToken] {
    [SimpleToken("Rest")] + Self.pitches.map { SimpleToken("Pitch_\($0)", pitch: $0) }
  }

  func write(_ score: Score) -> [Int] {
    var list: [Int] = []
    for note in score.tracks.first?.notes ?? [] {
      let quarter = (note.onset + score.ticksPerQuarter / 2) / score.ticksPerQuarter
      guard quarter >= list.count, let place = Self.pitches.firstIndex(of: note.pitch) else { continue }
      list += Array(repeating: 0, count: quarter - list.count) + [place + 1]
    }
    return list
  }
}
