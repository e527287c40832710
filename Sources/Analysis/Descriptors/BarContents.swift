/// What each bar holds, reduced to one number a bar: two bars have the same number where they hold the same.
struct BarContents {
  /// What is compared.
  enum Aspect {
    /// Which notes begin when.
    case notes
    /// When notes begin.
    case rhythm
    /// Which pitches follow each other, whenever they do.
    case pitches
    /// When notes begin, and how far each is from the first one of the bar: equal for a transposed bar.
    case shape
  }

  /// The number of each bar's content; nil for a bar without notes.
  let identities: [Int?]

  /// The contents of the melody's bars.
  init(melodyOf score: MeasuredScore, _ aspect: Aspect) {
    self.init(score, aspect) { score.melody(inBar: $0) }
  }

  /// The contents of bars in all parts, drums among them. A bar's notes are those of all parts, whoever plays them.
  init(of score: MeasuredScore, _ aspect: Aspect) {
    self.init(score, aspect, drums: { score.drums(inBar: $0) }, notes: { score.notes(inBar: $0) })
  }

  /// The contents of the bars of one part.
  init(part notes: [MeasuredNote], barsOf score: MeasuredScore, _ aspect: Aspect) {
    var start = 0
    self.init(score, aspect) { bar in
      let first = start
      while start < notes.count, notes[start].bar <= bar { start += 1 }
      return notes[first..<start]
    }
  }

  private init(
    _ score: MeasuredScore, _ aspect: Aspect, drums: (Int) -> ArraySlice<MeasuredNote> = { _ in [] },
    notes: (Int) -> ArraySlice<MeasuredNote>
  ) {
    var known: [[Int32]: Int] = [:]
    identities = score.bars.indices.map { bar in
      let pitched = notes(bar)
      let struck = drums(bar)
      if pitched.isEmpty && struck.isEmpty { return nil }
      let start = score.bars[bar].start
      var content = Self.content(pitched, from: start, aspect)
      if !struck.isEmpty { content += [-1] + Self.content(struck, from: start, aspect) }
      if let identity = known[content] { return identity }
      known[content] = known.count
      return known.count - 1
    }
  }

  private static func content(
    _ notes: ArraySlice<MeasuredNote>, from start: Int, _ aspect: Aspect
  ) -> [Int32] {
    var content: [Int32] = []
    content.reserveCapacity(2 * notes.count)
    let firstPitch = notes.first?.pitch ?? 0
    var lastOnset = -1
    for note in notes {
      let onset = note.onset - start
      switch aspect {
      case .notes:
        content.append(Int32(onset))
        content.append(Int32(note.pitch))
      case .rhythm:
        if onset != lastOnset { content.append(Int32(onset)) }
      case .pitches:
        content.append(Int32(note.pitch))
      case .shape:
        content.append(Int32(onset))
        content.append(Int32(note.pitch - firstPitch))
      }
      lastOnset = onset
    }
    return content
  }

  /// The share of the bars with notes that equal the bar `lag` bars before; NaN where none has a bar so far before it.
  func share(equalTo lag: Int) -> Double {
    var equal = 0
    var count = 0
    for bar in identities.indices.dropFirst(lag) {
      guard let identity = identities[bar] else { continue }
      count += 1
      if identities[bar - lag] == identity { equal += 1 }
    }
    return Measures.ratio(equal, count)
  }

  /// How many different bars there are in a hundred bars with notes; NaN without notes.
  var distinctInHundred: Double {
    let filled = identities.compactMap(\.self)
    return 100 * Measures.ratio(Set(filled).count, filled.count)
  }
}
