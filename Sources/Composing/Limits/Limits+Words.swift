internal import Music

extension Limits {
  /// The limits one by one, for what contradicts what.
  enum Item: Hashable, CaseIterable {
    case seconds, tempo, timeSignatures, key, ranges, instruments, voices, noteLengths, densities, rests
    case firstNotes, lastNote, lastChord, chords, rhythm, contour
  }

  /// Which are asked for.
  var items: [Item] { Item.allCases.filter { without($0) != self } }

  /// How many limits are asked for.
  package var count: Int { items.count }

  /// All but one.
  func without(_ item: Item) -> Limits {
    var rest = self
    let free = Limits()
    switch item {
    case .seconds: rest.seconds = nil
    case .tempo: rest.tempo = nil
    case .timeSignatures: rest.timeSignatures = free.timeSignatures
    case .key:
      rest.key = nil
      rest.chromaticShare = free.chromaticShare
    case .ranges: rest.ranges = []
    case .instruments: rest.instruments = []
    case .voices: rest.voices = nil
    case .noteLengths: rest.noteLengths = nil
    case .densities: rest.densities = []
    case .rests: rest.rests = nil
    case .firstNotes: rest.firstNotes = []
    case .lastNote: rest.lastNote = nil
    case .lastChord: rest.lastChord = nil
    case .chords: rest.chords = nil
    case .rhythm: rest.rhythm = nil
    case .contour: rest.contour = nil
    }
    return rest
  }

  /// A limit in words.
  func words(_ item: Item) -> String {
    func parts<Value>(_ limits: [ForPart<Value>], _ word: (Value) -> String) -> String {
      limits.map { word($0.value) + ($0.part.map { " for \($0)" } ?? "") }.joined(separator: ", ")
    }
    func range(_ value: ClosedRange<Int>) -> String {
      if value.upperBound == .max { return "at least \(value.lowerBound)" }
      return value.lowerBound == value.upperBound
        ? "\(value.lowerBound)" : "\(value.lowerBound) to \(value.upperBound)"
    }
    switch item {
    case .seconds: return "\(Self.number(seconds ?? 0)) seconds"
    case .tempo: return "a tempo of \(Self.number(tempo ?? 0))"
    case .timeSignatures:
      let runs = timeSignatures.map { "\($0.timeSignature)" + ($0.bars.map { " for \($0) bars" } ?? "") }
      return "a time signature of \(runs.joined(separator: ", "))"
    case .key: return "the key of \(key?.description ?? "")"
    case .ranges: return "a range of \(parts(ranges) { "\($0.lowerBound) to \($0.upperBound)" })"
    case .instruments: return "the instruments \(parts(instruments, \.description))"
    case .voices: return "\(range(voices ?? 0...0)) \(voices?.upperBound == 1 ? "voice" : "voices")"
    case .noteLengths:
      guard let noteLengths else { return "" }
      return "notes of \(noteLengths.lowerBound) to \(noteLengths.upperBound)"
    case .densities: return parts(densities) { "\(range($0)) notes a bar" }
    case .rests:
      guard let rests else { return "" }
      return rests.upperBound == 0
        ? "no rests" : "rests of \(Self.percent(rests.lowerBound)) to \(Self.percent(rests.upperBound)) %"
    case .firstNotes: return "the first notes \(firstNotes.map(\.description).joined(separator: " "))"
    case .lastNote:
      switch lastNote {
      case .pitchClass(let pitchClass): return "the last note \(String(pitchName(pitchClass).dropLast(2)))"
      case .pitch(let pitch): return "the last note \(pitch)"
      case nil: return ""
      }
    case .lastChord: return "the last chord \(lastChord?.description ?? "")"
    case .chords: return "the chords \(chords?.description ?? "")"
    case .rhythm: return "the rhythm \(rhythm?.description ?? "")"
    case .contour: return "the contour"
    }
  }

  /// All in words.
  var summary: String { items.map(words).joined(separator: ", ") }

  private static func percent(_ share: Double) -> String { number(share * 100) }

  /// A number with no more digits than it needs, two at most.
  static func number(_ value: Double) -> String {
    let hundredths = Int((value * 100).rounded())
    let (whole, part) = hundredths.quotientAndRemainder(dividingBy: 100)
    if part == 0 { return "\(whole)" }
    return part % 10 == 0 ? "\(whole).\(part / 10)" : "\(whole).\(part < 10 ? "0" : "")\(part)"
  }
}
