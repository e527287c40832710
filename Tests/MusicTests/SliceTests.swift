import Music
import TestSupport
import Testing

@Suite struct SliceTests {
  private static let rounds = 100

  private func randomScores(_ seed: UInt64) -> [Score] {
    var scores = RandomScores(seed: seed)
    return (0..<Self.rounds).map { _ in scores.next() }
  }

  @Test("The slice of everything is the score itself", arguments: SliceBoundary.allCases)
  func theSliceOfEverythingIsTheScoreItself(boundary: SliceBoundary) {
    for score in randomScores(1) {
      #expect(score.slice(bars: 0..<score.bars.count, boundary: boundary) == score)
      #expect(score.slice(bars: 0..., boundary: boundary) == score)
      #expect(score.slice(ticks: 0...score.length, boundary: boundary) == score)
    }
  }

  @Test("What holds at the edge holds in the slice") func whatHoldsAtTheEdgeHoldsInTheSlice() {
    var generator = RepeatableGenerator(seed: 2)
    for score in randomScores(2) where score.length > 0 {
      let start = generator.number(0...score.length - 1)
      let slice = score.slice(ticks: start...)
      let (times, sliceTimes) = (score.timeMap, slice.timeMap)
      for tick in start..<score.length {
        let here = tick - start
        #expect(score.keys.last { $0.tick <= tick }?.fifths == slice.keys.last { $0.tick <= here }?.fifths)
        let difference = times.seconds(at: tick) - times.seconds(at: start) - sliceTimes.seconds(at: here)
        #expect(abs(difference) < 1e-9)
      }
      for (track, cut) in zip(score.tracks, slice.tracks) {
        for tick in start..<score.length {
          // A program that is not named sounds with the bank that the device has; nothing is promised for it.
          var (before, after) = (Sound(track, at: tick), Sound(cut, at: tick - start))
          if before.program == nil { (before.bank, after.bank) = ([], []) }
          #expect(before == after, "tick \(tick) of \(track), cut at \(start): \(cut)")
        }
      }
    }
  }

  @Test("Bar lines stay where they are") func barLinesStayWhereTheyAre() {
    var generator = RepeatableGenerator(seed: 3)
    for score in randomScores(3) where score.length > 0 {
      let start = generator.number(0...score.length - 1)
      let slice = score.slice(ticks: start...)
      let lines = Set(score.bars.map(\.start)).union([start]).filter { $0 >= start }.map { $0 - start }
      // Bars without a whole number of ticks may round otherwise when they are counted from elsewhere.
      guard
        score.timeSignatures.allSatisfy({
          16 * $0.timeSignature.numerator % $0.timeSignature.denominator == 0
        })
      else { continue }
      #expect(slice.bars.map(\.start) == lines.sorted(), "\(score.timeSignatures) at \(start)")
    }
  }

  @Test(
    "Each note stands in one slice where notes are kept, and in none that it leaves where they are dropped")
  func eachNoteStandsInOneSlice() {
    var generator = RepeatableGenerator(seed: 4)
    for score in randomScores(4) {
      let cut = generator.number(0...score.length)
      let notes = score.tracks.flatMap(\.notes)
      let crossing = notes.count { $0.onset < cut && $0.end > cut }
      for boundary in SliceBoundary.allCases {
        let (first, second) = (
          score.slice(ticks: 0..<cut, boundary: boundary), score.slice(ticks: cut..., boundary: boundary)
        )
        #expect(first.length + second.length == score.length)
        let expected =
          switch boundary {
          case .clip: notes.count + crossing
          case .keep: notes.count
          case .drop: notes.count - crossing
          }
        // Notes at the very end come with every slice that reaches it.
        let atEnd = cut == score.length ? notes.count { $0.onset >= cut } : 0
        #expect(first.noteCount + second.noteCount == expected + atEnd, "\(boundary)")
        if boundary != .keep { #expect(first.lastNoteEnd <= max(cut, 0)) }
        for track in first.tracks + second.tracks { #expect(track.notes == track.notes.sorted()) }
      }
      let seconds = score.slice(ticks: 0..<cut).seconds + score.slice(ticks: cut...).seconds
      #expect(abs(seconds - score.seconds) < 1e-9)
    }
  }

  @Test("The edges of a slice") func theEdgesOfASlice() {
    let notes = [(0, 8), (2, 4), (4, 4), (6, 4), (8, 0)].map {
      Note(onset: $0.0, duration: $0.1, pitch: 60, velocity: 80)
    }
    let score = Score(
      ticksPerQuarter: 1, tracks: [Track(notes: notes)],
      markers: [3, 4, 8].map { Marker(tick: $0, text: "\($0)") }, length: 16)
    func stretches(_ boundary: SliceBoundary) -> [[Int]] {
      score.slice(bars: 1..<2, boundary: boundary).tracks[0].notes.map { [$0.onset, $0.end] }
    }
    #expect(
      stretches(.clip) == [[0, 2], [0, 4], [0, 4], [2, 4]].sorted { $0.lexicographicallyPrecedes($1) })
    #expect(stretches(.keep) == [[0, 4], [2, 6]])
    #expect(stretches(.drop) == [[0, 4]])
    #expect(score.slice(bars: 1..<2).markers.map(\.text) == ["4"])
    for empty in [score.slice(bars: 2..<2), score.slice(bars: 9..<12), score.slice(ticks: 40..<50)] {
      #expect(empty.length == 0 && empty.noteCount == 0 && empty.tracks.count == 1)
    }
    #expect(score.slice(bars: 3..<9).length == 4)
    #expect(score.slice(ticks: -5..<3).length == 3)
  }

  @Test("A program takes the bank that was chosen for it, and no other")
  func aProgramTakesTheBankThatWasChosenForIt() {
    let track = Track(
      program: 4, channel: 0, notes: [Note(onset: 20, duration: 4, pitch: 60, velocity: 1)],
      programChanges: [ProgramChange(tick: 24, program: 5)],
      controlChanges: [
        ControlChange(tick: 0, controller: 0, value: 1), ControlChange(tick: 22, controller: 0, value: 2),
      ])
    let score = Score(ticksPerQuarter: 4, tracks: [track], length: 40)
    let middle = score.slice(ticks: 23...).tracks[0]
    #expect(middle.program == 4)
    #expect(middle.controlChanges.map(\.tick) == [0, 1] && middle.controlChanges.map(\.value) == [1, 2])
    let last = score.slice(ticks: 24...).tracks[0]
    #expect(last.program == 5 && last.programChanges.isEmpty && last.controlChanges.map(\.value) == [2])
  }

  @Test("The pickup stays with the beginning") func thePickupStaysWithTheBeginning() {
    let score = Score(ticksPerQuarter: 4, length: 64, pickup: 4)
    #expect(score.slice(bars: 0..<2).pickup == 4 && score.slice(bars: 1..<2).pickup == 0)
  }
}
