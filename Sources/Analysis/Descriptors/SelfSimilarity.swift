public import Music

/// How alike the bars of a piece are, each to each.
///
/// Two bars are as alike as the share of what one of them or both have that both have (Jaccard's index): of the places in the bar at which
/// notes begin, with or without their pitches. Bars without notes are alike to none.
public struct SelfSimilarity: Sendable {
  /// Whose bars are compared.
  public enum Part: Sendable, Hashable, CaseIterable {
    /// The melody.
    case melody
    /// All parts together, drums among them.
    case all
  }

  /// What is compared in them.
  public enum Aspect: Sendable, Hashable, CaseIterable {
    /// Places with pitches.
    case notes
    /// Places alone.
    case rhythm
  }

  /// How many bars there are.
  public let barCount: Int
  /// 0...1 for each pair of bars, a row for each bar.
  private var matrix: [Double]
  private let isFilled: [Bool]

  /// How alike the bars of `score` are.
  /// - Parameters:
  ///   - score: A piece or an excerpt; of more than 512 bars the first 512 are compared.
  ///   - part: Whose bars are compared.
  ///   - aspect: What is compared in them.
  public init(_ score: Score, part: Part = .melody, aspect: Aspect = .notes) {
    self.init(MeasuredScore(score), part: part, aspect: aspect)
  }

  init(_ score: MeasuredScore, part: Part, aspect: Aspect) {
    let contents = score.bars.indices.prefix(Self.barLimit).map {
      Self.content(of: $0, in: score, part, aspect)
    }
    let count = contents.count
    var matrix = [Double](repeating: 0, count: count * count)
    for row in 0..<count where !contents[row].isEmpty {
      matrix[row * count + row] = 1
      for column in 0..<row {
        let similarity = Self.sharedPart(contents[row], contents[column])
        matrix[row * count + column] = similarity
        matrix[column * count + row] = similarity
      }
    }
    barCount = count
    self.matrix = matrix
    isFilled = contents.map { !$0.isEmpty }
  }

  /// A matrix of more bars takes seconds to compute and cannot be looked at.
  private static let barLimit = 512

  /// How alike two bars are, 0...1; 1 on the diagonal, except for bars without notes.
  public subscript(row: Int, column: Int) -> Double {
    precondition(
      (0..<barCount).contains(row) && (0..<barCount).contains(column),
      "bars \(row) and \(column) are not among \(barCount)")
    return matrix[row * barCount + column]
  }

  /// How alike bars are to the one `lag` bars before, on average over the bars with notes; NaN if no bar has one so far before it.
  /// - Parameter lag: A distance in bars, at least 1.
  public func mean(atLag lag: Int) -> Double {
    precondition(lag > 0, "a lag of \(lag) bars is not before")
    var sum = 0.0
    var count = 0
    for row in 0..<barCount where row >= lag && isFilled[row] {
      sum += matrix[row * barCount + row - lag]
      count += 1
    }
    return count > 0 ? sum / Double(count) : .nan
  }

  /// The mean over all pairs of two different bars that both have notes; NaN without one.
  public var mean: Double {
    var sum = 0.0
    var count = 0
    for row in 0..<barCount where isFilled[row] {
      for column in 0..<row where isFilled[column] {
        sum += matrix[row * barCount + column]
        count += 1
      }
    }
    return count > 0 ? sum / Double(count) : .nan
  }

  /// How alike a bar is to the most similar bar before it, on average over the bars with notes after the first; NaN without one.
  public var meanOfBestMatch: Double {
    var sum = 0.0
    var count = 0
    for row in 0..<barCount where isFilled[row] {
      guard let best = matrix[row * barCount..<row * barCount + row].max() else { continue }
      sum += best
      count += 1
    }
    return count > 0 ? sum / Double(count) : .nan
  }

  /// What a bar holds, sorted, without doubles.
  private static func content(
    of bar: Int, in score: MeasuredScore, _ part: Part, _ aspect: Aspect
  ) -> [Int] {
    let start = score.bars[bar].start
    let notes = part == .melody ? score.melody(inBar: bar) : score.notes(inBar: bar)
    let drums = part == .melody ? [] : score.drums(inBar: bar)
    // Drums get pitches of their own.
    var items = notes.map { ($0.onset - start) * 256 + (aspect == .notes ? $0.pitch : 0) }
    items += drums.map { ($0.onset - start) * 256 + 128 + (aspect == .notes ? $0.pitch : 0) }
    items.sort()
    var distinct: [Int] = []
    distinct.reserveCapacity(items.count)
    for item in items where item != distinct.last { distinct.append(item) }
    return distinct
  }

