internal import Groundwork

/// A bar: from one bar line to the next.
public struct Bar: Sendable, Hashable {
  /// Its number, from 0.
  public var index: Int
  /// The tick of its first bar line.
  public var start: Int
  /// The tick of the next bar line.
  public var end: Int
  /// Its time signature; the bar may be shorter where the next change of time signature cuts it short.
  public var timeSignature: TimeSignature

  /// A bar.
  public init(index: Int, start: Int, end: Int, timeSignature: TimeSignature) {
    self.index = index
    self.start = start
    self.end = end
    self.timeSignature = timeSignature
  }
}

/// A place within a bar.
public struct BarPosition: Sendable, Hashable {
  /// The bar's number, from 0.
  public var bar: Int
  /// The beat in the bar, from 0; beats are of the time signature's lower number.
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

/// The bars of a score, worked out when they are requested: a piece of a billion bars takes no more room than one.
///
/// A change of time signature begins a bar, at any tick; the bar before it may be short. Where a bar has no
/// whole number of ticks its line falls on the tick before, and the next ones are not moved by it.
public struct Bars: RandomAccessCollection, Sendable {
  private struct Segment {
    var start: Int
    var end: Int
    var timeSignature: TimeSignature
    var firstBar: Int
    var barCount: Int
  }

  private let ticksPerQuarter: Int
  private let segments: [Segment]

  /// No music has as many bars or ticks: beyond this, numbers stay what they are, so that no sum of them overflows.
  private static let barLimit = Int.max / 8

  /// The bars of these time signatures from tick 0 to the one in which the last tick before `length` lies; 4/4 before
  /// the first of them. Of several at one tick the last holds.
  public init(ticksPerQuarter: Int, timeSignatures: [TimeSignatureChange], length: Int) {
    self.ticksPerQuarter = ticksPerQuarter
    var starts = [TimeSignatureChange.standard]
    for change in timeSignatures.stablySorted() where change.tick < Swift.max(length, 1) {
      let change = TimeSignatureChange(tick: Swift.max(0, change.tick), timeSignature: change.timeSignature)
      if change.tick <= starts[starts.count - 1].tick { starts.removeLast() }
      starts.append(change)
    }
    starts[0].tick = 0
    var segments: [Segment] = []
    for (index, change) in starts.enumerated() {
      let end = index + 1 < starts.count ? starts[index + 1].tick : Swift.max(length, change.tick)
      let ticks = end - change.tick
      let bars = ticks == 0 ? 0 : Self.bar(of: ticks - 1, change.timeSignature, ticksPerQuarter) + 1
      let first = segments.last.map { Swift.min($0.firstBar + $0.barCount, Self.barLimit) } ?? 0
      segments.append(
        Segment(
          start: change.tick, end: end, timeSignature: change.timeSignature, firstBar: first, barCount: bars))
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
    let end = segment.start + Self.start(of: bar + 1, segment.timeSignature, ticksPerQuarter)
    return Bar(
      index: index, start: segment.start + Self.start(of: bar, segment.timeSignature, ticksPerQuarter),
      end: place == segments.count - 1 ? end : Swift.min(end, segment.end),
      timeSignature: segment.timeSignature)
  }

  /// The bar and beat of a tick; bars continue beyond the end of the piece. Ticks below 0 count as 0.
  public func position(of tick: Int) -> BarPosition {
    let tick = Swift.max(0, tick)
    let segment = segments[segments.partitioningIndex { $0.start > tick } - 1]
    let bar = Self.bar(of: tick - segment.start, segment.timeSignature, ticksPerQuarter)
    let intoBar = tick - segment.start - Self.start(of: bar, segment.timeSignature, ticksPerQuarter)
    let denominator = Int128(segment.timeSignature.denominator)
    let ticksPerWhole = Int128(4 * ticksPerQuarter)
    let beat = Int128(intoBar) * denominator / ticksPerWhole
    let beatStart = (beat * ticksPerWhole + denominator - 1) / denominator
    return BarPosition(
      bar: segment.firstBar + bar, beat: Int(truncatingIfNeeded: Swift.min(beat, Int128(Self.barLimit))),
      ticksIntoBeat: Int(truncatingIfNeeded: Swift.max(0, Int128(intoBar) - beatStart)))
  }

  /// The number of the bar in which a tick lies; as `position(of:)`.
  public func index(of tick: Int) -> Int { position(of: tick).bar }

  /// Ticks from a time signature's beginning to bar `bar`: ⌊bar · 4 · ticks a quarter · numerator ∕ denominator⌋.
  private static func start(of bar: Int, _ timeSignature: TimeSignature, _ ticksPerQuarter: Int) -> Int {
    let ticks =
      Int128(bar) * Int128(4 * ticksPerQuarter * timeSignature.numerator) / Int128(timeSignature.denominator)
    return Int(truncatingIfNeeded: Swift.min(ticks, Int128(barLimit)))
  }

  /// The last bar that begins at or before `tick` since the time signature's beginning.
  private static func bar(of tick: Int, _ timeSignature: TimeSignature, _ ticksPerQuarter: Int) -> Int {
    // The largest k with ⌊k·n∕d⌋ ≤ t is the largest with k·n < (t + 1)·d.
    let limit = (Int128(tick) + 1) * Int128(timeSignature.denominator)
    let bar = (limit - 1) / Int128(4 * ticksPerQuarter * timeSignature.numerator)
    return Int(truncatingIfNeeded: Swift.min(bar, Int128(barLimit)))
  }
}

extension Score {
  /// The bars, from the beginning to the one in which the piece ends.
  public var bars: Bars {
    Bars(
      ticksPerQuarter: ticksPerQuarter, timeSignatures: timeSignatures, length: Swift.max(length, lastNoteEnd)
    )
  }

  /// The bar and beat of a tick. Making `bars` takes time; keep it for many questions.
  public func barAndBeat(at tick: Int) -> BarPosition { bars.position(of: tick) }
}
