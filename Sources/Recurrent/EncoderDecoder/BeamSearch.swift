internal import Arithmetic

/// The bookkeeping of a beam search (Graves 2012; Sutskever, Vinyals & Le 2014): which beginnings of a sequence are followed,
/// and which whole sequences were found. It knows nothing of what gives the probabilities.
///
/// At each step every id is put after every beginning that is followed. Of the `width` most probable results those that end are
/// found; the `width` most probable of those that do not are followed. The search is over when `width` sequences were found, none
/// is followed any more, or the limit is reached. With a width of 1 it takes the most probable id at each step; a width of all
/// beginnings there can be makes it exhaustive.
struct BeamSearch {
  /// A beginning that is followed, or its end: its last id, and the beginning that it continues.
  struct Entry {
    var id: Int32
    /// Which of the entries of the step before.
    var parent: Int
    var logProbability: Double
  }

  /// A sequence that was found.
  struct Result {
    /// Its ids, the end not included.
    var ids: [Int32]
    /// For each of its ids, and for the end where it has one, which of the beginnings was continued at that step.
    var parents: [Int]
    var logProbability: Double
    var score: Double
    var isComplete: Bool
  }

  private struct Found {
    var step: Int
    var parent: Int
    var logProbability: Double
    var score: Double
  }

  let width: Int
  let vocabularySize: Int
  let endID: Int32
  let maximumLength: Int
  let normalization: LengthNormalization

  /// The beginnings that are followed, most probable first: those of step t at t · width.
  private var entries: [Entry] = []
  /// How many beginnings each step left.
  private var counts: [Int] = []
  private var found: [Found] = []
  /// The most probable continuations of the current step, most probable first; at most 2 · width, of which `width` do not end.
  private var candidates: [Entry] = []

  /// A search at its beginning: one beginning without an id.
  /// - Parameter maximumLength: how many ids a sequence may have, the end not included.
  init(
    width: Int, vocabularySize: Int, endID: Int32, maximumLength: Int, normalization: LengthNormalization
  ) {
    precondition(
      width > 0 && maximumLength > 0, "a beam of \(width), sequences of \(maximumLength): none may be 0")
    self.width = width
    self.vocabularySize = vocabularySize
    self.endID = endID
    self.maximumLength = maximumLength
    self.normalization = normalization
    candidates.reserveCapacity(2 * width + 1)
    found.reserveCapacity(2 * width)
    restart()
  }

  /// Goes back to the beginning, keeping its memory.
  mutating func restart() {
    entries.removeAll(keepingCapacity: true)
    counts.removeAll(keepingCapacity: true)
    found.removeAll(keepingCapacity: true)
    live = 0..<0
    isAtLimit = false
  }

  /// The indices in `entries` of the prefixes that are followed; empty before the first step.
  private var live = 0..<0
  /// How many steps were taken.
  var stepCount: Int { counts.count }
  /// How many beginnings are followed.
  var liveCount: Int { stepCount == 0 ? 1 : live.count }
  /// The last id and the parent of a beginning that is followed; there is none before the first step.
  func entry(_ index: Int) -> Entry { entries[live.lowerBound + index] }
  /// Whether beginnings as long as may be were tried for their end.
  private var isAtLimit = false
  /// Whether nothing better is to be expected.
  var isFinished: Bool { found.count >= width || liveCount == 0 || isAtLimit }

  /// Takes one step.
  /// - Parameter logits: unnormalized log-probabilities, a row of `vocabularySize` for each beginning that is followed.
  mutating func advance(logits: UnsafePointer<Float>) {
    candidates.removeAll(keepingCapacity: true)
    for index in 0..<liveCount {
      let row = logits + index * vocabularySize
      consider(index, row, before: stepCount == 0 ? 0 : entry(index).logProbability)
    }
    let first = entries.count
    isAtLimit = stepCount == maximumLength
    for (rank, candidate) in candidates.enumerated() {
      if candidate.id != endID {
        if !isAtLimit, entries.count - first < width { entries.append(candidate) }
      } else if rank < width {
        let logProbability = candidate.logProbability
        found.append(
          Found(
            step: stepCount, parent: candidate.parent, logProbability: logProbability,
            score: normalization.score(logProbability: logProbability, count: stepCount + 1)))
      }
    }
    guard !isAtLimit else { return }
    counts.append(entries.count - first)
    live = first..<entries.count
  }

  /// Puts every id after one beginning, and keeps the candidates sorted.
  private mutating func consider(_ index: Int, _ logits: UnsafePointer<Float>, before: Double) {
    var largest = -Float.infinity
    for id in 0..<vocabularySize { largest = max(largest, logits[id]) }
    var sum = 0.0
    for id in 0..<vocabularySize { sum += exponential(Double(logits[id] - largest)) }
    let offset = before - Double(largest) - logarithm(sum)
    for id in 0..<vocabularySize {
      let logProbability = offset + Double(logits[id])
      if candidates.count == 2 * width {
        if logProbability <= candidates[candidates.count - 1].logProbability { continue }
        candidates.removeLast()
      }
      var place = candidates.count
      while place > 0, candidates[place - 1].logProbability < logProbability { place -= 1 }
      candidates.insert(Entry(id: Int32(id), parent: index, logProbability: logProbability), at: place)
    }
  }

  /// What was found, best score first; where nothing was, the beginnings that are still followed.
  func results() -> [Result] {
    let found =
      if self.found.isEmpty {
        (0..<liveCount).map { index in
          let logProbability = stepCount == 0 ? 0 : entry(index).logProbability
          return Found(
            step: stepCount, parent: index, logProbability: logProbability,
            score: normalization.score(logProbability: logProbability, count: stepCount))
        }
      } else { self.found }
    let order = found.indices.sorted { (found[$1].score, $0) < (found[$0].score, $1) }
    return order.prefix(width).map { trace(found[$0], isComplete: !self.found.isEmpty) }
  }

  /// Follows a sequence back to its beginning.
  private func trace(_ end: Found, isComplete: Bool) -> Result {
    var ids: [Int32] = [], parents: [Int] = isComplete ? [end.parent] : []
    var index = end.parent, upper = entries.count
    for step in counts.indices.reversed() {
      let first = upper - counts[step]
      upper = first
      guard step < end.step else { continue }
      let entry = entries[first + index]
      ids.append(entry.id)
      parents.append(entry.parent)
      index = entry.parent
    }
    return Result(
      ids: ids.reversed(), parents: parents.reversed(), logProbability: end.logProbability, score: end.score,
      isComplete: isComplete)
  }
}
