internal import Music
internal import Tokenization

/// All ids that say something of the music but these are masked out.
private struct OnlyIDs: TokenConstraint {
  let summary: String
  let forbidden: [Int32]

  mutating func advance(_ id: Int32) {}
  func narrow(_ mask: inout [Bool]) { for id in forbidden { mask[Int(id)] = false } }
  func leastToFinish() -> Int? { 0 }
}

extension Limits {
  /// What tokens hold that say each note by itself: what an id says alone decides.
  func heldPlainly(by tokenizer: any Tokenizer, bars: Int?) throws(LimitError) -> HeldLimits {
    let name = tokenizer.vocabulary.configuration.name
    let reason = "its tokens (\(name)) say notes one by one; a model of the tokenizer cells can hold it"
    var plain = Limits()
    (plain.key, plain.ranges, plain.timeSignatures) = (key, ranges, timeSignatures)
    (plain.seconds, plain.tempo, plain.instruments) = (seconds, tempo, instruments)
    if let item = items.first(where: { !plain.items.contains($0) }) {
      throw .unsupported(limit: words(item), reason: reason)
    }
    let roles = tokenizer.vocabulary.roles
    if key != nil || !ranges.isEmpty,
      !roles.ids(where: { if case .pitchInKey = $0 { true } else { false } }).isEmpty
    {
      throw .unsupported(limit: words(key != nil ? .key : .ranges), reason: reason)
    }
    var constraints: [any TokenConstraint] = []
    if chromaticShare > 0, chromaticShare < 1, key != nil {
      throw .unsupported(limit: "a share of notes outside the key", reason: reason)
    }
    if let key, chromaticShare < 1 {
      let forbidden = roles.ids { $0.pitch.map { !key.contains(pitch: $0) } ?? false }
      constraints.append(OnlyIDs(summary: words(.key), forbidden: forbidden))
    }
    for range in ranges {
      guard range.part == nil else { throw .unsupported(limit: words(.ranges), reason: reason) }
      let forbidden = roles.ids {
        $0.pitch.map { !(range.value.lowerBound.key...range.value.upperBound.key).contains($0) } ?? false
      }
      constraints.append(OnlyIDs(summary: words(.ranges), forbidden: forbidden))
    }
    let pitches = roles.ids { $0.pitch != nil }
    let kept = Set(pitches).subtracting(constraints.flatMap { ($0 as? OnlyIDs)?.forbidden ?? [] })
    if !pitches.isEmpty, kept.isEmpty {
      throw .contradiction(
        limits: [words(.key), words(.ranges)].filter { $0.count > 12 }, reason: "no pitch is left")
    }
    if let item = instruments.first {
      let known = roles.ids(of: .instrument)
      guard instruments.count == 1, item.part == nil, !known.isEmpty else {
        throw .unsupported(limit: words(.instruments), reason: reason)
      }
      constraints.append(
        OnlyIDs(
          summary: words(.instruments),
          forbidden: roles.ids {
            if case .instrument(let program) = $0 {
              program.map { !item.value.programs.contains($0) } ?? !item.value.isDrums
            } else {
              false
            }
          }))
    }
    return try heldWithTime(constraints, by: tokenizer, bars: bars, reason: reason)
  }

  private func heldWithTime(
    _ constraints: [any TokenConstraint], by tokenizer: any Tokenizer, bars: Int?, reason: String
  ) throws(LimitError) -> HeldLimits {
    var constraints = constraints
    let known = RequestedTimeSignature.known(to: tokenizer)
    guard timeSignatures.count < 2, timeSignatures.allSatisfy({ $0.bars == nil }) else {
      throw .unsupported(limit: words(.timeSignatures), reason: reason)
    }
    let signature =
      timeSignatures.first?.timeSignature
      ?? (seconds == nil ? nil : known.first { $0 == .common } ?? known.first)
    if let signature {
      guard known.contains(signature),
        let constraint = try? RequestedTimeSignature(signature, tokenizer: tokenizer)
      else {
        throw .unsupported(
          limit: words(.timeSignatures),
          reason: "it knows \(known.map(\.description).joined(separator: ", "))")
      }
      constraints.append(constraint)
    }
    var (barCount, playedAt) = (bars, tempo)
    if let signature, seconds != nil {
      let length = 4 * Double(signature.numerator) / Double(signature.denominator)
      let time = try lasting(bars: bars, tempo: tempo ?? 120) { Double($0) * length }
      (barCount, playedAt) = (time.bars, time.quartersPerMinute)
    } else if seconds != nil {
      throw .unsupported(limit: words(.seconds), reason: "its tokens know no bars")
    }
    if let playedAt, let constraint = try? RequestedTempo(quartersPerMinute: playedAt, tokenizer: tokenizer) {
      constraints.append(constraint)
    }
    return HeldLimits(bars: barCount, constraints: constraints, quartersPerMinute: playedAt)
  }

  /// The number of bars and the tempo with which a piece lasts as long as was asked for.
  /// - Parameters:
  ///   - bars: The number of bars, where it was asked for.
  ///   - usual: The tempo where none was asked for.
  ///   - quarters: How many quarter notes a number of bars has.
  func lasting(
    bars: Int?, tempo usual: Double, quarters: (Int) -> Double
  ) throws(LimitError) -> (bars: Int, quartersPerMinute: Double) {
    let seconds = seconds ?? 0
    let pace = tempo ?? usual
    var count = bars ?? 1
    if bars == nil {
      while count < Composer.mostBars, quarters(count) * 60 / pace < seconds { count += 1 }
      if count > 1, seconds - quarters(count - 1) * 60 / pace < quarters(count) * 60 / pace - seconds {
        count -= 1
      }
    }
    let lasts = quarters(count) * 60 / pace
    guard tempo != nil else {
      let exact = quarters(count) * 60 / seconds
      guard RequestedTempo.range.contains(exact) else {
        throw .contradiction(
          limits: [words(.seconds), "\(count) bars"],
          reason:
            "they would need a tempo of \(Self.number(exact)), and \(Int(RequestedTempo.range.lowerBound)) to \(Int(RequestedTempo.range.upperBound)) are possible"
        )
      }
      return (count, exact)
    }
    let half = (quarters(count + 1) - quarters(count)) * 30 / pace
    guard abs(lasts - seconds) <= half + 1e-9 else {
      throw .contradiction(
        limits: [words(.seconds), "\(count) bars", words(.tempo)],
        reason: "\(count) bars at that tempo last \(Self.number(lasts)) seconds")
    }
    return (count, pace)
  }
}
