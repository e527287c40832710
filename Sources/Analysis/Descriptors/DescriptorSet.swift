public import Music

/// Named numbers that describe a piece or an excerpt, as a vector.
///
/// Times are rounded to twelfths of a quarter note first, so that a performance and a piece from a tokenizer's grid are measured
/// alike; of pieces of more than 1,024 bars the first 1,024 are measured. *The melody* is what `Score.partRoles` calls so, of several such parts (or, where there is none, of all
/// pitched parts) the highest notes.
///
/// ```swift
/// let set = DescriptorSet.excerpts
/// let values = set.values(of: score.slice(bars: 0..<16))
/// for (descriptor, value) in zip(set.descriptors, values) { print(descriptor.name, value, descriptor.unit.rawValue) }
/// ```
public struct DescriptorSet: Sendable {
  /// Every descriptor that there is, in order.
  public static let all: [Descriptor] = groups.flatMap(\.descriptors)
  /// Those that describe an excerpt as well as a piece.
  public static let excerpts = DescriptorSet { !$0.needsWholePiece }
  /// All of them, for whole pieces.
  public static let pieces = DescriptorSet { _ in true }

  /// The descriptors of this set, in the order of `values(of:)`.
  public let descriptors: [Descriptor]
  /// For each group that is needed, which of its values are wanted.
  private let wanted: [(group: DescriptorGroup, indices: [Int])]

  /// All descriptors.
  public init() { self.init { _ in true } }

  /// The descriptors for which `isIncluded` is true, in the order of `all`.
  /// - Parameter isIncluded: Whether a descriptor belongs to the set.
  public init(where isIncluded: (Descriptor) -> Bool) {
    wanted = Self.groups.compactMap { group in
      let indices = group.descriptors.indices.filter { isIncluded(group.descriptors[$0]) }
      return indices.isEmpty ? nil : (group, indices)
    }
    descriptors = wanted.flatMap { group, indices in indices.map { group.descriptors[$0] } }
  }

  /// The names, in order.
  public var names: [String] { descriptors.map(\.name) }

  /// The values of `score`, one for each descriptor; NaN where one has no meaning, as the share of melody notes on chord tones in
  /// a piece without chords.
  /// - Parameter score: A piece or an excerpt; `Score.slice(bars:)` makes one.
  public func values(of score: Score) -> [Double] {
    let measured = MeasuredScore(score)
    var result: [Double] = []
    result.reserveCapacity(descriptors.count)
    for (group, indices) in wanted {
      let values = group.values(measured)
      for index in indices { result.append(values[index]) }
    }
    return result
  }

  /// The excerpts of a piece, each of `length` bars, one after another without overlap; none of a shorter piece. A rest of fewer
  /// bars at the end is left out.
  /// - Parameters:
  ///   - score: A whole piece.
  ///   - length: How many bars an excerpt has, at least 1.
  public static func excerpts(of score: Score, length: Int) -> [Score] {
    precondition(length > 0, "excerpts of \(length) bars have no music")
    let first = score.firstNoteBar
    let count = min(score.lastNoteBar + 1, MeasuredScore.barLimit)
    return stride(from: first, through: count - length, by: length).map {
      score.slice(bars: $0..<$0 + length)
    }
  }

  /// In the order of `all`.
  static let groups: [DescriptorGroup] = [
    .barRepetition, .barSimilarity, .form, .openings, .endings, .melody, .intervals, .rhythm, .metricPlaces,
    .keys, .harmony,
    .voiceLeading, .sound, .musPy, .musDr, .yangLerch,
  ]
}

extension Score {
  /// The first bar that is no pickup: the one in which the first note begins, or the next if it begins after the bar line.
  package var firstFullBar: Int {
    guard let onset = tracks.lazy.flatMap(\.notes).map(\.onset).min() else { return 0 }
    let bar = firstNoteBar
    return bars[bar].start < onset ? bar + 1 : bar
  }

  /// The bar in which the first note begins; 0 where there is none.
  fileprivate var firstNoteBar: Int {
    guard let first = tracks.lazy.compactMap({ $0.notes.first?.onset }).min() else { return 0 }
    return bars.index(of: first)
  }

  /// The bar in which the last note sounds; −1 where there is none.
  fileprivate var lastNoteBar: Int { lastNoteEnd > 0 ? bars.index(of: lastNoteEnd - 1) : -1 }
}