  private static func sharedPart(_ a: [Int], _ b: [Int]) -> Double {
    guard !a.isEmpty && !b.isEmpty else { return 0 }
    var i = 0
    var j = 0
    var shared = 0
    while i < a.count && j < b.count {
      if a[i] == b[j] {
        shared += 1
        i += 1
        j += 1
      } else if a[i] < b[j] {
        i += 1
      } else {
        j += 1
      }
    }
    return Double(shared) / Double(a.count + b.count - shared)
  }
}

extension DescriptorGroup {
  /// How alike bars are by degrees, where `barRepetition` counts only equal ones.
  static let barSimilarity = DescriptorGroup(descriptors: barSimilarityDescriptors) { score in
    [SelfSimilarity.Part.melody, .all].flatMap { part in
      let similarity = SelfSimilarity(score, part: part, aspect: .notes)
      return [1, 4, 8].map(similarity.mean(atLag:)) + [similarity.meanOfBestMatch, similarity.mean]
    } + returns(score)
  }

  private static let barSimilarityDescriptors: [Descriptor] =
    [("melody", "melody bars"), ("bar", "bars of all parts")].flatMap { name, words in
      [1, 4, 8].map { lag in
        let distance = lag == 1 ? "one bar" : "\(lag) bars"
        return Descriptor(
          "\(name)_similarity_\(lag)", .share, "has \(words) that resemble those \(distance) before",
          tooHigh: "\(words) are too much like those \(distance) before",
          tooLow: "\(words) are too little like those \(distance) before")
      } + [
        Descriptor(
          "\(name)_best_match", .share, "has \(words) that each resemble an earlier one",
          tooHigh: "\(words) take up earlier ones too closely",
          tooLow: "\(words) take up too little of earlier ones"),
        Descriptor(
          "\(name)_similarity_mean", .share, "has \(words) that are all alike",
          tooHigh: "\(words) are too much alike throughout",
          tooLow: "\(words) have too little in common throughout"),
      ]
    } + returnDescriptors

  private static let returnDescriptors: [Descriptor] =
    [4, 8].map { lag in
      Descriptor(
        "opening_returns_\(lag)", .share, "takes up its first four melody bars after \(lag) bars",
        tooHigh: "the first four melody bars return too often after \(lag) bars",
        tooLow: "the first four melody bars return too seldom after \(lag) bars")
    }
    + [4, 8].map { lag in
      Descriptor(
        "changed_similarity_\(lag)", .share,
        "has melody bars that, where they differ from those \(lag) bars before, still resemble them",
        tooHigh: "melody bars that differ from those \(lag) bars before are too much like them",
        tooLow: "melody bars that differ from those \(lag) bars before have too little in common with them")
    } + [
      Descriptor(
        "varied_melody_bars", .share, "has melody bars that vary earlier ones",
        tooHigh: "too many melody bars vary earlier ones", tooLow: "too few melody bars vary earlier ones")
    ]

  /// The first bar that is no pickup: the one in which the first note begins, or the next if it begins after the bar line.
  private static func firstFullBar(_ score: MeasuredScore) -> Int {
    let firsts = [score.notes.first, score.drums.first].compactMap(\.self)
    guard let first = firsts.min(by: { $0.onset < $1.onset }) else { return 0 }
    return score.bars[first.bar].start < first.onset ? first.bar + 1 : first.bar
  }

  /// What returns where a section begins again, and how bars are varied.
  private static func returns(_ score: MeasuredScore) -> [Double] {
    let bars = BarContents(melodyOf: score, .notes).identities
    let first = firstFullBar(score)
    let similarity = SelfSimilarity(score, part: .melody, aspect: .notes)
    let openings = [4, 8].map { lag -> Double in
      guard first + lag + 4 <= bars.count else { return .nan }
      let filled = (first..<first + 4).filter { bars[$0] != nil }
      return Measures.share(filled) { bars[$0] == bars[$0 + lag] }
    }
    let changed = [4, 8].map { lag -> Double in
      let rows = (0..<similarity.barCount).dropFirst(lag).filter {
        bars[$0] != nil && bars[$0 - lag] != nil && bars[$0] != bars[$0 - lag]
      }
      return Measures.mean(rows.map { similarity[$0, $0 - lag] })
    }
    // Contents are numbered in the order in which they first appear.
    var newest = -1
    var filled = 0, varied = 0
    for (bar, identity) in bars.prefix(similarity.barCount).enumerated() {
      guard let identity else { continue }
      filled += 1
      guard identity > newest else { continue }
      newest = identity
      if (0..<bar).contains(where: { similarity[bar, $0] >= 0.5 }) { varied += 1 }
    }
    return openings + changed + [Measures.ratio(varied, filled)]
  }
}
