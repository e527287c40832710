internal import Music
public import Tokenization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// One tempo throughout: of the tempos that the tokens can say, the one nearest to that which was asked for.
public struct RequestedTempo: TokenConstraint {
  /// The tempos that can be asked for, in quarter notes a minute.
  public static let range = 10.0...1000.0

  /// The tempo of the tokens in quarter notes a minute, which may differ a little from what was asked for.
  public let quartersPerMinute: Double
  /// The ids that say another tempo.
  private let others: [Int32]

  /// - Parameters:
  ///   - quartersPerMinute: The tempo, within `range`.
  ///   - tokenizer: What writes the piece.
  /// - Returns: Nil where the tokens know no tempos. Then the tempo is that of the score, and can be set there.
  /// - Throws: `ComposingError.invalidOption`.
  public init?(quartersPerMinute: Double, tokenizer: some Tokenizer) throws(ComposingError) {
    try Self.check(quartersPerMinute)
    let roles = tokenizer.vocabulary.roles
    let distance = { (tempo: Int) in abs(log(60_000_000 / Double(max(1, tempo)) / quartersPerMinute)) }
    let tempos = Set(roles.ids(of: .tempo).flatMap { roles.values(of: $0).compactMap(\.tempo) })
    guard let nearest = tempos.min(by: { (distance($0), $0) < (distance($1), $1) }) else { return nil }
    self.quartersPerMinute = 60_000_000 / Double(max(1, nearest))
    others = roles.ids { $0.tempo.map { $0 != nearest } ?? false }
  }

  /// - Throws: `ComposingError.invalidOption` for a tempo outside `range`.
  public static func check(_ quartersPerMinute: Double) throws(ComposingError) {
    try requireOption(
      range.contains(quartersPerMinute), "tempo", quartersPerMinute,
      "\(Int(range.lowerBound)) to \(Int(range.upperBound)) quarter notes a minute")
  }

  /// What it asks for.
  public var summary: String { "a tempo of \(Int(quartersPerMinute.rounded())) quarter notes a minute" }
  /// Remembers nothing.
  public mutating func advance(_ id: Int32) {}
  /// Masks out all other tempos.
  public func narrow(_ mask: inout [Bool]) { for id in others { mask[Int(id)] = false } }
  /// The piece may end at any time.
  public func leastToFinish() -> Int? { 0 }
}

extension Composition {
  /// The piece at one tempo; music that was there before it, in the same score, keeps its own.
  ///
  /// It is for tokens that know no tempos, or not exactly the one that was asked for. The ids stay what they are.
  /// - Parameter quartersPerMinute: The tempo, within `RequestedTempo.range`.
  /// - Throws: `ComposingError.invalidOption`.
  public func played(quartersPerMinute: Double) throws(ComposingError) -> Composition {
    try RequestedTempo.check(quartersPerMinute)
    var result = self
    result.score.tempos.removeAll { $0.tick >= newMusicTick }
    result.score.tempos.append(
      TempoChange(
        tick: newMusicTick, microsecondsPerQuarter: Int((60_000_000 / quartersPerMinute).rounded())))
    result.seconds = result.score.seconds
    return result
  }
}

extension TokenValue {
  /// The tempo in microseconds a quarter note; nil for all else.
  fileprivate var tempo: Int? {
    if case .tempo(let tempo) = self { max(1, tempo) } else { nil }
  }
}
