/// Chords bar by bar, as in `Dm7 G7 | Cmaj7`, which are repeated over a piece.
public struct ChordProgression: Sendable, Hashable, CustomStringConvertible {
  /// The chords of each bar, at least one; they share the bar evenly.
  public let bars: [[ChordSymbol]]

  /// Reads chords that are separated by spaces, and bars that are separated by `|`; `%` is the bar before once more.
  /// - Throws: `MusicTextError` with the place of what cannot be read.
  public init(_ text: String) throws(MusicTextError) {
    let example = "bars of chords such as \"Dm7 G7 | Cmaj7\""
    var bars: [[ChordSymbol]] = []
    var parts = text.split(separator: "|", omittingEmptySubsequences: false)
    // A bar line may stand before the first bar and after the last.
    if parts.count > 1, parts[0].allSatisfy(\.isWhitespace) { parts.removeFirst() }
    if parts.count > 1, parts[parts.count - 1].allSatisfy(\.isWhitespace) { parts.removeLast() }
    for part in parts {
      let words = part.split(whereSeparator: \.isWhitespace)
      func position(_ word: Substring) -> Int { text.distance(from: text.startIndex, to: word.startIndex) }
      guard !words.isEmpty else {
        guard bars.isEmpty, parts.count == 1 else {
          throw .unexpected(
            kind: "chord progression", text: text, found: "|",
            position: text.distance(from: text.startIndex, to: part.endIndex) + 1,
            expected: "a chord in each bar, or % for the bar before once more")
        }
        throw .empty(kind: "chord progression", expected: example)
      }
      if words == ["%"] {
        guard let last = bars.last else {
          throw .unexpected(
            kind: "chord progression", text: text, found: "%", position: position(words[0]) + 1,
            expected: "a bar of chords before the one that repeats it")
        }
        bars.append(last)
        continue
      }
      var chords: [ChordSymbol] = []
      for word in words {
        do {
          chords.append(try ChordSymbol(word))
        } catch {
          throw error.moved(by: position(word), in: text)
        }
      }
      bars.append(chords)
    }
    guard bars.contains(where: { !$0.isEmpty }) else {
      throw .empty(kind: "chord progression", expected: example)
    }
    self.bars = bars
  }

  /// The chords of a bar of a piece, by its number from 0.
  public func chords(inBar number: Int) -> [ChordSymbol] { bars[number % bars.count] }

  /// Where the chords of a bar begin: on beats where there are enough of them, else evenly.
  /// - Parameters:
  ///   - count: How many chords there are, at least 1.
  ///   - length: The length of the bar, in any unit.
  ///   - beats: How many beats it has.
  /// - Returns: The beginning of each chord from the bar line, in the same unit.
  public static func starts(count: Int, length: Int, beats: Int) -> [Int] {
    (0..<count).map { index in
      beats >= count ? (index * beats / count) * length / beats : index * length / count
    }
  }

  /// As it can be read again.
  public var description: String {
    bars.map { $0.map(\.description).joined(separator: " ") }.joined(separator: " | ")
  }
}

extension TimeSignature {
  /// How many beats are felt in a bar: in compound time a third of the upper number.
  public var beatCount: Int { isCompound ? numerator / 3 : numerator }

  /// Where the strong beats of a bar are, in a unit of which the bar has `length`: its first beat, and its middle where it has an even
  /// number of beats from four on, or two in compound time.
  public func strongBeats(length: Int) -> [Int] {
    let hasMiddle = beatCount % 2 == 0 && (beatCount >= 4 || isCompound)
    return hasMiddle ? [0, length / 2] : [0]
  }
}
