internal import Music
internal import Tokenization

/// Tokens in the words of a musician.
struct TokenWords {
  let vocabulary: Vocabulary
  /// By how many semitones a pitch that is written in a key sounds higher than it is written.
  var offset = 0

  /// What an id says; the token itself where there is no word for it.
  func words(_ id: Int32) -> String {
    let roles = vocabulary.roles[id]
    if roles.contains(.end) { return "the end of the piece" }
    let said = vocabulary.roles.values(of: id).map(words)
    if !said.isEmpty { return said.joined(separator: ", ") }
    return roles.contains(.barLine) ? "the next bar" : readable(vocabulary.token(of: id) ?? "\(id)")
  }

  /// A token as words: `Notes_None` as `notes`, `Part_bass` as `part bass`.
  private func readable(_ token: String) -> String {
    token.lowercased().split(separator: "_").filter { $0 != "none" }.joined(separator: " ")
  }

  private func words(_ value: TokenValue) -> String {
    switch value {
    case .pitch(let pitch): pitchName(pitch)
    case .pitchInKey(let pitch): pitchName(pitch + offset)
    case .drum(let key): GeneralMIDI.drumName(key) ?? "drum \(key)"
    case .instrument(let program): program.flatMap(GeneralMIDI.programName) ?? "drums"
    case .velocity(let velocity): "loudness \(velocity)"
    case .duration(let time): "a length of \(Self.quarters(time))"
    case .position(let time): "\(Self.quarters(time)) after the bar line"
    case .advance(let time): "\(Self.quarters(time)) later"
    case .tempo(let tempo): "\(60_000_000 / max(1, tempo)) quarters a minute"
    case .timeSignature(let signature): "a time signature of \(signature)"
    case .copy(let bars, let isRhythmAlone):
      (isRhythmAlone ? "the rhythm of " : "the same as ") + Self.barsAgo(bars)
    case .key(let tonic, let isMinor):
      "the key of \(pitchName(60 + tonic).filter { !$0.isNumber && $0 != "-" }) \(isMinor ? "minor" : "major")"
    }
  }

  /// `one bar ago`, `4 bars ago`.
  static func barsAgo(_ count: Int) -> String { count == 1 ? "one bar ago" : "\(count) bars ago" }

  private static func quarters(_ time: GridTime) -> String {
    let value = time.quarters
    let text =
      value == value.rounded() ? "\(Int(value))" : Figure.decimal(value, 2)
    return value == 1 ? "1 quarter" : "\(text) quarters"
  }
}
