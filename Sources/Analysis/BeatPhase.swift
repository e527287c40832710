internal import Groundwork
internal import Music

/// Where the beats of a score lie between those that its ticks count, by its onsets alone.
///
/// Onsets are laid over one quarter note. The phase under which most of them fall on the quarter, its eighths, sixteenths and
/// triplets, each weighted by how common it is in music, is that of the beat.
struct BeatPhase {
  /// Phases that are distinguished in a quarter note: a quarter of a twelfth each.
  static let count = 48
  /// Steps of the grid on which onsets are counted.
  static let stepsPerQuarter = 12

  private let ticksPerQuarter: Int
  /// All onsets, in order.
  private let onsets: [Int]

  init(onsets: [Int], ticksPerQuarter: Int) {
    self.onsets = onsets
    self.ticksPerQuarter = ticksPerQuarter
  }

  /// How much an onset at each phase after the beat says for that beat.
  private static let weights: [Double] = {
    var weights = [Double](repeating: 0, count: count)
    for (center, weight) in [(0, 1.0), (24, 0.9), (12, 0.8), (36, 0.8), (16, 0.55), (32, 0.55)] {
      for (distance, share) in [(0, 1.0), (1, 0.9), (-1, 0.9), (2, 0.5), (-2, 0.5)] {
        let place = (center + distance + count) % count
        weights[place] = max(weights[place], weight * share)
      }
    }
    return weights
  }()

  /// The part of the onsets that are on a sixteenth or on a triplet of eighths when a quarter has twelve steps, if `delay` gives how
  /// late the beat is at each of them; without triplets, on a sixteenth.
  func share(onGridWith delays: SectionDelays, countingTriplets: Bool = true) -> Double {
    guard !onsets.isEmpty else { return 1 }
    let count = onsets.count { onset in
      let ticks = 2 * Self.stepsPerQuarter * (onset - delays[onset]) + ticksPerQuarter
      let step = ticks.flooredQuotient(by: 2 * ticksPerQuarter).modulo(Self.stepsPerQuarter)
      return step % 3 == 0 || (countingTriplets && step % 4 == 0)
    }
    return Double(count) / Double(onsets.count)
  }

  /// How late the beat is in the whole piece, in ticks, 0 ..< `ticksPerQuarter` and at most a rounding beyond.
  func delay() -> Int {
    let scores = scores(of: onsets[...])
    let best = scores.indices.max { scores[$0] < scores[$1] } ?? 0
    return refined(best, by: onsets[...])
  }

  /// How late the beat is where it does not stay the same: in sections, each with a delay of its own.
  ///
  /// The best sequence of phases over stretches of four quarter notes, where each change costs as much as several onsets off
  /// the grid (Viterbi's algorithm).
  func delays() -> SectionDelays {
    let windows = windows()
    guard windows.count > 1 else { return SectionDelays(delay()) }
    var best = scores(of: onsets[windows[0]])
    var origins: [[Int8]] = []
    for window in windows.dropFirst() {
      let leap = (best.max() ?? 0) - Self.leapCost
      let leapOrigin = best.indices.max { best[$0] < best[$1] } ?? 0
      let own = scores(of: onsets[window])
      var next = best
      var origin = [Int8](repeating: 0, count: Self.count)
      for phase in 0..<Self.count {
        var (value, from) = (best[phase], phase)
        for neighbor in [(phase + 1) % Self.count, (phase + Self.count - 1) % Self.count]
        where best[neighbor] - Self.driftCost > value {
          (value, from) = (best[neighbor] - Self.driftCost, neighbor)
        }
        if leap > value { (value, from) = (leap, leapOrigin) }
        next[phase] = value + own[phase]
        origin[phase] = Int8(from)
      }
      best = next
      origins.append(origin)
    }
    var phase = best.indices.max { best[$0] < best[$1] } ?? 0
    var phases = [phase]
    for origin in origins.reversed() {
      phase = Int(origin[phase])
      phases.append(phase)
    }
    return sections(windows, phases.reversed())
  }

  /// What a change of the phase by one place costs, and what any other does, in onsets.
  private static let driftCost = 2.0
  private static let leapCost = 10.0

  /// The onsets of each stretch of four quarter notes in which any begin, as ranges of indices.
  private func windows() -> [Range<Int>] {
    var windows: [Range<Int>] = []
    var start = 0
    while start < onsets.count {
      let end = (onsets[start] / (4 * ticksPerQuarter) + 1) * 4 * ticksPerQuarter
      let next = onsets[start...].partitioningIndex { $0 >= end }
      windows.append(start..<next)
      start = next
    }
    return windows
  }

