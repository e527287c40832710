package import Composing
internal import Music

/// Draws what a musician may ask for, one limit as likely as another.
package struct LimitDrawing<Generator: RandomNumberGenerator> {
  private var random: Generator
  /// With which probability each limit is asked for.
  private let share: Double
  /// Whether pieces state their instruments, and the time signature is theirs to choose.
  private let hasInstruments: Bool
  private let hasTimeSignatures: Bool
  private let hasChordPart: Bool

  package init(
    _ random: Generator, share: Double = 0.25, hasInstruments: Bool, hasTimeSignatures: Bool,
    hasChordPart: Bool
  ) {
    self.random = random
    self.share = share
    self.hasInstruments = hasInstruments
    self.hasTimeSignatures = hasTimeSignatures
    self.hasChordPart = hasChordPart
  }

  private mutating func happens() -> Bool { Double.random(in: 0..<1, using: &random) < share }
  private mutating func one<Value>(of values: [Value]) -> Value {
    values[Int.random(in: 0..<values.count, using: &random)]
  }

  /// Limits and a number of bars.
  package mutating func next(bars choices: [Int] = [2, 4, 8, 12]) throws -> (limits: Limits, bars: Int?) {
    var limits = Limits()
    var bars: Int? = one(of: choices)
    if hasTimeSignatures, happens() { bars = drawTimeSignatures(&limits, bars: bars ?? 4) }
    if happens() {
      limits.key = Scale(tonic: Int.random(in: 0..<12, using: &random), kind: one(of: Scale.Kind.allCases))
      limits.chromaticShare = one(of: [0, 0, 0.05, 0.2])
    }
    if happens() {
      let low = Int.random(in: 36...62, using: &random)
      limits.ranges.append(.init(Pitch(low)...Pitch(low + Int.random(in: 10...36, using: &random))))
    }
    if happens() {
      let low = Int.random(in: 50...65, using: &random)
      limits.ranges.append(
        .init(Pitch(low)...Pitch(low + Int.random(in: 9...20, using: &random)), part: .init(.melody)))
    }
    if happens() {
      limits.voices = one(of: hasChordPart ? [1...1, 1...2, 1...4, 2...4, 2...3, 1...6] : [1...1, 1...2])
    }
    if happens() { drawLengths(&limits) }
    if happens() { drawDensity(&limits) }
    if happens() { limits.rests = one(of: [0...0, 0...0.1, 0...0.3, 0.1...0.4, 0.05...1]) }
    if happens() { limits.tempo = Double(Int.random(in: 50...180, using: &random)) }
    if happens() {
      limits.seconds = Double(Int.random(in: 5...25, using: &random))
      if limits.timeSignatures.allSatisfy({ $0.bars == nil }), limits.tempo != nil { bars = nil }
    }
    try drawEnds(&limits)
    if happens() { limits.chords = try ChordProgression(one(of: progressions)) }
    if happens() { try drawLine(&limits) }
    if hasInstruments, happens() { try drawInstruments(&limits) }
    return (limits, bars)
  }

  private mutating func drawTimeSignatures(_ limits: inout Limits, bars: Int) -> Int? {
    let signatures = ["4/4", "3/4", "6/8", "2/4", "9/8", "5/4", "12/8", "7/8"].compactMap {
      TimeSignature($0)
    }
    guard bars > 2, happens() || happens() else {
      limits.timeSignatures = [.init(one(of: signatures))]
      return bars
    }
    let first = Int.random(in: 1..<bars, using: &random)
    limits.timeSignatures = [
      .init(one(of: signatures), bars: first), .init(one(of: signatures), bars: bars - first),
    ]
    return happens() ? nil : bars
  }

  private mutating func drawLengths(_ limits: inout Limits) {
    let lengths = [
      NoteLength(1, 16), NoteLength(1, 8), NoteLength(1, 4), NoteLength(3, 8), NoteLength(1, 2),
      NoteLength(1, 1),
    ]
    let low = Int.random(in: 0..<3, using: &random)
    limits.noteLengths = lengths[low]...lengths[Int.random(in: low..<lengths.count, using: &random)]
  }

  private mutating func drawDensity(_ limits: inout Limits) {
    let low = Int.random(in: 0...4, using: &random)
    limits.densities.append(.init(low...low + Int.random(in: 1...8, using: &random)))
    if happens() {
      let least = Int.random(in: 0...3, using: &random)
      limits.densities.append(
        .init(least...least + Int.random(in: 1...4, using: &random), part: .init(.melody)))
    }
  }

  private mutating func drawEnds(_ limits: inout Limits) throws {
    let classes = limits.key.map { key in key.kind.intervals.map { (key.tonic + $0) % 12 } } ?? Array(0..<12)
    if happens() {
      limits.firstNotes = (0..<Int.random(in: 1...4, using: &random)).map { _ in Pitch(60 + one(of: classes))
      }
    }
    if happens() {
      limits.lastNote = happens() ? .pitch(Pitch(60 + one(of: classes))) : .pitchClass(one(of: classes))
    } else if happens() {
      limits.lastChord = try ChordSymbol(one(of: ["C", "Dm", "G7", "Am", "F", "Bb", "Em", "D/F#", "Asus4"]))
    }
  }

  private var progressions: [String] {
    ["Dm7 G7 | Cmaj7", "C | F | G7 | C", "Am F C G", "D | A | Bm G | A7", "Gm7 | C7 | Fmaj7 | %", "E7 | Am"]
  }

  private mutating func drawLine(_ limits: inout Limits) throws {
    if happens() || happens() {
      limits.rhythm = try RhythmPattern(
        one(of: ["1/4 1/8 1/8 | 1/2", "1/8 1/8 1/4 r1/8 1/8", "1/4. 1/8 1/4"]))
    } else {
      limits.contour = Limits.Contour(
        heights: one(of: [[60, 72, 60], [67, 60, 64, 72], [55, 74]]), tolerance: one(of: [5, 7]))
    }
  }

  private mutating func drawInstruments(_ limits: inout Limits) throws {
    let names = ["violin", "guitar", "flute", "piano", "cello", "sax", "trumpet"]
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      limits.instruments.append(.init(try InstrumentName(one(of: names))))
    }
    if happens() { limits.instruments.append(.init(try InstrumentName("fiddle"), part: .init(.melody))) }
    if happens() { limits.instruments.append(.init(try InstrumentName("drums"))) }
  }
}
