public import Music
public import Tokenization

/// A passage that a piece has in common with one of an index.
public struct SharedPassage: Sendable, Hashable, Codable {
  /// Whether it is in the same key.
  public var kind: PassageIndex.Kind
  /// How many notes of the line it has.
  public var noteCount: Int
  /// How many bars it is in, the first and the last among them.
  public var barCount: Int
  /// The index of the part's track in the score that was asked about.
  public var track: Int
  /// The number of the bar there in which it begins, from 0.
  public var bar: Int
  /// The number of its first note in that part's line, from 0.
  public var note: Int
  /// The name of the piece that it is found in.
  public var source: String
  /// The index of the part's track in that piece.
  public var sourceTrack: Int
  /// The number of the bar in that piece in which it begins, from 0.
  public var sourceBar: Int
  /// The number of its first note in the line of that part, from 0.
  public var sourceNote: Int
  /// By how many semitones it is higher here than there.
  public var semitones: Int
}

extension PassageIndex {
  /// The longest passage that a score shares with the pieces.
  /// - Parameters:
  ///   - score: The score. It is compared as the corpus's tokens have it.
  ///   - kind: How the passage is the same.
  ///   - tracks: In which of the tracks it is looked for, by their indices in the normalized score; nil for all. Drums are left out.
  /// - Returns: The passage; nil for a score without pitched notes. Of several that are equally long, the first.
  /// - Throws: `TokenizationError` for a score that the corpus's tokens cannot express.
  public func longestSharedPassage(
    of score: Score, _ kind: Kind, tracks: Set<Int>? = nil
  ) throws(TokenizationError) -> SharedPassage? {
    try sharedPassages(of: score, kind).filter { tracks?.contains($0.track) ?? true }.max {
      ($0.noteCount, $1.track) < ($1.noteCount, $0.track)
    }
  }

  /// For each part with pitched notes the longest passage that it shares with the pieces.
  /// - Parameters:
  ///   - score: The score. It is compared as the corpus's tokens have it.
  ///   - kind: How the passage is the same.
  /// - Returns: One passage for each part, in the order of the tracks of the normalized score; a part without one shares not
  ///   even a single note.
  /// - Throws: `TokenizationError` for a score that the corpus's tokens cannot express.
  public func sharedPassages(of score: Score, _ kind: Kind) throws(TokenizationError) -> [SharedPassage] {
    let score = try normalized(score)
    let bars = score.bars
    return score.passageLines.compactMap { line in
      longestPassage(of: line, kind).map { found in
        passage(found, line: line, kind) { bars.index(ofStep: $0, in: score) }
      }
    }
  }

  /// All passages that a score shares with the pieces, in any key, and that neither a note before nor one behind would make longer.
  /// - Parameters:
  ///   - score: The score. It is compared as the corpus's tokens have it.
  ///   - leastNotes: How many notes a passage has at least.
  /// - Returns: The passages of each part by their last notes. They may overlap. Of several places that a passage occurs at, one in the same key
  ///   is told, if there is any.
  /// - Throws: `TokenizationError` for a score that the corpus's tokens cannot express.
  public func maximalPassages(
    of score: Score, leastNotes: Int
  ) throws(TokenizationError) -> [SharedPassage] {
    let score = try normalized(score)
    let bars = score.bars
    return score.passageLines.flatMap { line in
      maximalFinds(in: line, leastNotes: leastNotes).map { found in
        var passage = passage(found, line: line, .transposed) { bars.index(ofStep: $0, in: score) }
        if passage.semitones == 0 { passage.kind = .exact }
        return passage
      }
    }
  }

  private func maximalFinds(in line: PassageLine, leastNotes: Int) -> [Find] {
    var finds: [Find] = []
    var match = beginning
    func take(_ match: PassageMatch, end: Int) {
      guard match.noteCount >= leastNotes, !suffixes.isEmpty else { return }
      let pitch = line.events[end + 1 - match.noteCount].pitch
      let places = suffixes[match.range]
      let place = places.first { text.pitch(Int($0) - 1) == pitch } ?? places[places.startIndex]
      finds.append(Find(end: end, noteCount: match.noteCount, place: Int(place) - 1))
    }
    for (end, event) in line.events.enumerated().dropFirst() {
      let before = line.events[end - 1]
      let next = advanced(match, interval: event.pitch - before.pitch, gap: event.step - before.step)
      if next.noteCount <= match.noteCount { take(match, end: end - 1) }
      match = next
    }
    if !line.events.isEmpty { take(match, end: line.events.count - 1) }
    return finds
  }

  /// A passage in a line: its last note, how many notes it has, and where its first note is in the text.
  private struct Find {
    var end: Int
    var noteCount: Int
    var place: Int
  }

  private func longestPassage(of line: PassageLine, _ kind: Kind) -> Find? {
    var best: Find?
    var match = beginning
    for (end, event) in line.events.enumerated() {
      if end > 0 {
        let before = line.events[end - 1]
        match = advanced(match, interval: event.pitch - before.pitch, gap: event.step - before.step)
      }
      guard match.noteCount > best?.noteCount ?? 0 else { continue }
      switch kind {
      case .transposed:
        guard !suffixes.isEmpty else { continue }
        best = Find(
          end: end, noteCount: match.noteCount, place: Int(suffixes[Int(match.range.lowerBound)]) - 1)
      case .exact:
        if let find = exact(match, line, end: end, longerThan: best?.noteCount ?? 0) { best = find }
      }
    }
    return best
  }

  /// The longest end of a match that is in the same key somewhere. If one is, all shorter ones are.
  private func exact(_ match: PassageMatch, _ line: PassageLine, end: Int, longerThan least: Int) -> Find? {
    var (low, high) = (least, match.noteCount)
    var found: Find?
    while low < high {
      let count = (low + high + 1) / 2
      let pitch = line.events[end + 1 - count].pitch
      let part = shortened(match, toNotes: count)
      if let suffix = suffixes[part.range].first(where: { text.pitch(Int($0) - 1) == pitch }) {
        found = Find(end: end, noteCount: count, place: Int(suffix) - 1)
        low = count
      } else {
        high = count - 1
      }
    }
    return found
  }

  private func passage(
    _ find: Find, line: PassageLine, _ kind: Kind, barOfStep: (Int) -> Int
  ) -> SharedPassage {
    let first = find.end + 1 - find.noteCount
    let source = text.line(of: find.place)
    let bar = barOfStep(line.events[first].step)
    return SharedPassage(
      kind: kind, noteCount: find.noteCount, barCount: barOfStep(line.events[find.end].step) - bar + 1,
      track: line.track, bar: bar, note: first, source: pieceNames[Int(source.piece)],
      sourceTrack: Int(source.track), sourceBar: text.bar(find.place),
      sourceNote: find.place - Int(source.start),
      semitones: line.events[first].pitch - text.pitch(find.place))
  }
}

extension [Int32] {
  fileprivate subscript(range: Range<Int32>) -> ArraySlice<Int32> {
    self[Int(range.lowerBound)..<Int(range.upperBound)]
  }
}
