internal import Music

/// What may follow in a REMI sequence.
///
/// It allows exactly the sequences that `REMITokenizer.encode` writes: positions go forward, notes of one position go up by
/// program and pitch, a tempo differs from the one before, and the piece ends in the bar in which its last note does. Under a
/// limit of bars no note outlasts the last bar: while the number of bars is open, the bars to come are taken to be as long as this one.
struct REMIGrammar: TokenGrammar {
  private enum State {
    case start, bos, bar, timeSignature, position, tempo, program, pitch, velocity, note, end
  }

  private let layout: REMILayout
  private let bars: BarLimit
  private let quarterBar: Int?

  private var state = State.start
  private(set) var barCount = 0
  private(set) var noteCount = 0
  private var barStart = 0
  private var barEnd = 0
  private var step = 0
  private var tempo = -1
  /// Where the note that lasts longest ends.
  private var furthestEnd = 0
  /// Whether every bar so far is a 1/4 bar; a piece of nothing else would be read as 4/4.
  private var hasOnlyQuarterBars = true

  /// The note that is being said.
  private var program = 0
  private var pitch = 0
  private var velocity = 0
  /// The last complete note of this position; `lastProgram` is −1 if there is none.
  private var lastProgram = -1
  private var lastPitch = 0
  private var lastVelocity = 0
  private var lastDuration = 0
  private var unisonCount = 0

  init(layout: REMILayout, bars: BarLimit) {
    self.layout = layout
    self.bars = bars
    quarterBar =
      layout.configuration.timeSignature == nil
      ? layout.timeSignatures.firstIndex(of: TimeSignature(1, 4)) : nil
  }

  var isFinished: Bool { state == .end }
  var isBetweenNotes: Bool {
    (state == .timeSignature || state == .tempo || state == .note) && tempo >= 0
  }

  mutating func advance(_ id: Int32) {
    precondition(
      id >= 0 && Int(id) < layout.count, "id \(id) is outside a vocabulary of \(layout.count)")
    switch layout.kinds[Int(id)] {
    case .pad: break
    case .bos: state = .bos
    case .eos: state = .end
    case .bar:
      barStart = barEnd
      barCount += 1
      state = .bar
    case .timeSignature:
      let index = Int(id - layout.timeSignature.lowerBound)
      barEnd = barStart + layout.barLengths[index]
      step = barStart - 1
      hasOnlyQuarterBars = hasOnlyQuarterBars && index == quarterBar
      state = .timeSignature
    case .position:
      step = barStart + Int(id - layout.position.lowerBound)
      lastProgram = -1
      state = .position
    case .tempo:
      tempo = Int(id - layout.tempo.lowerBound)
      state = .tempo
    case .program:
      program = Int(id - layout.program.lowerBound)
      state = .program
    case .pitch:
      if !layout.usesPrograms { program = 0 }
      pitch = Int(id - layout.pitch.lowerBound)
      state = .pitch
    case .drumPitch:
      program = REMILayout.drums
      pitch = Int(id - layout.drumPitch.lowerBound)
      state = .pitch
    case .velocity:
      velocity = Int(id - layout.velocity.lowerBound)
      state = .velocity
    case .duration:
      complete(duration: layout.durations.values[Int(id - layout.duration.lowerBound)])
    }
  }

  private mutating func complete(duration: Int) {
    unisonCount = isUnison ? unisonCount + 1 : 1
    (lastProgram, lastPitch, lastVelocity, lastDuration) = (program, pitch, velocity, duration)
    furthestEnd = max(furthestEnd, step + duration)
    noteCount += 1
    state = .note
  }

