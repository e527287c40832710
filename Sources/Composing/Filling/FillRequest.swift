internal import Analysis
public import Music
internal import Tokenization

/// Which bars of which parts of a piece are to be written anew.
public struct FillRequest: Sendable, Hashable {
  /// A part, as a musician names it.
  public enum Part: Sendable, Hashable, CustomStringConvertible {
    /// The number of a track, from 1, as `inspect` counts them.
    case number(Int)
    /// The name of a track, or what it does: `bass`, `melody`, `chords`, `drums`, `other`.
    case name(String)

    /// The number or the name.
    public init(_ text: String) { self = Int(text).map(Part.number) ?? .name(text) }

    /// The number or the name.
    public var description: String {
      switch self {
      case .number(let number): "\(number)"
      case .name(let name): name
      }
    }
  }

  /// The bars, from 0; all of them where there is none.
  public var bars: [Range<Int>]
  /// The parts; all of them where there is none.
  public var parts: [Part]

  /// A request.
  public init(bars: [Range<Int>] = [], parts: [Part] = []) {
    self.bars = bars
    self.parts = parts
  }
}

extension PieceFilling {
  /// A piece of which some bars of some parts are to be written anew, and otherwise than they are: no bar becomes what it was because it
  /// stands in another place of the piece as well.
  ///
  /// Bars are counted as the piece's time signatures have them. Where its beats had to be moved to be read, those bars are
  /// written that have most of theirs in the ones that were chosen.
  /// - Parameters:
  ///   - request: Which bars and parts.
  ///   - score: The piece.
  ///   - model: What is to write them.
  /// - Throws: `FillError`.
  public init(_ request: FillRequest, of score: Score, model: MusicModel) throws {
    let tracks = try request.tracks(of: score)
    let ranges = try request.ticks(of: score)
    try self.init(score, model: model, avoidsOriginal: true) { reading, aligned throws(FillError) in
      var mask = CellMask(barCount: reading.barCount, partCount: reading.parts.count)
      let ranges = ranges.map { (aligned($0.lowerBound), aligned($0.upperBound)) }
      let parts = try reading.parts(ofTracks: tracks, in: score)
      for bar in 0..<reading.barCount {
        let middle = (reading.barTicks[bar] + reading.barTicks[bar + 1]) / 2
        guard ranges.contains(where: { $0.0 <= middle && middle < $0.1 }) else { continue }
        mask.hide(bars: bar..<bar + 1, parts: parts)
      }
      return mask
    }
  }
}

extension FillRequest {
  /// The indices of the tracks that are chosen.
  func tracks(of score: Score) throws(FillError) -> Set<Int> {
    guard !parts.isEmpty else { return Set(score.tracks.indices) }
    let roles = score.partRoles
    let available = score.tracks.indices.map { index in
      let name = score.tracks[index].name
      return "\(index + 1) (\(name.isEmpty ? roles[index].rawValue : name))"
    }
    var chosen: Set<Int> = []
    for part in parts {
      let found = score.tracks.indices.filter { index in
        switch part {
        case .number(let number): index == number - 1
        case .name(let name):
          score.tracks[index].name.lowercased() == name.lowercased()
            || roles[index].rawValue == name.lowercased()
        }
      }
      guard !found.isEmpty else { throw .noSuchPart(part.description, available: available) }
      chosen.formUnion(found)
    }
    return chosen
  }

  /// The bars in ticks.
  fileprivate func ticks(of score: Score) throws(FillError) -> [Range<Int>] {
    let all = score.bars
    guard !bars.isEmpty else { return [0..<Int.max >> 8] }
    var result: [Range<Int>] = []
    for range in bars {
      guard !range.isEmpty, range.lowerBound >= 0, range.upperBound <= all.count else {
        throw .noSuchBars(
          range.lowerBound + 1...max(range.lowerBound + 1, range.upperBound), barCount: all.count)
      }
      result.append(all[range.lowerBound].start..<all[range.upperBound - 1].end)
    }
    return result
  }
}

extension CellReading {
  /// The parts that have the notes of some tracks.
  /// - Throws: `FillError.sharedPart` for a part that has notes of other tracks too.
  fileprivate func parts(ofTracks tracks: Set<Int>, in score: Score) throws(FillError) -> [Int] {
    func name(_ track: Int) -> String {
      guard score.tracks.indices.contains(track) else { return "another part" }
      let name = score.tracks[track].name
      return name.isEmpty ? "track \(track + 1)" : "track \(track + 1) (\(name))"
    }
    var chosen: [Int] = []
    for (index, part) in parts.enumerated() {
      let own = part.sources.filter { tracks.contains($0.track) }
      guard !own.isEmpty else { continue }
      let others = part.sources.filter { source in
        !tracks.contains(source.track)
          && (!score.tracks.indices.contains(source.track) || !score.tracks[source.track].notes.isEmpty)
      }
      if let other = others.first {
        throw .sharedPart(chosen: name(own[0].track), other: name(other.track))
      }
      chosen.append(index)
    }
    return chosen
  }
}
