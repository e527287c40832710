/// What is played to chord symbols: a block chord over its bass, struck at the symbol and again where a bar
/// begins, held until the next.
struct ABCAccompaniment {
  /// The chords' notes, in grains.
  private(set) var notes: [(onset: Int, end: Int, pitch: Int)] = []

  /// - Parameters:
  ///   - symbols: the chord symbols of all voices.
  ///   - strikes: where bars begin, in order.
  ///   - end: where the music ends.
  init(_ symbols: [(time: Int, chord: ABCChordSymbol?)], strikes: [Int], end: Int) {
    let symbols = symbols.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }
      .map(\.element)
    var strike = strikes[...]
    for (index, symbol) in symbols.enumerated() {
      let next = index + 1 < symbols.count ? symbols[index + 1].time : end
      guard next > symbol.time, let chord = symbol.chord else { continue }
      strike = strike.drop { $0 <= symbol.time }
      var onset = symbol.time
      while onset < next {
        let until = min(strike.first ?? next, next)
        for pitch in chord.pitches { notes.append((onset, until, pitch)) }
        onset = until
        strike = strike.drop { $0 <= onset }
      }
    }
  }
}
