internal import Music

extension CellScore {
  /// What a piece says of itself, as a number; nil where the notes do not tell.
  func value(of kind: PieceAttribute.Kind) -> Double? {
    switch kind {
    case .style: return nil
    case .density: return Double(noteCount) / Double(max(1, bars.count))
    case .register:
      let pitched = parts.filter { $0.role != .drums && !$0.notes.isEmpty }
      let tunes = pitched.filter { $0.role == .melody }
      let pitches = (tunes.isEmpty ? pitched : tunes).flatMap { $0.notes.map(\.pitch) }
      guard !pitches.isEmpty else { return nil }
      return Double(pitches.reduce(0, +)) / Double(pitches.count) - Double(key.offset)
    }
  }
}
