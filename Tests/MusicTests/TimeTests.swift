import Music
import Testing

@Suite("Time maps")
struct TimeMapTests {
  private let map = TimeMap(
    ticksPerQuarter: 480,
    tempos: [
      TempoChange(tick: 960, microsecondsPerQuarter: 1_000_000),
      TempoChange(tick: 1_440, microsecondsPerQuarter: 333_333),
    ])

  @Test("seconds follow the tempo; 120 before the first one")
  func seconds() {
    #expect(map.seconds(at: 0) == 0)
    #expect(map.seconds(at: 960) == 1)
    #expect(map.seconds(at: 1_200) == 1.5)
    #expect(map.seconds(at: 1_440) == 2)
    #expect(map.seconds(at: 1_920) == 2.333333)
  }

  @Test("ticks come back from their seconds, and times between them from the nearest")
  func ticks() {
    for tick in 0..<3_000 { #expect(map.tick(atSeconds: map.seconds(at: tick)) == tick) }
    #expect(map.tick(atSeconds: -1) == 0)
    #expect(map.tick(atSeconds: 0.5 + 0.4 / 960) == 480)
    #expect(map.tick(atSeconds: 0.5 + 0.6 / 960) == 481)
  }

  @Test("nothing is rounded twice: a million tempos of a third of a microsecond more add up")
  func exact() {
    let tempos = (0..<100_000).map { TempoChange(tick: $0, microsecondsPerQuarter: 333_333) }
    let map = TimeMap(ticksPerQuarter: 7, tempos: tempos)
    #expect(map.seconds(at: 700_000) == 33_333.3)
  }

  @Test("ticks beyond all music do not overflow")
  func huge() {
    let map = TimeMap(ticksPerQuarter: 1, tempos: [TempoChange(tick: 0, microsecondsPerQuarter: 0xFF_FFFF)])
    #expect(map.seconds(at: 1 << 50) > 1e16)
    #expect(map.tick(atSeconds: 1e300) == Int.max)
  }

  @Test("of several tempos at one tick the last one holds, and one of no duration none")
  func coincident() {
    let map = TimeMap(
      ticksPerQuarter: 1,
      tempos: [
        TempoChange(tick: 0, microsecondsPerQuarter: 1),
        TempoChange(tick: 0, microsecondsPerQuarter: 250_000),
        TempoChange(tick: 5, microsecondsPerQuarter: 0),
      ])
    #expect(map.seconds(at: 8) == 2)
  }
}

@Suite("Bars")
struct BarsTests {
  private let bars = Bars(
    ticksPerQuarter: 480,
    timeSignatures: [
      TimeSignatureChange(tick: 3_840, timeSignature: TimeSignature(3, 4)),
      TimeSignatureChange(tick: 6_000, timeSignature: TimeSignature(6, 8)),
    ], length: 8_000)

  @Test("bars follow the time signature; a change of it begins a bar")
  func starts() {
    #expect(bars.map(\.start) == [0, 1_920, 3_840, 5_280, 6_000, 7_440])
    #expect(bars.map(\.end) == [1_920, 3_840, 5_280, 6_000, 7_440, 8_880])
    #expect(bars.map(\.index) == Array(0..<6))
    #expect(bars.map(\.timeSignature.numerator) == [4, 4, 3, 3, 6, 6])
  }

  @Test("every tick lies in its bar, at its beat")
  func positions() {
    for tick in 0..<8_000 {
      let position = bars.position(of: tick)
      let bar = bars[position.bar]
      #expect((bar.start..<bar.end).contains(tick))
      let beat = 1_920 / bar.timeSignature.denominator
      #expect(bar.start + position.beat * beat + position.ticksIntoBeat == tick)
    }
    #expect(bars.position(of: 20_400) == BarPosition(bar: 14, beat: 0, ticksIntoBeat: 0))
  }

  @Test("bars without a whole number of ticks do not drift")
  func fractions() {
    let bars = Bars(
      ticksPerQuarter: 1, timeSignatures: [TimeSignatureChange(tick: 0, timeSignature: TimeSignature(3, 8))],
      length: 9)
    #expect(bars.map(\.start) == [0, 1, 3, 4, 6, 7])
    for tick in 0..<9 {
      let bar = bars[bars.index(of: tick)]
      #expect((bar.start..<bar.end).contains(tick))
    }
  }

  @Test("an empty piece has no bars, a huge one as many as it has")
  func extremes() {
    #expect(Bars(ticksPerQuarter: 480, timeSignatures: [], length: 0).isEmpty)
    #expect(Bars(ticksPerQuarter: 480, timeSignatures: [], length: 1).count == 1)
    let huge = Bars(ticksPerQuarter: 1, timeSignatures: [], length: 1 << 50)
    #expect(huge.count == 1 << 48)
    #expect(huge[huge.count - 1].end == 1 << 50)
  }
}
