internal import Music

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Where in bars and phrases a tick is.
struct Meter {
  private let bars: Bars
  private let ticksPerQuarter: Int
  /// The bar in which the first phrase begins: the first, or the one after a pickup.
  private let firstBar: Int

  init(_ score: Score) {
    bars = score.bars
    ticksPerQuarter = score.ticksPerQuarter
    var first = 0
    if let onset = score.tracks.lazy.compactMap(\.notes.first?.onset).min(), !bars.isEmpty {
      first = min(bars.index(of: onset), bars.count - 1)
      let bar = bars[first]
      if 2 * (onset - bar.start) >= bar.end - bar.start { first += 1 }
    }
    firstBar = first
  }

  func bar(of tick: Int) -> Int { bars.index(of: tick) }

  func start(ofBar index: Int) -> Int { bars.isEmpty ? 0 : bars[min(max(index, 0), bars.count - 1)].start }

  /// The beat that is felt: a quarter in 3/4, a dotted quarter in 6/8.
  private func beat(of timeSignature: TimeSignature) -> Int {
    let written = 4 * ticksPerQuarter / timeSignature.denominator
    return max(1, timeSignature.isCompound ? 3 * written : written)
  }

  /// The weight of a place in its bar, as a change of velocity: the first beat most, then the middle of the bar, then the other beats,
  /// and what is between beats least.
  func accent(at tick: Int) -> Double {
    let index = min(bars.index(of: tick), bars.count - 1)
    guard index >= 0 else { return 0 }
    let bar = bars[index]
    let beat = beat(of: bar.timeSignature)
    let place = tick - bar.start
    // A step of a grid may lie a tick beside the beat.
    let slack = max(1, ticksPerQuarter / 48)
    let off = min(place % beat, beat - place % beat)
    guard off <= slack else { return 2 * place % beat <= slack ? -2.5 : -3 }
    let number = (place + slack) / beat
    let count = max(1, (bar.end - bar.start) / beat)
    if number % count == 0 { return 4 }
    return count % 2 == 0 && number == count / 2 ? 2 : 0
  }

  /// The rise and fall of a phrase, as a change of velocity; its last beat is softest.
  func arc(at tick: Int) -> Double {
    let index = bars.index(of: tick)
    guard index >= firstBar, index < bars.count else { return -1 }
    let bar = bars[index]
    let length = Double(max(1, bar.end - bar.start))
    let into = Double((index - firstBar) % Expression.phraseBars) + Double(tick - bar.start) / length
    let way = into / Double(Expression.phraseBars)
    let end = 1 - Double(beat(of: bar.timeSignature)) / length / Double(Expression.phraseBars)
    return 3 * sin(.pi * way) - 1.5 - (way >= end - 1e-9 ? 1.5 : 0)
  }
}