  func allowed(into mask: inout [Bool]) {
    precondition(
      mask.count == layout.count, "a mask of \(mask.count) does not fit a vocabulary of \(layout.count)")
    for index in mask.indices { mask[index] = false }
    switch state {
    case .start: mask[Int(REMILayout.beginning)] = true
    case .bos: mask[Int(REMILayout.bar)] = true
    case .bar: allowTimeSignatures(&mask)
    case .timeSignature:
      if tempo < 0 { mask[Int(layout.position.lowerBound)] = true } else { allowLeaving(&mask) }
    case .position:
      allow(layout.tempo, &mask)
      if tempo >= 0 {
        mask[Int(layout.tempo.lowerBound) + tempo] = false
        allowNotes(&mask)
      }
    case .tempo, .note:
      allowNotes(&mask)
      allowLeaving(&mask)
    case .program: allowPitches(&mask)
    case .pitch: allow(layout.velocity, &mask, from: lowestVelocity)
    case .velocity:
      let durations = layout.durations
      allow(
        layout.duration, &mask, from: durations.firstIndex(atLeast: shortestDuration),
        upTo: durations.firstIndex(atLeast: longestDuration + 1))
    case .end: mask[Int(REMILayout.padding)] = true
    }
  }

  /// Marks the ids of a range, from the `first`-th on and before the `end`-th.
  private func allow(_ ids: Range<Int32>, _ mask: inout [Bool], from first: Int = 0, upTo end: Int = .max) {
    let start = Int(ids.lowerBound)
    var index = first
    let end = min(end, ids.count)
    while index < end {
      mask[start + index] = true
      index += 1
    }
  }

  private func allowTimeSignatures(_ mask: inout [Bool]) {
    let barsLeft = bars.maximum - barCount
    for index in layout.timeSignatures.indices {
      if let fixed = layout.configuration.timeSignature, layout.timeSignatures[index] != fixed { continue }
      if index == quarterBar, barsLeft == 0, hasOnlyQuarterBars { continue }
      guard barStart + layout.barLengths[index] * (1 + barsLeft) >= furthestEnd else { continue }
      mask[Int(layout.timeSignature.lowerBound) + index] = true
    }
  }

  /// A later position, the next bar, the end.
  private func allowLeaving(_ mask: inout [Bool]) {
    allow(layout.position, &mask, from: step + 1 - barStart, upTo: barEnd - barStart)
    mask[Int(REMILayout.bar)] = barCount < bars.maximum
    mask[Int(REMILayout.end)] =
      barCount >= bars.minimum && furthestEnd > barStart && furthestEnd <= barEnd && !hasOnlyQuarterBars
  }

  /// What a further note at this position can begin with.
  private func allowNotes(_ mask: inout [Bool]) {
    guard layout.usesPrograms else {
      allowMelodicPitches(&mask)
      allowDrumPitches(&mask)
      return
    }
    var first = max(lastProgram, 0)
    if lastProgram >= 0, firstPitch(after: lastProgram) >= pitchCount(of: lastProgram) { first += 1 }
    allow(layout.program, &mask, from: first)
  }

  private func allowPitches(_ mask: inout [Bool]) {
    if program == REMILayout.drums { allowDrumPitches(&mask) } else { allowMelodicPitches(&mask) }
  }

  private func allowMelodicPitches(_ mask: inout [Bool]) {
    allow(layout.pitch, &mask, from: firstPitch(after: layout.usesPrograms ? program : 0))
  }

  private func allowDrumPitches(_ mask: inout [Bool]) {
    allow(layout.drumPitch, &mask, from: firstPitch(after: REMILayout.drums))
  }

  private func pitchCount(of program: Int) -> Int {
    program == REMILayout.drums ? layout.drumPitch.count : layout.pitch.count
  }

  /// The lowest pitch token that a further note of `program` at this position may have.
  private func firstPitch(after program: Int) -> Int {
    guard program == lastProgram else { return 0 }
    return unisonCount < layout.configuration.unisonLimit ? lastPitch : lastPitch + 1
  }

  /// Whether the note being said is in unison with the last; then it is no shorter, and if as long, no softer.
  private var isUnison: Bool { program == lastProgram && pitch == lastPitch }

  private var lowestVelocity: Int { isUnison && lastDuration == longestDuration ? lastVelocity : 0 }

  private var shortestDuration: Int {
    guard isUnison else { return 1 }
    return velocity < lastVelocity ? lastDuration + 1 : lastDuration
  }

  /// The longest duration that ends before the last bar does.
  private var longestDuration: Int {
    min(layout.configuration.maximumDuration, barEnd + (bars.maximum - barCount) * (barEnd - barStart) - step)
  }
}