  private func sections(_ windows: [Range<Int>], _ phases: [Int]) -> SectionDelays {
    var sections: [(onsets: Range<Int>, phase: Int)] = []
    for (window, phase) in zip(windows, phases) {
      if let last = sections.last, last.phase == phase {
        sections[sections.count - 1].onsets = last.onsets.lowerBound..<window.upperBound
      } else {
        sections.append((window, phase))
      }
    }
    let found = sections.map {
      (tick: onsets[$0.onsets.lowerBound], delay: refined($0.phase, by: onsets[$0.onsets]))
    }
    return SectionDelays(found, ticksPerQuarter: ticksPerQuarter)
  }

  /// For each phase, how well these onsets fall on the beat and its parts if the beat has that phase.
  private func scores(of onsets: ArraySlice<Int>) -> [Double] {
    var histogram = [Double](repeating: 0, count: Self.count)
    for onset in onsets {
      let phase = (2 * Self.count * onset + ticksPerQuarter).flooredQuotient(by: 2 * ticksPerQuarter)
      histogram[phase.modulo(Self.count)] += 1
    }
    return (0..<Self.count).map { phase in
      var score = 0.0
      for place in 0..<Self.count where histogram[place] > 0 {
        score += histogram[place] * Self.weights[(place - phase + Self.count) % Self.count]
      }
      return score
    }
  }

  /// The delay of a phase to the tick: the median of the onsets near its sixteenths.
  private func refined(_ phase: Int, by onsets: ArraySlice<Int>) -> Int {
    let rough = phase * ticksPerQuarter / Self.count
    let sixteenth = max(1, ticksPerQuarter / 4)
    let near = onsets.map { ($0 - rough + sixteenth / 2).modulo(sixteenth) - sixteenth / 2 }
      .filter { abs($0) <= ticksPerQuarter / 24 }.sorted()
    return rough + (near.isEmpty ? 0 : near[near.count / 2])
  }
}

/// How late the beat is, in ticks, in the sections of a piece.
struct SectionDelays: Hashable {
  /// The ticks at which sections begin, the first of them at the beginning of time, and the delay of each.
  private(set) var sections: [(tick: Int, delay: Int)]

  /// For each section the latest tick to which one before it is moved: from there on it goes on.
  private var floors: [Int]

  init(_ delay: Int) {
    sections = [(.min, delay)]
    floors = [.min]
  }

  /// Joins sections without a jump of more than half a quarter note between any two of them.
  fileprivate init(_ found: [(tick: Int, delay: Int)], ticksPerQuarter: Int) {
    sections = []
    for section in found {
      var delay = section.delay
      if let last = sections.last {
        let half = ticksPerQuarter / 2
        delay = last.delay + (delay - last.delay + half).modulo(ticksPerQuarter) - half
      }
      if sections.last?.delay == delay { continue }
      sections.append((sections.isEmpty ? .min : section.tick, delay))
    }
    if sections.isEmpty { sections = [(.min, 0)] }
    floors = [.min]
    for index in sections.indices.dropFirst() {
      floors.append(max(floors[index - 1], sections[index].tick - sections[index - 1].delay))
    }
  }

  /// The section in which a tick is.
  private func section(of tick: Int) -> Int {
    sections.count == 1 ? 0 : max(0, sections.partitioningIndex { $0.tick > tick } - 1)
  }

  /// The tick to which a tick is moved, never before that of an earlier one: after a jump to a lesser delay time stands still
  /// until what came before is passed.
  func place(of tick: Int) -> Int {
    let section = section(of: tick)
    return max(floors[section], tick - sections[section].delay)
  }

  /// The delay at a tick.
  subscript(tick: Int) -> Int {
    sections[section(of: tick)].delay
  }

  /// The same, `ticks` later everywhere.
  func moved(by ticks: Int) -> SectionDelays {
    var result = self
    for index in sections.indices {
      result.sections[index].delay += ticks
      if index > 0 { result.floors[index] -= ticks }
    }
    return result
  }

  static func == (a: SectionDelays, b: SectionDelays) -> Bool {
    a.sections.elementsEqual(b.sections) { $0.tick == $1.tick && $0.delay == $1.delay }
  }

  func hash(into hasher: inout Hasher) {
    for section in sections {
      hasher.combine(section.tick)
      hasher.combine(section.delay)
    }
  }
}

extension Int {
  /// The quotient, rounded down.
  func flooredQuotient(by divisor: Int) -> Int {
    let (quotient, rest) = quotientAndRemainder(dividingBy: divisor)
    return rest < 0 ? quotient - 1 : quotient
  }

  /// The remainder of the quotient that is rounded down: 0 ..< `divisor`.
  func modulo(_ divisor: Int) -> Int {
    let rest = self % divisor
    return rest < 0 ? rest + divisor : rest
  }
}
