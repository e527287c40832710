internal import Analysis
internal import Arithmetic
public import Music
public import Tokenization

/// The way from one piece to another in steps: in each step more bars are those of the second piece, and the bars in between the two are
/// written by the model, which knows what is before and after them.
///
/// The second piece is transposed to the key signature of the first. Pairs of bars change over in an order that the seed draws; a
/// pair is first the first piece's, then the model's, then the second's. The number of bars goes from that of the one to that of the other.
public struct Morph: Sendable {
  /// The most steps.
  public static let stepCounts = 1...64
  /// How many bars change over together.
  private static let blockLength = 2
  /// Which part of the bars is the model's half way.
  private static let widestShare = 0.4

  /// What the model is given in each step, from the one nearest to the first piece to the one nearest to the second.
  public let steps: [CellFilling]
  /// The shares of the way that the steps have gone.
  public let shares: [Double]

  /// A way.
  /// - Parameters:
  ///   - first: The piece to begin from.
  ///   - second: The piece to come to.
  ///   - stepCount: How many pieces there are in between.
  ///   - model: What is to write them.
  ///   - seed: What the order of the bars is drawn by.
  /// - Throws: `FillError`.
  public init(from first: Score, to second: Score, stepCount: Int, model: MusicModel, seed: UInt64) throws {
    guard Self.stepCounts.contains(stepCount) else {
      throw FillError.invalidStepCount(stepCount, allowed: Self.stepCounts)
    }
    let tokenizer = try model.cells
    let preparation = try model.preparation()
    func read(_ score: Score) throws -> Score {
      do {
        return try tokenizer.normalized(preparation.prepare(score).score).score
      } catch {
        throw FillError.unusable(reason: error.message)
      }
    }
    let origin = try read(first), goal = try read(second).inSignature(of: origin)
    try Self.requireOneMetre(origin, goal)
    let counts = (origin.bars.count, goal.bars.count)
    let blocks = (max(counts.0, counts.1) + Self.blockLength - 1) / Self.blockLength
    var order = Array(0..<blocks)
    var random = RandomStream(seed: seed, name: "morph")
    random.shuffle(&order)
    var places = [Double](repeating: 0, count: blocks)
    for (place, block) in order.enumerated() { places[block] = (Double(place) + 0.5) / Double(blocks) }
    shares = (1...stepCount).map { Double($0) / Double(stepCount + 1) }
    steps = try shares.map { share in
      let barCount = Int((Double(counts.0) + share * Double(counts.1 - counts.0)).rounded())
      let width = Self.widestShare / 2 * 4 * share * (1 - share)
      // In each step at least one place is the model's.
      let nearest = places[..<max(1, (barCount + 1) / Self.blockLength)].map { abs($0 - share) }.min() ?? 0
      let sources = (0..<max(1, barCount)).map { bar in
        let place = places[bar / Self.blockLength]
        return abs(place - share) <= max(width, nearest) ? Source.model : place < share ? .goal : .origin
      }
      return try Self.step(origin, goal, sources, tokenizer)
    }
  }

  private enum Source {
    case origin, model, goal
  }

  private static func requireOneMetre(_ first: Score, _ second: Score) throws {
    let (bars, others) = (first.bars, second.bars)
    let metre = bars[0].timeSignature
    for (bar, other) in zip(bars, others) where bar.timeSignature != other.timeSignature {
      throw FillError.differentMetres(
        bar: bar.index + 1, first: "\(bar.timeSignature)", second: "\(other.timeSignature)")
    }
    for bar in Array(bars) + Array(others) where bar.timeSignature != metre {
      throw FillError.differentMetres(bar: bar.index + 1, first: "\(metre)", second: "\(bar.timeSignature)")
    }
  }

  /// One step: the bars of both pieces where they come from, and the cells of the model.
  private static func step(
    _ origin: Score, _ goal: Score, _ sources: [Source], _ tokenizer: CellsTokenizer
  ) throws -> CellFilling {
    var sources = sources
    var score = origin
    let pairs = origin.pairs(with: goal)
    score.tracks = pairs.map { pair in
      var track = pair.0 ?? pair.1 ?? Track()
      track.notes = []
      return track
    }
    let length = origin.bars[0].end
    for (bar, source) in sources.enumerated() {
      let range = bar * length..<(bar + 1) * length
      let isGoal = source == .goal || (source == .model && bar >= origin.bars.count)
      let given = isGoal ? goal : origin
      // Beyond the end of the piece that it would come from, a bar is the model's.
      if bar >= given.bars.count { sources[bar] = .model }
      for (index, pair) in pairs.enumerated() {
        let notes = (isGoal ? pair.1 : pair.0)?.notes ?? []
        score.tracks[index].notes += notes.filter { range.contains($0.onset) }
      }
    }
    // What outlasts the last bar would add another.
    let end = sources.count * length
    for index in score.tracks.indices {
      for note in score.tracks[index].notes.indices where score.tracks[index].notes[note].end > end {
        score.tracks[index].notes[note].duration = end - score.tracks[index].notes[note].onset
      }
    }
    score.length = end
    let reading: CellReading
    do { reading = try tokenizer.read(score) } catch { throw FillError.unusable(reason: error.message) }
    return tokenizer.filling(of: reading.ids) { bars, parts in
      var mask = CellMask(barCount: bars, partCount: parts)
      for bar in 0..<bars where sources[bar] == .model { mask.hide(bars: bar..<bar + 1, parts: 0..<parts) }
      return mask
    }
  }
}

extension Score {
  /// The tracks of two scores by what they do: those of one role in their order.
  fileprivate func pairs(with other: Score) -> [(Track?, Track?)] {
    PartRole.allCases.flatMap { role in
      let (own, others) = (tracks.filter { $0.role == role }, other.tracks.filter { $0.role == role })
      return (0..<max(own.count, others.count)).map { index in
        (own.indices.contains(index) ? own[index] : nil, others.indices.contains(index) ? others[index] : nil)
      }
    }
  }

  /// The score in the key signature of another one, moved by at most half an octave.
  fileprivate func inSignature(of other: Score) -> Score {
    guard let own = keys.first, let wanted = other.keys.first else { return self }
    let distance = ((wanted.fifths - own.fifths) * 7 % 12 + 12) % 12
    let semitones = distance > 6 ? distance - 12 : distance
    var result = self
    for track in result.tracks.indices where !result.tracks[track].isDrum {
      result.tracks[track].notes = result.tracks[track].notes.compactMap { note in
        var note = note
        note.pitch += semitones
        return (0...127).contains(note.pitch) ? note : nil
      }
    }
    result.keys = [KeyChange(tick: 0, fifths: wanted.fifths, isMinor: own.isMinor)]
    return result
  }
}
