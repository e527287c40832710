/// The longest passage at the end of a line, as far as it has been written, that occurs in the pieces of a `PassageIndex`, in any key.
public struct PassageMatch: Sendable, Hashable {
  /// Where it occurs: a range of the index's suffixes.
  var range: Range<Int32>
  /// By how many steps from note to note it is told.
  var stepCount: Int

  /// How many notes it has; at least 1, since every note alone is in every key.
  public var noteCount: Int { stepCount + 1 }
}

extension PassageIndex {
  /// The match of a line's first note.
  public var beginning: PassageMatch { PassageMatch(range: 0..<Int32(suffixes.count), stepCount: 0) }

  /// The match after one note more: a few microseconds at most, whatever the size of the index and the length of the match.
  /// - Parameters:
  ///   - match: The match up to the note before.
  ///   - interval: By how many semitones the new note is higher, −127...127.
  ///   - gap: How many steps after the other it begins, at least 1.
  public func advanced(_ match: PassageMatch, interval: Int, gap: Int) -> PassageMatch {
    let key = PassageText.key(interval: interval, gap: gap)
    let longer = narrowed(match.range, depth: match.stepCount, to: key)
    if !longer.isEmpty { return PassageMatch(range: longer, stepCount: match.stepCount + 1) }
    guard match.stepCount > 0 else { return beginning }
    // What is written ends like the text at this place; of that, the longest end after which the note occurs. If one occurs,
    // all shorter ones do.
    let place = Int(suffixes[Int(match.range.lowerBound)])
    var (low, high) = (1, match.stepCount)
    var found = places(like: place + match.stepCount, count: 0, then: key)
    guard !found.isEmpty else { return beginning }
    while low < high {
      let middle = (low + high) / 2
      let range = places(like: place + middle, count: match.stepCount - middle, then: key)
      if range.isEmpty {
        low = middle + 1
      } else {
        high = middle
        found = range
      }
    }
    return PassageMatch(range: found, stepCount: match.stepCount - low + 1)
  }

  /// The match without its first notes.
  func shortened(_ match: PassageMatch, toNotes count: Int) -> PassageMatch {
    guard count < match.noteCount else { return match }
    guard count > 1 else { return beginning }
    let place = Int(suffixes[Int(match.range.lowerBound)]) + match.noteCount - count
    return PassageMatch(
      range: places(like: place, count: count - 2, then: text.key(place + count - 2)), stepCount: count - 1)
  }

  /// Of suffixes that are equal in `depth` keys those in which a key follows.
  private func narrowed(_ range: Range<Int32>, depth: Int, to key: Int32) -> Range<Int32> {
    let lower = firstSuffix(in: range) { text.key($0 + depth) >= key }
    let upper = firstSuffix(in: lower..<range.upperBound) { text.key($0 + depth) > key }
    return lower..<upper
  }

  /// The suffixes that begin with `count` keys of the text and then with another.
  private func places(like place: Int, count: Int, then key: Int32) -> Range<Int32> {
    func comparison(_ suffix: Int) -> Int32 {
      if suffix != place {
        for offset in 0..<count {
          let difference = text.key(suffix + offset) - text.key(place + offset)
          if difference != 0 { return difference }
        }
      }
      return text.key(suffix + count) - key
    }
    let all = 0..<Int32(suffixes.count)
    let lower = firstSuffix(in: all) { comparison($0) >= 0 }
    let upper = firstSuffix(in: lower..<all.upperBound) { comparison($0) > 0 }
    return lower..<upper
  }

  private func firstSuffix(in range: Range<Int32>, where isBehind: (Int) -> Bool) -> Int32 {
    var (low, high) = (range.lowerBound, range.upperBound)
    while low < high {
      let middle = low + (high - low) / 2
      if isBehind(Int(suffixes[Int(middle)])) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

/// Reads a part note by note, and holds the match of its line with the pieces of an index: the state that a constraint or a
/// display keeps beside a piece that is being written. It is a value: a copy continues by itself.
public struct PassageTracker: Sendable {
  private var reader = PassageLineReader()
  /// The match up to the note before the last of the line, and that note.
  private var before: (event: PassageLine.Event, match: PassageMatch)?
  /// The match that ends with the last note of the line; nil before the first note.
  public private(set) var match: PassageMatch?
  /// The step at which the last note that was taken begins.
  public private(set) var lastStep = -1

  /// The beginning of a part.
  public init() {}

  /// How many notes the passage has that ends with the last note; 0 before the first.
  public var noteCount: Int { match?.noteCount ?? 0 }
  /// How many notes the passage could have that a further note ends, whether it comes after the last or takes its place.
  public var mostAfterNext: Int { noteCount + 1 }

  /// Takes a note that does not begin before the last one that was taken.
  /// - Parameters:
  ///   - event: When it begins, and its pitch.
  ///   - end: The step at which it ends.
  ///   - index: The pieces to find it in.
  /// - Returns: Whether the line has changed.
  @discardableResult
  public mutating func take(_ event: PassageLine.Event, end: Int, in index: PassageIndex) -> Bool {
    lastStep = event.step
    let last = reader.last
    switch reader.take(event, end: end) {
    case .nothing: return false
    case .added: before = last.flatMap { last in match.map { (last, $0) } }
    case .raised: break
    }
    guard let before else {
      match = index.beginning
      return true
    }
    match = index.advanced(
      before.match, interval: event.pitch - before.event.pitch, gap: event.step - before.event.step)
    return true
  }
}
