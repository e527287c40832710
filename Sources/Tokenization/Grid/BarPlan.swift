internal import Music

/// Lays out the bars of a score on the grid, from its changes of time signature.
///
/// A bar that a change of time signature cuts short becomes a shorter bar. A time signature without a token of its own
/// is written as the one whose bar is as long (8/32 as 4/16), as several shorter ones (9/4 as 5/4 and 4/4), or as the
/// nearest in sixteenths (5/32 as 3/16).
struct BarPlan {
  private let meters: MeterScale
  private var changes: [Change] = []

  /// From `step` on, bars of this time signature.
  private struct Change {
    var step: Int
    var timeSignature: TimeSignature
  }

  init(
    _ stated: [TimeSignatureChange], grid: Grid, meters: MeterScale, report: inout NormalizationReport
  ) {
    self.meters = meters
    if let fixed = meters.fixed {
      changes = [Change(step: 0, timeSignature: fixed)]
      if stated.contains(where: { $0.timeSignature != fixed }) || (stated.isEmpty && fixed != .common) {
        report.assumedTimeSignature = .configured
      }
      return
    }
    for stated in stated {
      let change = Change(step: grid.step(at: stated.tick), timeSignature: stated.timeSignature)
      if changes.last?.step == change.step { changes.removeLast() }
      if changes.last?.timeSignature == change.timeSignature { continue }
      changes.append(change)
    }
    if changes.first?.step != 0 { changes.insert(Change(step: 0, timeSignature: .common), at: 0) }
  }

  /// The bars from step 0 to the one in which `end` lies.
  ///
  /// A piece of nothing but 1/4 bars counts beats instead of bars; it gets bars of 4/4.
  /// - Throws: `.tooLong`.
  func bars(
    covering end: Int, report: inout NormalizationReport
  ) throws(TokenizationError) -> [GridBar] {
    let bars = try statedBars(covering: end, report: &report)
    guard meters.fixed == nil, let fourFour = index(4, 4), let oneFour = index(1, 4),
      bars.allSatisfy({ $0.timeSignature == oneFour })
    else { return bars }
    report.assumedTimeSignature = .fourFourForOneFour
    report.shortenedBars = 0
    return stride(from: 0, to: end, by: meters.barLengths[fourFour])
      .map { GridBar(start: $0, timeSignature: fourFour) }
  }

  private func statedBars(
    covering end: Int, report: inout NormalizationReport
  ) throws(TokenizationError) -> [GridBar] {
    var bars: [GridBar] = []
    var start = 0
    for (index, change) in changes.enumerated() where start < end {
      let next = index + 1 < changes.count ? changes[index + 1].step : Int.max
      guard next > start else { continue }
      let pattern = pattern(for: change, report: &report)
      var turn = 0
      while start < min(next, end) {
        guard bars.count < BarLimit.highest else {
          throw .tooLong(
            bars: bars.count + (end - start) / meters.barLengths[pattern[0]], limit: BarLimit.highest)
        }
        let timeSignature = pattern[turn % pattern.count]
        turn += 1
        if next - start >= meters.barLengths[timeSignature] {
          bars.append(GridBar(start: start, timeSignature: timeSignature))
          start += meters.barLengths[timeSignature]
        } else {
          start += cutShort(
            at: start, length: next - start, denominator: change.timeSignature.denominator, &bars, &report)
          break
        }
      }
    }
    return bars
  }

  /// Appends the bar that is cut short after `length` steps, and returns how many it takes up.
  private func cutShort(
    at start: Int, length: Int, denominator: Int, _ bars: inout [GridBar], _ report: inout NormalizationReport
  ) -> Int {
    report.shortenedBars += 1
    let candidates = meters.barLengths.indices
    let exact = candidates.filter { meters.barLengths[$0] == length }
    let alike = exact.first { meters.timeSignatures[$0].denominator == denominator }
    let timeSignature =
      alike ?? exact.first
      ?? candidates.min {
        abs(meters.barLengths[$0] - length) < abs(meters.barLengths[$1] - length)
      }
    guard let timeSignature else { return 0 }
    if exact.isEmpty { report.movedTimeSignatureChanges += 1 }
    bars.append(GridBar(start: start, timeSignature: timeSignature))
    return meters.barLengths[timeSignature]
  }

  /// The time signatures that stand for one bar of a stated one.
  private func pattern(for change: Change, report: inout NormalizationReport) -> [Int] {
    let (numerator, denominator) = (change.timeSignature.numerator, change.timeSignature.denominator)
    if let own = index(numerator, denominator) { return [own] }

    let steps = 4 * meters.stepsPerQuarter
    let (length, rest) = (steps * numerator).quotientAndRemainder(dividingBy: denominator)
    var pattern: [Int]
    if rest == 0, let equal = equal(length, denominator) {
      pattern = [equal]
    } else if meters.timeSignatures.contains(where: { $0.denominator == denominator }) {
      pattern = parts(numerator, denominator)
    } else if denominator == 1 {
      pattern = parts(2 * numerator, 2)
    } else {
      pattern = parts(max(1, (32 * numerator + denominator) / (2 * denominator)), 16)
    }
    let written = pattern.reduce(0) { $0 + meters.barLengths[$1] }
    let approximation = NormalizationReport.TimeSignatureApproximation(
      found: change.timeSignature.description,
      written: pattern.map { meters.timeSignatures[$0].description }.joined(separator: " "),
      isExact: rest == 0 && written == length)
    if !report.timeSignatureApproximations.contains(approximation) {
      report.timeSignatureApproximations.append(approximation)
    }
    return pattern
  }

  /// The time signature of this length whose note value is nearest to `denominator`.
  private func equal(_ length: Int, _ denominator: Int) -> Int? {
    denominator < 4 ? meters.barLengths.firstIndex(of: length) : meters.barLengths.lastIndex(of: length)
  }

  /// A bar of `numerator` beats in as few bars as can be, none more than a beat longer than another.
  private func parts(_ numerator: Int, _ denominator: Int) -> [Int] {
    let most = meters.timeSignatures.lazy.filter { $0.denominator == denominator }.map(\.numerator).max() ?? 1
    let count = (numerator + most - 1) / most
    return (0..<count).compactMap {
      index($0 < numerator % count ? numerator / count + 1 : numerator / count, denominator)
    }
  }

  private func index(_ numerator: Int, _ denominator: Int) -> Int? {
    meters.timeSignatures.firstIndex { $0.numerator == numerator && $0.denominator == denominator }
  }
}
