import Music
import Tokenization

/// Ten tokens: the beginning, the end, a rest and seven pitches, each as long as a quarter.
struct Scale: SimpleTokens {
  static let tokenizerName = "scale"
  static let pitches = [60, 62, 64, 65, 67, 69, 71]

  var tokens: [SimpleToken] {
    [SimpleToken("Rest", .position)] + Self.pitches.map { SimpleToken("Pitch_\($0)", .pitch) }
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

  func read(_ token: Int, at tick: inout Int) -> [Note] {
    defer { tick += 480 }
    return token == 0
      ? [] : [Note(onset: tick, duration: 480, pitch: Self.pitches[token - 1], velocity: 80)]
  }
}
