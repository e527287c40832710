/// What holds at some point of a voice.
struct ABCState {
  var timeSignature: ABCElement?
  var key: ABCElement?
  var tempo: ABCElement?

  /// Takes note of a change.
  mutating func update(_ element: ABCElement) {
    switch element {
    case .timeSignature: timeSignature = element
    case .key: key = element
    case .tempo: tempo = element
    default: break
    }
  }

  var elements: [ABCElement] { [timeSignature, key, tempo].compactMap { $0 } }
}

/// Plays out the repeats in a list of elements (ABC 2.1, section 4.8): it is cut into groups, each of which is
/// played once or, with its variant endings, several times.
///
/// Where `:|` has no `|:` before it, the repeat goes back to the last `:|` or double bar line, and the first repeat of
/// a tune to the tune's beginning, whatever double bar lines lie between. A double bar line counts only where at least
/// four bars precede it: after a pickup it divides nothing. A `|:` that follows another without a `:|` between ends the repeat itself. Variant endings end at a repeat or a double bar.
struct ABCPlayback {
  private let elements: [ABCElement]
  private(set) var groups: [Group] = []
  /// How many groups are played more than once.
  private var repeatedCount = 0
  /// How often something was assumed that is not in the text.
  private(set) var hasImpliedRepeat = false

  struct Group {
    var range: Range<Int>
    var passes: Int
    /// Where each ending begins, and on which passes it is played.
    var endings: [(start: Int, passes: UInt64)]
  }

  /// The group that is being read.
  private struct OpenGroup {
    var start: Int
    var isExplicit = false
    var passes = 1
    var endings: [(start: Int, passes: UInt64)] = []
    var hasMusic = false
    /// How many of its bars have ended.
    var barCount = 0

    /// The passes that the endings are for.
    var playedEndings: UInt64 = 0
  }

  private static let passLimit = 16
  /// A section of fewer bars is not repeated on its own.
  private static let shortestSection = 4

  init(_ elements: [ABCElement]) {
    self.elements = elements
    findGroups()
  }

  /// The elements in playing order; what held at a repeat's beginning is restored when it is played again.
  /// - Parameters:
  ///   - initial: what holds at the beginning.
  ///   - limit: the most elements that are returned.
  func played(initial: ABCState, limit: Int) -> [ABCElement] {
    var result: [ABCElement] = []
    var state = initial
    for group in groups {
      let opening = state
      for pass in 1...group.passes where result.count < limit {
        if pass > 1 { result += opening.elements }
        play(group, pass: pass, into: &result)
      }
      for element in elements[group.range] { state.update(element) }
    }
    return result
  }

  private func play(_ group: Group, pass: Int, into result: inout [ABCElement]) {
    guard group.passes > 1, let first = group.endings.first else {
      result += elements[group.range]
      return
    }
    result += elements[group.range.lowerBound..<first.start]
    for (index, ending) in group.endings.enumerated() where ending.passes >> UInt64(pass) & 1 == 1 {
      let end = index + 1 < group.endings.count ? group.endings[index + 1].start : group.range.upperBound
      result += elements[ending.start..<end]
    }
  }

  private mutating func findGroups() {
    var open = OpenGroup(start: 0)
    var previous: OpenGroup?
    for (index, element) in elements.enumerated() {
      switch element {
      case .event:
        open.hasMusic = true
        previous = nil
      case .ending(let passes):
        // A second ending without a repeat before it implies one.
        if !open.endings.isEmpty, open.passes == 1 {
          open.passes = 2
          hasImpliedRepeat = true
        }
        open.endings.append((index, passes))
        open.playedEndings |= passes
      case .bar(let bar): read(bar, at: index, &open, &previous)
      default: break
      }
    }
    close(open, at: elements.count)
  }

  /// - Parameter previous: the group that a double bar line has just ended, while no music has followed.
  private mutating func read(
    _ bar: ABCBar, at index: Int, _ open: inout OpenGroup, _ previous: inout OpenGroup?
  ) {
    if bar.endsRepeat > 0, !open.hasMusic, let group = previous {
      // "|| :|" and "[|]:|": the repeat is that of the section before the double bar line.
      while let last = groups.last, last.range.lowerBound >= group.start {
        groups.removeLast()
        if last.passes > 1 { repeatedCount -= 1 }
      }
      open = group
    }
    if open.hasMusic { open.barCount += 1 }
    let wasOpen = open
    divide(at: bar, index: index, &open)
    if bar.endsRepeat > 0 || bar.beginsRepeat > 0 {
      previous = nil
    } else if wasOpen.hasMusic, !open.hasMusic {
      previous = wasOpen
    }
  }

  /// Ends the open group where the bar line does so.
  private mutating func divide(at bar: ABCBar, index: Int, _ open: inout OpenGroup) {
    if bar.endsRepeat > 0 { open.passes = max(open.passes, bar.endsRepeat + 1) }
    guard bar.dividesSections, !endingContinues(after: index, open) else { return }
    if bar.endsRepeat > 0 || bar.beginsRepeat > 0 {
      if open.isExplicit, open.passes == 1, open.hasMusic {
        open.passes = 2
        hasImpliedRepeat = true
      }
      close(open, at: index + 1)
      open = OpenGroup(start: index + 1, isExplicit: bar.beginsRepeat > 0)
    } else if !open.endings.isEmpty || isSectionOfItsOwn(open) {
      close(open, at: index + 1)
      open = OpenGroup(start: index + 1)
    }
  }

  /// Whether a double bar line after the group divides it from a repeat that begins later.
  private func isSectionOfItsOwn(_ open: OpenGroup) -> Bool {
    !open.isExplicit && open.barCount >= ABCPlayback.shortestSection && repeatedCount > 0
  }

  /// Whether the bar line at `index` belongs to the ending after it: another one of the same repeat, or the first after
  /// a double bar line, as in `||1`.
  private func endingContinues(after index: Int, _ open: OpenGroup) -> Bool {
    if open.endings.isEmpty, case .bar(let bar) = elements[index], bar.endsRepeat > 0 || bar.beginsRepeat > 0
    {
      return false
    }
    for element in elements[(index + 1)...] {
      switch element {
      case .ending(let passes): return passes & open.playedEndings == 0
      case .event: return false
      case .bar(let bar) where bar.dividesSections: return false
      default: continue
      }
    }
    return false
  }

  private mutating func close(_ open: OpenGroup, at end: Int) {
    guard open.start < end else { return }
    var passes = open.passes
    if passes > 1, open.playedEndings != 0 {
      passes = max(2, 63 - open.playedEndings.leadingZeroBitCount)
    }
    if passes > 1 { repeatedCount += 1 }
    groups.append(
      Group(range: open.start..<end, passes: min(passes, ABCPlayback.passLimit), endings: open.endings))
  }
}
