internal import Groundwork

/// A bar: from one bar line to the next.
public struct Bar: Sendable, Hashable {
  /// Its number, from 0.
  public var index: Int
  /// The tick of its first bar line.
  public var start: Int
  /// The tick of the next bar line.
  public var end: Int
  /// Its metre.
  public var metre: MetreChange

  /// A bar.
  public init(index: Int, start: Int, end: Int, metre: MetreChange) {
    self.index = index
    self.start = start
    self.end = end
    self.metre = metre
  }
}

/// A place within a bar.
public struct BarPosition: Sendable, Hashable {
  /// The bar's number, from 0.
  public var bar: Int
  /// The beat in the bar, from 0; beats are of the metre's lower number.
  public var beat: Int
  /// Ticks since the beat began.
  public var ticksIntoBeat: Int

  /// A place in a bar.
  public init(bar: Int, beat: Int, ticksIntoBeat: Int) {
    self.bar = bar
    self.beat = beat
    self.ticksIntoBeat = ticksIntoBeat
  }
}

/// The bars of a score, worked out when they are asked for: a piece of a billion bars takes no more room than one.
///
/// A change of metre begins a bar, wherever it stands; the bar before it may thus be short. Where a bar has no
/// whole number of ticks its line falls on the tick before, and the next ones are not moved by it.
public struct Bars: RandomAccessCollection, Sendable {
  private struct Segment {
    var start: Int
    var end: Int
    var metre: MetreChange
    var firstBar: Int
    var barCount: Int
  }

  private let ticksPerQuarter: Int
  private let segments: [Segment]

  /// The bars of these metres from tick 0 to the one in which the last tick before `length` lies; 4/4 before the
  /// first metre. Of several metres at one tick the last holds.
  public init(ticksPerQuarter: Int, metres: [MetreChange], length: Int) {
    self.ticksPerQuarter = ticksPerQuarter
    var starts = [MetreChange.standard]
    for metre in metres.stablySorted() where metre.tick < Swift.max(length, 1) {
      if metre.tick <= starts[starts.count - 1].tick { starts.removeLast() }
      starts.append(metre)
    }
    starts[0].tick = 0
    var segments: [Segment] = []
    for (index, metre) in starts.enumerated() {
      let end = index + 1 < starts.count ? starts[index + 1].tick : Swift.max(length, metre.tick)
      let ticks = end - metre.tick
      let bars = ticks == 0 ? 0 : Self.bar(of: ticks - 1, metre, ticksPerQuarter) + 1
      let first = segments.last.map { $0.firstBar + $0.barCount } ?? 0
      segments.append(
        Segment(start: metre.tick, end: end, metre: metre, firstBar: first, barCount: bars))
    }
    self.segments = segments
  }

  /// Always 0.
  public var startIndex: Int { 0 }
  /// How many bars there are.
  public var endIndex: Int { segments.last.map { $0.firstBar + $0.barCount } ?? 0 }

  /// The bar of this number.
  public subscript(index: Int) -> Bar {
    precondition(index >= 0 && index < endIndex, "bar \(index) is not among \(endIndex) bars")
    let place = segments.partitioningIndex { $0.firstBar > index } - 1
    let segment = segments[place]
    let bar = index - segment.firstBar
    let end = segment.start + Self.start(of: bar + 1, segment.metre, ticksPerQuarter)
    return Bar(
      index: index, start: segment.start + Self.start(of: bar, segment.metre, ticksPerQuarter),
      end: place == segments.count - 1 ? end : Swift.min(end, segment.end), metre: segment.metre)
  }

  /// The bar and beat of a tick; bars go on beyond the end of the piece. Ticks below 0 count as 0.
  public func position(of tick: Int) -> BarPosition {
    let tick = Swift.max(0, tick)
    let segment = segments[segments.partitioningIndex { $0.start > tick } - 1]
    let bar = Self.bar(of: tick - segment.start, segment.metre, ticksPerQuarter)
    let intoBar = tick - segment.start - Self.start(of: bar, segment.metre, ticksPerQuarter)
    let beat = intoBar * segment.metre.denominator / (4 * ticksPerQuarter)
    let beatStart = (beat * 4 * ticksPerQuarter + segment.metre.denominator - 1) / segment.metre.denominator
    return BarPosition(
      bar: segment.firstBar + bar, beat: beat, ticksIntoBeat: Swift.max(0, intoBar - beatStart))
  }

  /// The number of the bar in which a tick lies; as `position(of:)`.
  public func index(of tick: Int) -> Int { position(of: tick).bar }

  /// Ticks from a metre's beginning to bar `bar`: ⌊bar · 4 · ticks a quarter · numerator ∕ denominator⌋.
  private static func start(of bar: Int, _ metre: MetreChange, _ ticksPerQuarter: Int) -> Int {
    Int(
      truncatingIfNeeded: Int128(bar) * Int128(4 * ticksPerQuarter * metre.numerator)
        / Int128(metre.denominator))
  }

  /// The last bar that begins at or before `tick` since the metre's beginning.
  private static func bar(of tick: Int, _ metre: MetreChange, _ ticksPerQuarter: Int) -> Int {
    // The largest k with ⌊k·n∕d⌋ ≤ t is the largest with k·n < (t + 1)·d.
    let limit = (Int128(tick) + 1) * Int128(metre.denominator)
    return Int(truncatingIfNeeded: (limit - 1) / Int128(4 * ticksPerQuarter * metre.numerator))
  }
}

extension Score {
  /// The bars, from the beginning to the one in which the piece ends.
  public var bars: Bars {
    Bars(ticksPerQuarter: ticksPerQuarter, metres: metres, length: Swift.max(length, lastNoteEnd))
  }

  /// The bar and beat of a tick. Making `bars` takes time; keep it for many questions.
  public func barAndBeat(at tick: Int) -> BarPosition { bars.position(of: tick) }
}
