/// All new bars of a piece: how long they are, and how little of each can be silent.
struct PieceOutline: Sendable {
  /// Where each bar begins, and where the last ends.
  private let starts: [Int]
  /// The fewest silent steps of each bar, and of all bars after it.
  private let leastSilences: [Int]
  private let laterSilences: [Int]

  /// How many bars ahead silence may be used up.
  private static let barsAhead = 3

  /// - Parameters:
  ///   - barCount: The number of new bars; nil where that is open.
  ///   - free: The time signature where the limits name none.
  /// - Returns: Nil where some bar cannot be written.
  init?(_ completion: BarCompletion, barCount: Int?, free: Int) {
    let rules = completion.rules
    guard Self.hasRoomForFirstNotes(rules, barCount) else { return nil }
    var starts = [0], silences: [Int] = []
    // Bars that are asked the same are found out once.
    var known: [[Int]: Int] = [:]
    let isTold = rules.limits.contour == nil
    for number in 0..<(barCount ?? 2) {
      let frame = BarFrame(rules, number: number, barCount: barCount, free: free)
      let key = [
        frame.length, rules.chords.isEmpty ? 0 : number % rules.chords.count,
        rules.rhythm.isEmpty ? 0 : number % rules.rhythm.count, frame.isLast ? 1 : 0, min(number, 1),
        isTold ? 0 : number, frame.latestEnd, min((barCount ?? .max) - number, completion.parts.count + 1),
      ]
      starts.append(starts[starts.count - 1] + frame.length)
      guard let silence = known[key] ?? Self.leastSilence(completion, frame) else { return nil }
      known[key] = silence
      silences.append(silence)
    }
    self.starts = starts
    leastSilences = silences
    var later = Array(repeating: 0, count: silences.count)
    for bar in silences.indices.reversed().dropFirst() { later[bar] = later[bar + 1] + silences[bar + 1] }
    laterSilences = later
    guard rules.limitsSilence, let first = silences.first, let rests = rules.limits.rests else { return }
    let total = starts[starts.count - 1]
    guard Double(first + (later.first ?? 0)) <= rests.upperBound * Double(total) + 1e-9 else { return nil }
  }

  /// Whether the first notes find room before the last one.
  private static func hasRoomForFirstNotes(_ rules: CellRules, _ barCount: Int?) -> Bool {
    let count = rules.limits.firstNotes.count
    guard count > 0, let barCount else { return true }
    let bars = barCount - (rules.endsOnBarLine ? 1 : 0)
    guard !rules.rhythm.isEmpty else { return bars > 0 }
    return (0..<bars).reduce(0) { $0 + rules.rhythm[$1 % rules.rhythm.count].count } >= count
  }

  /// The fewest silent steps with which a bar can be written; nil where it cannot be.
  private static func leastSilence(_ completion: BarCompletion, _ frame: BarFrame) -> Int? {
    let rules = completion.rules
    guard rules.looksAhead else { return 0 }
    var states: [BarState] = []
    var fresh = BarState(frame, partCount: completion.parts.count, room: rules.room)
    if frame.number == 0 {
      states.append(fresh)
    } else {
      fresh.hasSounded = fresh.hasSounded.map { _ in true }
      fresh.leadingNotes = rules.limits.firstNotes.count
      states.append(fresh)
      states += unsounded(completion, fresh)
    }
    let least = leastRequired(rules, frame)
    var silence = 0
    for state in states {
      func isPossible(_ silence: ClosedRange<Int>) -> Bool {
        completion.isPossible(state, nil, next: 0, silence: silence)
      }
      guard least <= frame.length, isPossible(least...frame.length) else { return nil }
      while rules.limitsSilence, !isPossible(0...silence) {
        silence += 1
        guard silence <= frame.length else { return nil }
      }
    }
    return silence
  }

  /// The states in which a part has to play, since as many have not as there are bars left.
  private static func unsounded(_ completion: BarCompletion, _ fresh: BarState) -> [BarState] {
    guard let barCount = fresh.frame.barCount else { return [] }
    let left = barCount - fresh.frame.number
    let pitched = completion.parts.indices.filter { !completion.parts[$0].isDrum }
    guard left <= pitched.count else { return [] }
    return (0...pitched.count - left).map { first in
      var state = fresh
      for part in pitched[first..<first + left] { state.hasSounded[part] = false }
      return state
    }
  }

  /// The most that the least share of rests can ask of one bar.
  private static func leastRequired(_ rules: CellRules, _ frame: BarFrame) -> Int {
    guard let share = rules.limits.rests?.lowerBound, share > 0 else { return 0 }
    let slack = frame.barCount == 1 || !frame.isLast ? 0 : frame.mostSilenceOwed(rules)
    return Int((share * Double(frame.length)).rounded(.up)) + slack
  }

  /// Tells a bar how much time there is.
  func complete(_ frame: inout BarFrame) {
    guard frame.number < leastSilences.count, frame.barCount != nil else { return }
    frame.leastSilence = leastSilences[frame.number]
    frame.laterSilence = laterSilences[frame.number]
    frame.totalSteps = starts[starts.count - 1]
    frame.stepsAhead = starts[min(frame.number + 1 + Self.barsAhead, starts.count - 1)]
  }
}

extension BarFrame {
  /// How many silent steps that a bar lacks may be left to later ones: at most half of it, and no more than the last bar can have beside its
  /// own and a note.
  fileprivate func mostSilenceOwed(_ rules: CellRules) -> Int {
    let share = rules.limits.rests?.lowerBound ?? 0
    let own = Int((share * Double(length)).rounded(.up))
    let note = max(rules.durations.lowerBound, length / 4)
    return max(0, min(length / 2, length - own - note))
  }
}

extension BarState {
  /// The fewest and most silent steps of the bar.
  func silence(_ rules: CellRules) -> ClosedRange<Int> {
    guard let rests = rules.limits.rests else { return 0...frame.length }
    var least = 0
    if rests.lowerBound > 0 {
      let slack = frame.isLast ? 0 : frame.mostSilenceOwed(rules)
      let target = rests.lowerBound * Double(elapsed + frame.length) - 1e-9
      least = max(0, Int(target.rounded(.up)) - slack - silent)
    }
    guard rests.upperBound < 1 else { return min(least, frame.length)...frame.length }
    func budget(_ steps: Int) -> Int { Int(rests.upperBound * Double(steps) + 1e-9) - silent }
    let own = elapsed + frame.length
    let total = frame.totalSteps > 0 ? budget(frame.totalSteps) - frame.laterSilence : budget(own)
    let most = max(min(budget(max(own, frame.stepsAhead)), total), frame.leastSilence, 0)
    return min(least, most)...most
  }
}
