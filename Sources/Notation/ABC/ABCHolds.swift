internal import Groundwork
internal import Music

/// What fermatas hold: stretches of time that last twice as long as written, in every voice alike.
struct ABCHolds {
  /// The stretches in written time, in order and apart from each other.
  private(set) var ranges: [Range<Int>] = []
  /// How much is held before each of them.
  private var heldBefore: [Int] = []

  init(_ holds: [Range<Int>]) {
    for hold in holds.sorted(by: { $0.lowerBound < $1.lowerBound }) where !hold.isEmpty {
      if let last = ranges.last, hold.lowerBound <= last.upperBound {
        ranges[ranges.count - 1] = last.lowerBound..<max(last.upperBound, hold.upperBound)
      } else {
        ranges.append(hold)
      }
    }
    var sum = 0
    for range in ranges {
      heldBefore.append(sum)
      sum += range.count
    }
  }

  var isEmpty: Bool { ranges.isEmpty }

  /// When what is written at `time` sounds.
  func sounding(_ time: Int) -> Int {
    let begun = ranges.partitioningIndex { $0.lowerBound >= time }
    guard begun > 0 else { return time }
    let last = ranges[begun - 1]
    return time + heldBefore[begun - 1] + min(time, last.upperBound) - last.lowerBound
  }
}

extension ABCPerformance {
  /// Moves everything to when it sounds, and makes the bars that hold something longer, so that bar lines still fall
  /// where the time signature has them.
  mutating func hold(_ holds: ABCHolds) {
    guard !holds.isEmpty else { return }
    timeSignatures = heldTimeSignatures(holds)
    for index in notes.indices {
      let end = holds.sounding(notes[index].onset + notes[index].length)
      notes[index].onset = holds.sounding(notes[index].onset)
      notes[index].length = end - notes[index].onset
    }
    for index in bars.indices { bars[index].time = holds.sounding(bars[index].time) }
    for index in keys.indices { keys[index].time = holds.sounding(keys[index].time) }
    for index in tempos.indices { tempos[index].time = holds.sounding(tempos[index].time) }
    for index in chordSymbols.indices { chordSymbols[index].time = holds.sounding(chordSymbols[index].time) }
    for index in markers.indices { markers[index].time = holds.sounding(markers[index].time) }
    for index in syllables.indices { syllables[index].time = holds.sounding(syllables[index].time) }
    time = holds.sounding(time)
  }

  /// The most time signature changes that held bars may make.
  private static let timeSignatureLimit = 65_536

  /// The time signatures in sounding time, with one of its own for each bar that holds something.
  private func heldTimeSignatures(_ holds: ABCHolds) -> [(time: Int, timeSignature: ABCTimeSignature)] {
    var result: [(time: Int, timeSignature: ABCTimeSignature)] = []
    let changes = timeSignatures.indices.filter {
      $0 == 0 || timeSignatures[$0].timeSignature != timeSignatures[$0 - 1].timeSignature
    }
    var firstHold = 0
    for (number, index) in changes.enumerated() {
      let (start, timeSignature) = timeSignatures[index]
      let end = number + 1 < changes.count ? timeSignatures[changes[number + 1]].time : time
      result.append((holds.sounding(start), timeSignature))
      while firstHold < holds.ranges.count, holds.ranges[firstHold].upperBound <= start { firstHold += 1 }
      let length = timeSignature.barLength
      guard length > 0 else { continue }
      let origin = start == 0 ? -opening : start
      var bar = origin
      for hold in holds.ranges[firstHold...].prefix(while: { $0.lowerBound < end }) {
        bar = max(bar, origin + (hold.lowerBound - origin) / length * length)
        while bar < min(hold.upperBound, end), result.count < Self.timeSignatureLimit {
          let written = max(bar, 0)..<min(bar + length, end)
          let sounding = holds.sounding(written.lowerBound)..<holds.sounding(written.upperBound)
          if let longer = timeSignature.lengthened(by: sounding.count - written.count) {
            result.append((sounding.lowerBound, longer))
            if written.upperBound < time { result.append((sounding.upperBound, timeSignature)) }
          }
          bar += length
        }
      }
    }
    return result
  }
}

extension ABCTimeSignature {
  /// The time signature of a bar that is longer by `extra` grains, as 5/4 for a bar of 4/4 with a quarter more; nil if no beat
  /// down to a sixty-fourth measures it.
  fileprivate func lengthened(by extra: Int) -> ABCTimeSignature? {
    var beat = denominator
    while extra % (ABCTime.whole / beat) != 0 {
      guard beat < 64 else { return nil }
      beat *= 2
    }
    let beats = (barLength + extra) / (ABCTime.whole / beat)
    return beats <= 255 ? ABCTimeSignature(numerator: beats, denominator: beat) : nil
  }
}
